"""Whole checks: keys within little memory, history, and the export of all rows that break a rule."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from services.quality.asking import Question
from services.quality.dense_keys import affordable, dense
from services.quality.fuse import Asked
from services.quality.here import Here
from services.quality.measure import NotExported, run
from services.quality.relations import Relations
from shared.datasets import Column
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected
from shared.engines.program import THIS, CheckProgram, Read
from shared.engines.work import Job, Limits
from shared.rules import RULES
from shared.rules.anomaly import kept_as
from tests.support.checked import MEMORY, over_staged, staged

UNIQUE = {"name": "key", "type": "UNIQUE", "columns": ["a", "b"]}


@pytest.mark.parametrize(
    ("rows", "checked", "failing"),
    [
        ("SELECT i AS a, i % 3 AS b FROM range(1000) r(i)", 1000, 0),
        ("SELECT i AS a, i % 3 AS b FROM range(1000) r(i) UNION ALL SELECT 5, 2", 1001, 2),
        ("SELECT i * 1000000000 AS a, 1 AS b FROM range(1000) r(i)", 1000, 0),
        ("SELECT NULL::INTEGER AS a, 1 AS b FROM range(5)", 5, 0),
        ("SELECT -i AS a, CASE WHEN i < 5 THEN NULL ELSE 1 END AS b FROM range(10) r(i)", 10, 0),
        ("SELECT -9223372036854775807 AS a, 1 AS b UNION ALL SELECT 9223372036854775807, 1", 2, 0),
        ("SELECT 1 AS a, 1 AS b WHERE false", 0, 0),
    ],
)
def test_keys_are_unique_or_not_however_close_they_lie(tmp_path: Path, rows: str, checked: int, failing: int) -> None:
    (result,) = over_staged(tmp_path, staged(tmp_path, rows), UNIQUE)["results"]
    assert (result["status"], result["checked"], result["failing"]) == ("FAILED" if failing else "PASSED", checked, failing)


def test_bits_of_all_keys_share_a_part_of_the_memory(tmp_path: Path) -> None:
    """Of eight keys of a million bits each, as many as fit; the narrowest first."""
    columns = tuple(Column(f"c{number}", "INTEGER") for number in range(8))
    rows = f"SELECT {', '.join(f'i * {9 - number} AS c{number}' for number in range(8))} FROM range(100000) r(i)"
    asked = [{"name": one.name, "type": "UNIQUE", "columns": [one.name]} for one in columns]
    questions = [
        Question(rule, RULES["UNIQUE"], Asked(at, RULES["UNIQUE"].scan(rule, columns, f"g{at}")), ()) for at, rule in enumerate(asked)
    ]
    there = staged(tmp_path, rows)
    reads = (Read(THIS, "load", there.columns, datasets=((3, "load"),)),)
    job = Job("d", "r", 9, 1, "check", {}, {}, {"3:load": there}, str(tmp_path), Limits(MEMORY, 1, str(tmp_path)))
    with connected(job.limits) as connection, ExitStack() as open_:
        here = Here(connection, Relations(connection, job, reads, Control(), open_), MEMORY)
        here.ready(questions, whole=False)
        assert set(dense(here, questions, 2**30)) == set(range(8))
        assert set(dense(here, questions, 1_000_000)) == {5, 6, 7}
        assert dense(here, questions, 100_000) == {}
    assert affordable(Limits(2**30, 4, "")) == affordable(Limits(2**28, 1, "")) == 2**28


def test_a_where_narrows_keys(tmp_path: Path) -> None:
    rows = staged(tmp_path, "SELECT i AS a, 1 AS b, i < 10 AS good FROM range(20) r(i) UNION ALL SELECT 15, 1, false")
    assert over_staged(tmp_path, rows, {**UNIQUE, "where": "good"})["results"][0]["checked"] == 10
    assert over_staged(tmp_path, rows, {**UNIQUE, "where": "NOT good"})["results"][0]["failing"] == 2


def test_keys_that_do_not_fit_into_memory_are_grouped_on_disk(tmp_path: Path) -> None:
    rows = staged(tmp_path, "SELECT 'a rather long key, so that they are many bytes ' || (i * 7919) AS a, i AS b FROM range(2000000) r(i)")
    (result,) = over_staged(tmp_path, rows, {**UNIQUE, "columns": ["a"]}, memory=450_000_000)["results"]
    assert (result["status"], result["checked"]) == ("PASSED", 2_000_000)


def test_an_anomaly_is_judged_by_what_was_measured_before(tmp_path: Path) -> None:
    rows = staged(tmp_path, "SELECT i AS a FROM range(100) r(i)")
    rule: dict[str, Any] = {"name": "rows", "type": "ANOMALY", "metric": "row_count"}
    first = over_staged(tmp_path, rows, rule)
    assert (first["results"][0]["status"], first["metrics"], first["score"]) == ("LEARNING", {kept_as(rule): 100.0}, 100.0)
    now = datetime.now(UTC)
    past = tuple(
        {"at": (now - timedelta(days=day)).isoformat(), "profile": None, "metrics": {kept_as(rule): 1000.0 + day}, "rows": 1000}
        for day in range(9, 2, -1)
    )
    assert over_staged(tmp_path, rows, rule, history=past)["results"][0]["status"] == "FAILED"
    for other in ({"metric": "sum", "column": "a"}, {"where": "a > 1"}):
        judged = over_staged(tmp_path, rows, rule | other, history=past)
        assert judged["results"][0]["status"] == "LEARNING", "what it measures now was never measured before"
    assert over_staged(tmp_path, rows, rule | {"zScore": 1}, history=past)["results"][0]["status"] == "FAILED"


def test_a_profile_is_held_against_the_ones_before(tmp_path: Path) -> None:
    settings = {"zScore": 3, "minHistory": 5, "window": 30}
    rows = staged(tmp_path, "SELECT i AS a FROM range(100) r(i)")
    first = over_staged(tmp_path, rows, profile={}, drift=settings)
    assert first["drift"]["status"] == "learning"
    past = ({"at": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "profile": first["profile"], "metrics": {}, "rows": 100},)
    other = staged(tmp_path, "SELECT i AS a, 1 AS b FROM range(100) r(i)", "other")
    drift = over_staged(tmp_path, other, profile={}, drift=settings, history=past)["drift"]
    assert [(one["column"], one["kind"]) for one in drift["findings"]] == [("b", "newColumn")]


def test_all_rows_that_break_a_rule_are_staged(tmp_path: Path) -> None:
    rows = staged(tmp_path, "SELECT i AS id, CASE WHEN i % 2 = 0 THEN i END AS even, 'x' AS api_token FROM range(100) r(i)")
    rules = (
        {"name": "there", "type": "NOT_NULL", "column": "even"},
        {"name": "count", "type": "ROW_COUNT", "min": 1},
        {"name": "other name", "type": "CUSTOM_SQL", "query": "SELECT api_token AS p FROM this"},
        {"name": "quoted", "type": "CUSTOM_SQL", "query": "SELECT CAST('secret ' || api_token AS integer) AS p FROM this"},
    )
    reads = (Read(THIS, "load", rows.columns, datasets=((3, "load"),)),)

    def exported(rule: str) -> Any:
        program = CheckProgram("ns/wh:sales", reads, rules, "rules", export=rule).to_json()
        job = Job("d", "r", 9, 1, "check", program, {}, {"3:load": rows}, str(tmp_path), Limits(MEMORY, 1, str(tmp_path)))
        return run(job, Control())

    (dataset,) = exported("there").datasets
    assert (dataset.port, dataset.rows, [column.name for column in dataset.columns]) == ("offenders", 50, ["even", "id", "api_token"])
    found = duckdb.sql(f"SELECT min(id), max(id), min(api_token) FROM '{dataset.uri}'").fetchall()
    assert found == [(1, 99, "***")]
    assert duckdb.sql(f"SELECT DISTINCT p FROM '{exported('other name').datasets[0].uri}'").fetchall() == [("***",)]
    with pytest.raises(NotExported) as refused:
        exported("quoted")
    assert "secret x" not in str(refused.value)
    for rule in ("count", "nobody"):
        with pytest.raises(NotExported):
            exported(rule)


def test_a_history_that_cannot_be_compared_with_costs_no_verdict(tmp_path: Path) -> None:
    rows = staged(tmp_path, "SELECT i AS a FROM range(100) r(i)")
    past = ({"at": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "profile": {"rows": "?"}, "metrics": {}, "rows": 100},)
    settings = {"zScore": 3, "minHistory": 5, "window": 30}
    found = over_staged(tmp_path, rows, {"name": "r", "type": "NOT_NULL", "column": "a"}, profile={}, drift=settings, history=past)
    assert (found["drift"], found["passed"]) == (None, 1)
