"""What checks measured: a verdict for each rule, a score and a profile for each rule set, kept for each check.

A check is named by the run that made it and its stage; one that was asked for apart from any run by the request's id and stage 0. What it
looked at, its subject, is a dataset in a namespace, in one scope, by one rule set ('' in the tables: a profile only). Subjects are never
mixed: a batch has other figures than the dataset that it goes into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shared.rules.baseline import MOST_HISTORY
from shared.store.database import Tx
from shared.store.text import fitting

# Most that is read of a subject's past at once, whatever anybody asks for.
MOST = MOST_HISTORY
# The index has a subject's checks by their runs. A run that was asked for again is measured later than those behind it: who wants the
# newest by their time looks at so many more.
_LATE = 100


@dataclass(frozen=True, slots=True)
class Subject:
    namespace: str
    dataset: str
    scope: str
    rule_set: str | None

    @property
    def values(self) -> dict[str, str]:
        return {"namespace": self.namespace, "dataset": self.dataset, "scope": self.scope, "rule_set": self.rule_set or ""}


def insert(tx: Tx, run: str, stage: int, namespace: str, measured: Mapping[str, Any]) -> None:
    """`measured` is `Outcome.quality`:

    {ruleSet or null, dataset, scope, score or null, partial, passed, failed, errors, formula, rows, metrics: {name: number or null},
     results: [{rule, type, severity, status, passed, blocks, checked, failing, failingPercent, observed, expected, offenders, error,
     durationMs}], profile or null, drift or null, blocked: [rule]}

    Three statements, however many rules there are. Of values the store holds what it can: they are shown, and no data.
    """
    measured = fitting(measured)
    rule_set = measured["ruleSet"] or ""
    about = {"run": run, "stage": stage, "rule_set": rule_set, "namespace": namespace}
    subject = {key: measured[key] for key in ("dataset", "scope")}
    tx.execute(
        """
        INSERT INTO quality_scores (run_id, stage, rule_set, namespace, dataset, scope, score, passed, failed, formula, partial, errors,
                                    rows, metrics, blocked)
        VALUES (%(run)s, %(stage)s, %(rule_set)s, %(namespace)s, %(dataset)s, %(scope)s, %(score)s, %(passed)s, %(failed)s, %(formula)s,
                %(partial)s, %(errors)s, %(rows)s, %(metrics)s, %(blocked)s)
        """,
        {
            **about,
            **subject,
            **{key: measured[key] for key in ("score", "passed", "failed")},
            "formula": Jsonb(measured["formula"]),
            "partial": measured.get("partial", False),
            "errors": measured.get("errors", 0),
            "rows": measured.get("rows"),
            "metrics": Jsonb(measured.get("metrics") or {}),
            "blocked": list(measured.get("blocked") or ()),
        },
    )
    if measured["results"]:
        tx.execute(
            """
            INSERT INTO quality_results (run_id, stage, rule_set, dataset, scope, ordinal, rule, type, severity, status, passed, blocks,
                                         checked, failing, failing_percent, observed, expected, offenders, error, duration_ms)
            SELECT %(run)s, %(stage)s, %(rule_set)s, %(dataset)s, %(scope)s, r.ordinal - 1, r.said ->> 'rule', r.said ->> 'type',
                   r.said ->> 'severity', r.said ->> 'status', (r.said ->> 'passed')::boolean,
                   coalesce((r.said ->> 'blocks')::boolean, false), (r.said ->> 'checked')::bigint, (r.said ->> 'failing')::bigint,
                   (r.said ->> 'failingPercent')::float8, r.said -> 'observed', r.said -> 'expected',
                   coalesce(nullif(r.said -> 'offenders', 'null'), '[]'), r.said ->> 'error', (r.said ->> 'durationMs')::bigint
              FROM jsonb_array_elements(%(results)s) WITH ORDINALITY AS r (said, ordinal)
            """,
            {**about, **subject, "results": Jsonb(list(measured["results"]))},
        )
    if measured.get("profile") is not None or measured.get("drift") is not None:
        tx.execute(
            """
            INSERT INTO quality_profiles (run_id, stage, rule_set, namespace, dataset, scope, profile, drift)
            VALUES (%(run)s, %(stage)s, %(rule_set)s, %(namespace)s, %(dataset)s, %(scope)s, %(profile)s, %(drift)s)
            """,
            {**about, **subject, "profile": _json(measured.get("profile")), "drift": _json(measured.get("drift"))},
        )


def _json(value: Any) -> Jsonb | None:
    return Jsonb(value) if value is not None else None


def history(tx: Tx, namespace: str, dataset: str, scope: str, rule_set: str | None, limit: int) -> list[dict[str, Any]]:
    """What the newest checks of that subject measured, oldest first, as in `Job.history`: {at, profile, metrics, rows}.

    What a gate held back is no part of the dataset, and none of its past: else who asks again and again for a bad load would make it usual.
    """
    rows = tx.execute(
        """
        SELECT s.at, s.rows, s.metrics, p.profile
          FROM (SELECT * FROM (
                SELECT run_id, stage, rule_set, at, rows, metrics FROM quality_scores
                 WHERE namespace = %(namespace)s AND dataset = %(dataset)s AND scope = %(scope)s AND rule_set = %(rule_set)s
                   AND blocked = '{}'
                 ORDER BY run_id DESC LIMIT %(near)s) n ORDER BY at DESC, run_id DESC LIMIT %(limit)s) s
          LEFT JOIN quality_profiles p ON p.run_id = s.run_id AND p.stage = s.stage AND p.rule_set = s.rule_set
         ORDER BY s.at, s.run_id
        """,
        {**Subject(namespace, dataset, scope, rule_set).values, **_newest(limit)},
    )
    return [{"at": row["at"].isoformat(), "profile": row["profile"], "metrics": row["metrics"], "rows": row["rows"]} for row in rows]


def _newest(limit: int) -> dict[str, int]:
    return {"limit": min(limit, MOST), "near": min(limit, MOST) + _LATE}


_SCORE = """
    s.run_id::text AS run, s.stage, s.namespace, s.dataset, s.scope, nullif(s.rule_set, '') AS rule_set, s.at, s.score::float8 AS score,
    s.passed, s.failed, s.errors, s.partial, s.rows, s.metrics, s.blocked, s.formula
"""


def of_run(tx: Tx, run: str) -> list[dict[str, Any]]:
    """Scores of a run (or of a request), in the order in which they were measured."""
    return list(
        tx.execute(f"SELECT {_SCORE} FROM quality_scores s WHERE s.run_id = %(run)s ORDER BY s.at, s.stage", {"run": run})  # noqa: S608
    )


def least_scores(tx: Tx, among: Sequence[str]) -> dict[str, float]:
    """Run -> its lowest score, of those that have one."""
    rows = tx.execute(
        """
        SELECT run_id::text AS run, min(score)::float8 AS score FROM quality_scores
         WHERE run_id = ANY(%(runs)s::uuid[]) AND score IS NOT NULL GROUP BY run_id
        """,
        {"runs": list(among)},
    )
    return {row["run"]: row["score"] for row in rows}


def results(tx: Tx, run: str, stage: int | None = None) -> list[dict[str, Any]]:
    """Verdicts of a run (or of a request), in the order of the rules; of one check, where its stage is given."""
    return list(
        tx.execute(
            """
            SELECT stage, nullif(rule_set, '') AS rule_set, dataset, scope, rule, type, severity,
                   coalesce(status, CASE WHEN passed THEN 'PASSED' ELSE 'FAILED' END) AS status, passed, blocks, checked, failing,
                   failing_percent, observed, expected, offenders, error, duration_ms
              FROM quality_results WHERE run_id = %(run)s AND (%(stage)s::int IS NULL OR stage = %(stage)s)
             ORDER BY stage, rule_set, ordinal
            """,
            {"run": run, "stage": stage},
        )
    )


def profiles(tx: Tx, run: str) -> dict[tuple[int, str | None], dict[str, Any]]:
    """(stage, rule set) -> {profile, drift} of a run (or of a request)."""
    rows = tx.execute(
        "SELECT stage, nullif(rule_set, '') AS rule_set, profile, drift FROM quality_profiles WHERE run_id = %(run)s", {"run": run}
    )
    return {(row["stage"], row["rule_set"]): {"profile": row["profile"], "drift": row["drift"]} for row in rows}


def subjects(tx: Tx, *, after: Subject | None, limit: int, namespaces: Sequence[str] | None, dataset: str | None) -> list[dict[str, Any]]:
    """The newest check of each subject, by namespace, dataset, scope and rule set, from behind `after`.

    `namespaces`: only those; None: all. It jumps from subject to subject along the index, so that it takes no longer with their past; no
    farther than to the end of the page, since they are found in their order; and only within what is asked for.
    """
    if namespaces is None:
        return _subjects(tx, None, after, limit, dataset)
    found: list[dict[str, Any]] = []
    for namespace in sorted(set(namespaces)):
        if len(found) < limit and (after is None or namespace >= after.namespace):
            found += _subjects(tx, namespace, after, limit - len(found), dataset)
    return found


def _subjects(tx: Tx, namespace: str | None, after: Subject | None, limit: int, dataset: str | None) -> list[dict[str, Any]]:
    """Of one namespace, or of all."""
    within = "true" if namespace is None else "q.namespace = %(namespace)s" + ("" if dataset is None else " AND q.dataset = %(dataset)s")
    return list(
        tx.execute(
            f"""
            WITH RECURSIVE found AS (
                (SELECT q.namespace, q.dataset, q.scope, q.rule_set FROM quality_scores q
                  WHERE {within} AND (q.namespace, q.dataset, q.scope, q.rule_set) > (%(a)s, %(b)s, %(c)s, %(d)s)
                  ORDER BY q.namespace, q.dataset, q.scope, q.rule_set LIMIT 1)
                UNION ALL
                SELECT n.namespace, n.dataset, n.scope, n.rule_set FROM found f, LATERAL (
                    SELECT q.namespace, q.dataset, q.scope, q.rule_set FROM quality_scores q
                     WHERE {within} AND (q.namespace, q.dataset, q.scope, q.rule_set) > (f.namespace, f.dataset, f.scope, f.rule_set)
                     ORDER BY q.namespace, q.dataset, q.scope, q.rule_set LIMIT 1) n
            ),
            page AS (SELECT * FROM found f WHERE %(dataset)s::text IS NULL OR f.dataset = %(dataset)s LIMIT %(limit)s)
            SELECT {_SCORE}, p.drift ->> 'status' AS drift
              FROM page f, LATERAL (
                   SELECT * FROM quality_scores q
                    WHERE q.namespace = f.namespace AND q.dataset = f.dataset AND q.scope = f.scope AND q.rule_set = f.rule_set
                    ORDER BY q.run_id DESC LIMIT 1) s
              LEFT JOIN quality_profiles p ON p.run_id = s.run_id AND p.stage = s.stage AND p.rule_set = s.rule_set
             ORDER BY f.namespace, f.dataset, f.scope, f.rule_set
            """,  # noqa: S608 (our own text)
            {
                **dict(zip("abcd", after.values.values() if after is not None else ("", "", "", ""), strict=True)),
                "limit": limit,
                "namespace": namespace,
                "dataset": dataset,
            },
        )
    )


def of_dataset(tx: Tx, namespace: str, dataset: str) -> list[dict[str, Any]]:
    """The newest check of each of its subjects, the newest first."""
    found = tx.execute(
        f"""
        WITH RECURSIVE found AS (
            (SELECT scope, rule_set FROM quality_scores WHERE namespace = %(namespace)s AND dataset = %(dataset)s
              ORDER BY scope, rule_set LIMIT 1)
            UNION ALL
            SELECT n.scope, n.rule_set FROM found f, LATERAL (
                SELECT q.scope, q.rule_set FROM quality_scores q
                 WHERE q.namespace = %(namespace)s AND q.dataset = %(dataset)s AND (q.scope, q.rule_set) > (f.scope, f.rule_set)
                 ORDER BY q.scope, q.rule_set LIMIT 1) n
        )
        SELECT {_SCORE} FROM found f, LATERAL (
               SELECT * FROM (
                SELECT * FROM quality_scores q
                 WHERE q.namespace = %(namespace)s AND q.dataset = %(dataset)s AND q.scope = f.scope AND q.rule_set = f.rule_set
                 ORDER BY q.run_id DESC LIMIT %(near)s) n ORDER BY at DESC, run_id DESC LIMIT 1) s
         ORDER BY s.at DESC, s.scope, s.rule_set
        """,  # noqa: S608
        {"namespace": namespace, "dataset": dataset, **_newest(1)},
    )
    return list(found)


def past(tx: Tx, subject: Subject, limit: int) -> list[dict[str, Any]]:
    """Its newest checks, the newest first: the columns of a score, and `drift`: learning, stable or drifted; null: not looked at."""
    return list(
        tx.execute(
            f"""
            SELECT {_SCORE}, p.drift ->> 'status' AS drift
              FROM (SELECT * FROM (
                    SELECT * FROM quality_scores q
                     WHERE q.namespace = %(namespace)s AND q.dataset = %(dataset)s AND q.scope = %(scope)s AND q.rule_set = %(rule_set)s
                     ORDER BY q.run_id DESC LIMIT %(near)s) n ORDER BY at DESC, run_id DESC LIMIT %(limit)s) s
              LEFT JOIN quality_profiles p ON p.run_id = s.run_id AND p.stage = s.stage AND p.rule_set = s.rule_set
             ORDER BY s.at DESC, s.run_id DESC
            """,  # noqa: S608
            {**subject.values, **_newest(limit)},
        )
    )


def newest_profile(tx: Tx, subject: Subject) -> dict[str, Any] | None:
    """{run, stage, at, profile, drift} of its newest check that has a profile."""
    return tx.execute(
        """
        SELECT p.run_id::text AS run, p.stage, p.at, p.profile, p.drift FROM quality_profiles p
          JOIN (SELECT q.run_id, q.stage, q.rule_set FROM quality_scores q
                 WHERE q.namespace = %(namespace)s AND q.dataset = %(dataset)s AND q.scope = %(scope)s AND q.rule_set = %(rule_set)s
                 ORDER BY q.run_id DESC LIMIT %(most)s) s ON p.run_id = s.run_id AND p.stage = s.stage AND p.rule_set = s.rule_set
         WHERE p.profile IS NOT NULL ORDER BY p.run_id DESC LIMIT 1
        """,
        {**subject.values, "most": MOST},
    ).fetchone()


@dataclass(frozen=True, slots=True)
class Window:
    """Checks of a time that have a score: how many, how many of them below what is promised, and the points that they are short of 100."""

    checks: int
    below: int
    missed: float


def window(tx: Tx, subject: Subject, since: datetime, upto: datetime, promised: float) -> Window:
    """Both ends belong to it. Summed where the scores are, as they may be many."""
    row = tx.execute(
        """
        SELECT count(*) AS checks, count(*) FILTER (WHERE score::float8 < %(promised)s) AS below,
               coalesce(sum(100 - score::float8), 0) AS missed
          FROM quality_scores
         WHERE namespace = %(namespace)s AND dataset = %(dataset)s AND scope = %(scope)s AND rule_set = %(rule_set)s
           AND at BETWEEN %(since)s AND %(upto)s AND score IS NOT NULL
        """,
        {**subject.values, "since": since, "upto": upto, "promised": promised},
    ).fetchone()
    return Window(**row) if row is not None else Window(0, 0, 0.0)


def scored_before(tx: Tx, subject: Subject, at: datetime) -> datetime | None:
    """When its last check before that one was, of those that have a score."""
    row = tx.execute(
        """
        SELECT max(at) AS at FROM quality_scores
         WHERE namespace = %(namespace)s AND dataset = %(dataset)s AND scope = %(scope)s AND rule_set = %(rule_set)s
           AND at < %(at)s AND score IS NOT NULL
        """,
        {**subject.values, "at": at},
    ).fetchone()
    return row["at"] if row is not None else None


def scores_since(tx: Tx, subject: Subject, since: datetime) -> list[tuple[datetime, float]]:
    """(at, score) of its checks that have a score, oldest first."""
    rows = tx.execute(
        """
        SELECT at, score::float8 AS score FROM quality_scores
         WHERE namespace = %(namespace)s AND dataset = %(dataset)s AND scope = %(scope)s AND rule_set = %(rule_set)s
           AND at >= %(since)s AND score IS NOT NULL ORDER BY run_id DESC LIMIT %(most)s
        """,
        {**subject.values, "since": since, "most": 100 * MOST},
    )
    return sorted((row["at"], row["score"]) for row in rows)
