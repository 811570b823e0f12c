"""What checks measured, on a real PostgreSQL: kept whole, found by subject, and not slower with a long past."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.attempts.history import history
from shared.store import quality
from shared.store.database import Database, Tx
from shared.store.identifiers import least_id, new_id
from shared.store.quality import Subject


def verdict(rule: str, status: str = "PASSED", **more: Any) -> dict[str, Any]:
    return {
        "rule": rule, "type": "NOT_NULL", "severity": "high", "status": status, "passed": status in {"PASSED", "LEARNING"},
        "blocks": False, "checked": 10, "failing": 0, "failingPercent": 0.0, "observed": {"nulls": 0}, "expected": {"nulls": 0},
        "offenders": [], "error": None, "durationMs": None, **more,
    }  # fmt: skip


def measured(dataset: str, *results: dict[str, Any], rule_set: str | None = "orders", scope: str = "batch", **more: Any) -> dict[str, Any]:
    return {
        "ruleSet": rule_set, "dataset": dataset, "scope": scope, "score": 90.0, "partial": False,
        "passed": sum(r["passed"] for r in results), "failed": sum(r["status"] == "FAILED" for r in results),
        "errors": sum(r["status"] == "ERROR" for r in results), "formula": {"text": "f"}, "rows": 10, "metrics": {},
        "results": list(results), "profile": None, "drift": None, "blocked": [], **more,
    }  # fmt: skip


def dataset() -> str:
    return f"default/db:{uuid.uuid4().hex}"


def check(tx: Tx, said: dict[str, Any], namespace: str = "default") -> str:
    run = new_id()
    quality.insert(tx, run, 3, namespace, said)
    return run


def test_all_of_a_check_comes_back_as_it_was_measured(store: Database) -> None:
    failed = verdict("b", "FAILED", blocks=True, failing=3, failingPercent=30.0, offenders=[{"id": 7}], durationMs=12)
    lost = verdict(
        "c", "ERROR", checked=None, failing=None, failingPercent=None, observed={}, error="column x is not there; did you mean y?"
    )
    profile = {"rows": 10, "columns": [{"name": "id", "nulls": 0}]}
    said = measured(
        dataset(), verdict("a", "LEARNING"), failed, lost, partial=True, metrics={"a": 4.5, "z": None}, profile=profile,
        drift={"status": "learning", "history": 0, "findings": []}, blocked=["b"],
    )  # fmt: skip
    with store.transaction() as tx:
        run = check(tx, said)
        (score,) = quality.of_run(tx, run)
        found = quality.results(tx, run, 3)
        assert quality.profiles(tx, run) == {(3, "orders"): {"profile": profile, "drift": said["drift"]}}
        assert quality.results(tx, run, 4) == []
    assert {key: score[key] for key in ("score", "passed", "failed", "errors", "partial", "rows", "metrics", "blocked")} == {
        "score": 90.0, "passed": 1, "failed": 1, "errors": 1, "partial": True, "rows": 10, "metrics": {"a": 4.5, "z": None},
        "blocked": ["b"],
    }  # fmt: skip
    assert [one["status"] for one in found] == ["LEARNING", "FAILED", "ERROR"]
    back = {"failing_percent": "failingPercent", "duration_ms": "durationMs"}
    for one, was in zip(found, said["results"], strict=True):
        assert {back.get(key, key): value for key, value in one.items() if back.get(key, key) in was} == was


def test_values_that_the_store_cannot_hold_are_told_as_far_as_it_can(store: Database) -> None:
    failed = verdict("b", "FAILED", observed={"min": "a\x00b"}, offenders=[{"a\x00": "\ud800"}], error="no \x00")
    profile = {"rows": 1, "columns": [{"name": "id", "topValues": [{"value": "\x00", "rows": 1}]}]}
    with store.transaction() as tx:
        run = check(tx, measured(dataset(), failed, profile=profile, drift={"status": "drifted", "findings": [{"observed": "\x00"}]}))
        (found,) = quality.results(tx, run)
        assert (found["observed"], found["offenders"], found["error"]) == ({"min": "a\ufffdb"}, [{"a\ufffd": "\ufffd"}], "no \ufffd")
        (told,) = quality.profiles(tx, run).values()
    assert told["profile"]["columns"][0]["topValues"] == [{"value": "\ufffd", "rows": 1}]
    assert told["drift"]["findings"] == [{"observed": "\ufffd"}]


def test_a_profile_without_a_rule_set_is_a_check_of_its_own(store: Database) -> None:
    named = dataset()
    with store.transaction() as tx:
        check(tx, measured(named))
        alone = check(tx, measured(named, rule_set=None, score=None, profile={"rows": 1}))
        assert [(one["rule_set"], one["score"]) for one in quality.of_run(tx, alone)] == [(None, None)]
        assert [one["run"] for one in quality.of_dataset(tx, "default", named) if one["rule_set"] is None] == [alone]
        newest = quality.newest_profile(tx, Subject("default", named, "batch", None))
        assert newest is not None
        assert (newest["run"], newest["profile"]) == (alone, {"rows": 1})


def test_history_is_of_one_subject_oldest_first_and_as_long_as_asked(store: Database) -> None:
    named = dataset()
    with store.transaction() as tx:
        for number in range(5):
            check(tx, measured(named, rows=number, metrics={"m": number}, profile={"rows": number} if number else None))
        check(tx, measured(named, scope="dataset", rows=77))
        check(tx, measured(named, rule_set="other", rows=77))
        check(tx, measured(named, rows=77), namespace="elsewhere")
        check(tx, measured(named, rows=77, blocked=["b"]))
        tx.execute("UPDATE quality_scores SET at = at + rows * interval '1 s' WHERE dataset = %(d)s", {"d": named})
        found = quality.history(tx, "default", named, "batch", "orders", 3)
        assert [(one["rows"], one["metrics"], one["profile"]) for one in found] == [(n, {"m": n}, {"rows": n}) for n in (2, 3, 4)]
        assert all(datetime.fromisoformat(one["at"]).tzinfo for one in found)
        assert [one["rows"] for one in quality.history(tx, "default", named, "batch", "orders", 99)] == [0, 1, 2, 3, 4]


def test_a_run_that_was_asked_for_again_is_as_new_as_its_check(store: Database) -> None:
    named = dataset()
    with store.transaction() as tx:
        again = check(tx, measured(named, rows=0))
        for number in (1, 2, 3):
            check(tx, measured(named, rows=number))
        tx.execute(
            "UPDATE quality_scores SET at = at + CASE rows WHEN 0 THEN 9 ELSE rows END * interval '1 s' WHERE dataset = %(d)s", {"d": named}
        )
        assert [one["rows"] for one in quality.history(tx, "default", named, "batch", "orders", 2)] == [3, 0]
        assert [one["rows"] for one in quality.past(tx, Subject("default", named, "batch", "orders"), 2)] == [0, 3]
        assert [one["run"] for one in quality.of_dataset(tx, "default", named)] == [again]


def test_only_checks_that_compare_with_the_past_are_given_it(store: Database) -> None:
    named = dataset()
    program = {"dataset": named, "scope": "batch", "ruleSet": "orders", "rules": [{"type": "NOT_NULL"}], "drift": None}
    with store.transaction() as tx:
        for _ in range(4):
            check(tx, measured(named))
        assert history(tx, "default", "check", program) == ()
        assert history(tx, "default", "work", {"reads": []}) == ()
        assert len(history(tx, "default", "check", {**program, "rules": [{"type": "ANOMALY"}]})) == 4
        assert len(history(tx, "default", "check", {**program, "drift": {"window": 2}})) == 2
        patient = [{"type": "ANOMALY", "minHistory": 40}, {"type": "ANOMALY"}]
        for _ in range(40):
            check(tx, measured(named))
        assert len(history(tx, "default", "check", {**program, "rules": patient[1:], "drift": {"window": 2}})) == 30
        assert len(history(tx, "default", "check", {**program, "rules": patient, "drift": {"window": 2}})) == 40


def test_subjects_come_in_pages_and_with_their_newest_check(store: Database) -> None:
    space = f"s{uuid.uuid4().hex[:8]}"
    with store.transaction() as tx:
        for name in ("a", "b", "c"):
            for number in range(3):
                newest = check(tx, measured(name, rows=number), namespace=space)
        first = quality.subjects(tx, after=None, limit=2, namespaces=[space], dataset=None)
        assert [(one["dataset"], one["rows"]) for one in first] == [("a", 2), ("b", 2)]
        last = first[-1]
        after = Subject(last["namespace"], last["dataset"], last["scope"], last["rule_set"])
        rest = quality.subjects(tx, after=after, limit=9, namespaces=[space], dataset=None)
        assert [one["run"] for one in rest] == [newest]
        assert [one["dataset"] for one in quality.subjects(tx, after=None, limit=9, namespaces=[space], dataset="b")] == ["b"]
        assert quality.subjects(tx, after=None, limit=9, namespaces=[], dataset=None) == []


def test_scores_of_a_window_are_oldest_first(store: Database) -> None:
    named = dataset()
    subject = Subject("default", named, "batch", "orders")
    with store.transaction() as tx:
        for number in range(4):
            check(tx, measured(named, score=float(number) if number != 2 else None, rows=number))
        tx.execute("UPDATE quality_scores SET at = at - (3 - rows) * interval '1 day' WHERE dataset = %(d)s", {"d": named})
        since = datetime.now(UTC) - timedelta(days=2, hours=12)
        assert [score for _, score in quality.scores_since(tx, subject, since)] == [1.0, 3.0]
        assert [one["rows"] for one in quality.past(tx, subject, 2)] == [3, 2]
        first, last = (when for when, _ in quality.scores_since(tx, subject, since))
        assert quality.window(tx, subject, first, last, 2.0) == quality.Window(2, 1, 196.0)
        assert quality.window(tx, subject, first, first, 1.0) == quality.Window(1, 0, 99.0)
        assert quality.window(tx, subject, last + timedelta(days=1), last, 1.0) == quality.Window(0, 0, 0.0)
        assert quality.scored_before(tx, subject, last) == first
        assert quality.scored_before(tx, subject, since - timedelta(days=9)) is None


@pytest.mark.parametrize("ask", ["history", "subjects"])
def test_a_long_past_is_not_read(store: Database, ask: str) -> None:
    """Of thousands of checks only what is asked for is looked at: by what PostgreSQL says it read."""
    named, start = dataset(), datetime.now(UTC) - timedelta(minutes=10)
    with store.transaction() as tx:
        tx.execute(
            """
            INSERT INTO quality_scores (run_id, stage, rule_set, namespace, dataset, scope, score, passed, failed, formula)
            SELECT (%(id)s::text || lpad(to_hex(n), 12, '0'))::uuid, 1, 'orders', 'long', %(d)s, 'batch', 1, 1, 0, '{}'
              FROM generate_series(1, 5000) n
            """,
            {"id": str(least_id(start))[:-12], "d": named},
        )
        tx.execute("ANALYZE quality_scores")
        before = _read(tx)
        if ask == "history":
            assert len(quality.history(tx, "long", named, "batch", "orders", 30)) == 30
        else:
            assert len(quality.of_dataset(tx, "long", named)) == 1
        assert _read(tx) - before < 500


def _read(tx: Tx) -> int:
    row = tx.execute(
        """
        SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid)), 0)::int AS n
          FROM pg_class c WHERE c.relname LIKE 'quality_scores_%'
        """
    ).fetchone()
    assert row is not None
    return int(row["n"])
