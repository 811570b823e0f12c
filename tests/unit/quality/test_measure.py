"""Rules measured on real rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.datasets import Column, Columns
from shared.errors import PenstockError
from tests.support.checked import over_staged, staged

COLUMNS: Columns = (
    Column("id", "INTEGER"),
    Column("carrier", "TEXT"),
    Column("delay", "DOUBLE PRECISION"),
    Column("day", "DATE"),
    Column("amount", "TEXT"),
    Column("api_token", "TEXT"),
)
ROWS = """
    (1, 'AA', 5.0,           DATE '2013-01-01', '1',   's1'),
    (2, 'AA', -3.0,          DATE '2013-01-02', '20',  's2'),
    (3, NULL, NULL,          DATE '2013-12-31', 'x',   's3'),
    (3, 'UA', 'NaN'::DOUBLE, NULL,              NULL,  's4'),
    (4, NULL, 100.0,         DATE '2014-01-01', '5',   's5')
"""


def check(tmp_path: Path, rules: list[dict[str, Any]], rows: str = ROWS) -> dict[str, Any]:
    names = ", ".join(f'"{column.name}"' for column in COLUMNS)
    return over_staged(tmp_path, staged(tmp_path, f"SELECT * FROM (VALUES {rows}) AS t ({names}) WHERE id >= 0"), *rules)


def result(tmp_path: Path, **rule: Any) -> dict[str, Any]:
    (only,) = check(tmp_path, [{"name": "r", "severity": "high", **rule}])["results"]
    found: dict[str, Any] = only
    return found


def counts(measured: dict[str, Any]) -> tuple[bool, int, int]:
    return measured["passed"], measured["checked"], measured["failing"]


def test_not_null_counts_nulls(tmp_path: Path) -> None:
    found = result(tmp_path, type="NOT_NULL", column="carrier")
    assert counts(found) == (False, 5, 2)
    assert found["observed"] == {"nulls": 2, "nullPercent": 40.0}
    assert [row["id"] for row in found["offenders"]] == [3, 4]


def test_not_null_allows_the_share_it_is_told(tmp_path: Path) -> None:
    assert result(tmp_path, type="NOT_NULL", column="carrier", maxNullPercent=40)["passed"]
    assert not result(tmp_path, type="NOT_NULL", column="carrier", maxNullPercent=39.9)["passed"]


def test_unique_counts_every_row_of_a_repeated_combination(tmp_path: Path) -> None:
    found = result(tmp_path, type="UNIQUE", column="id")
    assert counts(found) == (False, 5, 2)
    assert found["observed"] == {"repeatedCombinations": 1, "rows": 2}
    assert [row["id"] for row in found["offenders"]] == [3, 3]


def test_unique_over_several_columns(tmp_path: Path) -> None:
    assert counts(result(tmp_path, type="UNIQUE", columns=["id", "carrier"])) == (True, 5, 0)


def test_nulls_are_equal_to_unique_only_when_it_is_told_so(tmp_path: Path) -> None:
    assert counts(result(tmp_path, type="UNIQUE", column="carrier")) == (False, 5, 2)
    found = result(tmp_path, type="UNIQUE", column="carrier", nullsEqual=True)
    assert counts(found) == (False, 5, 4)
    assert len(found["offenders"]) == 4


def test_range_looks_at_values_only_and_nan_is_outside(tmp_path: Path) -> None:
    assert counts(result(tmp_path, type="RANGE", column="delay", min=-3, max=100)) == (False, 4, 1)
    assert counts(result(tmp_path, type="RANGE", column="delay", min=-3)) == (False, 4, 1)
    assert counts(result(tmp_path, type="RANGE", column="delay", min=-3, max=100, inclusive=False)) == (False, 4, 3)


def test_range_of_dates(tmp_path: Path) -> None:
    found = result(tmp_path, type="RANGE", column="day", min="2013-01-01", max="2013-12-31")
    assert counts(found) == (False, 4, 1)
    assert found["observed"] == {"min": "2013-01-01", "max": "2014-01-01"}


def test_numeric_range_of_a_text_column(tmp_path: Path) -> None:
    assert counts(result(tmp_path, type="RANGE", column="amount", min=0, max=10)) == (False, 4, 2)


def test_where_narrows_what_any_rule_looks_at(tmp_path: Path) -> None:
    assert counts(result(tmp_path, type="NOT_NULL", column="carrier", where="id < 3")) == (True, 2, 0)
    assert counts(result(tmp_path, type="UNIQUE", column="id", where="carrier = 'UA'")) == (True, 1, 0)
    assert counts(result(tmp_path, type="RANGE", column="delay", max=50, where="day >= '2014-01-01'")) == (False, 1, 1)


def test_secret_looking_columns_are_masked_in_offending_rows(tmp_path: Path) -> None:
    assert {row["api_token"] for row in result(tmp_path, type="NOT_NULL", column="carrier")["offenders"]} == {"***"}


def test_a_rule_on_a_column_that_is_not_there_is_an_error_and_the_others_are_measured(tmp_path: Path) -> None:
    rules = [
        {"name": "a", "type": "NOT_NULL", "column": "carier", "severity": "critical", "blockPipeline": True},
        {"name": "b", "type": "NOT_NULL", "column": "id", "blockPipeline": True},
    ]
    quality = check(tmp_path, rules)
    missing, other = quality["results"]
    assert (missing["status"], other["status"]) == ("ERROR", "PASSED")
    assert missing["error"] == "there is no column carier in the dataset; did you mean carrier?"
    assert (missing["checked"], missing["failing"], missing["passed"]) == (None, None, False)
    assert {key: quality[key] for key in ("score", "partial", "passed", "failed", "errors", "blocked")} == {
        "score": 100.0, "partial": True, "passed": 1, "failed": 0, "errors": 1, "blocked": ["a"],
    }  # fmt: skip


def test_a_rule_that_breaks_the_statement_is_found_and_spoils_no_other(tmp_path: Path) -> None:
    rules: list[dict[str, Any]] = [{"name": f"r{number}", "type": "NOT_NULL", "column": "id"} for number in range(7)]
    rules.insert(3, {"name": "bad", "type": "RANGE", "column": "id", "min": "no number"})
    results = check(tmp_path, rules)["results"]
    assert [one["rule"] for one in results if one["status"] == "ERROR"] == ["bad"]
    assert "no number" in results[3]["error"]
    assert all(one["checked"] == 5 for one in results if one["rule"] != "bad")


def test_rows_that_cannot_be_read_are_no_rules_fault(tmp_path: Path) -> None:
    dataset = staged(tmp_path, "SELECT 1 AS id")
    Path(dataset.uri).write_bytes(b"no parquet")
    with pytest.raises(PenstockError):
        over_staged(tmp_path, dataset, {"name": "a", "type": "NOT_NULL", "column": "id"})


def test_what_rules_block_is_said(tmp_path: Path) -> None:
    rules: list[dict[str, Any]] = [
        {"name": "holds", "type": "NOT_NULL", "column": "carrier", "blockPipeline": True},
        {"name": "rejects", "type": "NOT_NULL", "column": "carrier", "blockPipeline": True, "onFail": "reject_rows"},
        {"name": "warns", "type": "NOT_NULL", "column": "carrier"},
        {"name": "passes", "type": "NOT_NULL", "column": "id", "blockPipeline": True},
    ]
    quality = check(tmp_path, rules)
    assert quality["blocked"] == ["holds"]
    assert [one["blocks"] for one in quality["results"]] == [True, False, False, True]


def test_offending_rows_begin_with_what_the_rule_looks_at(tmp_path: Path) -> None:
    assert list(result(tmp_path, type="NOT_NULL", column="carrier")["offenders"][0])[:2] == ["carrier", "id"]


def test_a_check_reads_the_staged_rows_and_gives_a_score(tmp_path: Path) -> None:
    quality = check(
        tmp_path,
        [
            {"name": "a", "type": "NOT_NULL", "column": "id", "severity": "critical"},
            {"name": "b", "type": "NOT_NULL", "column": "carrier", "severity": "medium"},
        ],
    )
    assert {key: quality[key] for key in ("rows", "ruleSet", "dataset", "scope", "score", "passed", "failed")} == {
        "rows": 5, "ruleSet": "rules", "dataset": "ns/wh:sales", "scope": "batch", "score": 93.3, "passed": 1, "failed": 1,
    }  # fmt: skip
    assert [result["rule"] for result in quality["results"]] == ["a", "b"]


def test_an_empty_dataset_has_nothing_against_it(tmp_path: Path) -> None:
    quality = check(
        tmp_path,
        [{"name": "a", "type": "UNIQUE", "column": "id"}, {"name": "b", "type": "RANGE", "column": "delay", "min": 0}],
        "(-1, '', 0.0, DATE '2013-01-01', '', '')",
    )
    assert (quality["score"], quality["failed"]) == (100.0, 0)


def test_a_where_that_makes_no_sense_is_an_error(tmp_path: Path) -> None:
    found = result(tmp_path, type="NOT_NULL", column="id", where="carier = 'AA'")
    assert found["status"] == "ERROR"
    assert "did you mean carrier?" in found["error"]


def test_a_where_divides_integers_as_postgresql_does(tmp_path: Path) -> None:
    assert result(tmp_path, type="NOT_NULL", column="id", where="id / 2 = 1")["checked"] == 3


def test_values_that_nothing_can_be_made_of_are_the_error_of_their_rule(tmp_path: Path) -> None:
    rows = "(1, 'AA', 5.0, DATE '20024-01-01', '1', 's1')"
    rules: list[dict[str, Any]] = [
        {"name": "far", "type": "FRESHNESS", "column": "day", "maxAge": "1d"},
        {"name": "early", "type": "RANGE", "column": "day", "min": "0001-01-01T00:00:00+05:00"},
        {"name": "digits", "type": "RANGE", "column": "id", "max": 10**5000},
        {"name": "there", "type": "NOT_NULL", "column": "id"},
    ]
    results = check(tmp_path, rules, rows)["results"]
    assert [one["status"] for one in results] == ["ERROR", "ERROR", "ERROR", "PASSED"]
    assert "beyond what can be judged" in results[0]["error"]
    assert ["beyond what can be computed" in one["error"] for one in results[1:3]] == [True] * 2


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "RANGE", "column": "api_token", "min": 0, "max": 5},
        {"type": "ANOMALY", "metric": "min(cast(API_token as double precision))"},
        {"type": "CUSTOM_SQL", "query": "SELECT id, Api_Token AS p FROM this"},
        {"type": "CUSTOM_SQL", "query": "SELECT f AS p FROM this AS t(a, b, c, d, e, f)"},
        {"type": "CUSTOM_SQL", "query": "SELECT carrier FROM (SELECT carrier FROM this UNION ALL SELECT api_token FROM this) AS x"},
        {"type": "CUSTOM_SQL", "query": "SELECT CAST(p AS date) AS p FROM (SELECT api_token AS p FROM this) AS x"},
        {"type": "CUSTOM_SQL", "query": "SELECT t AS p FROM this AS t"},
    ],
)
def test_values_of_secret_looking_columns_are_told_by_no_name(tmp_path: Path, rule: dict[str, Any]) -> None:
    rows = "(1, 'AA', 5.0, DATE '2013-01-01', '1', '777777')"
    (found,) = check(tmp_path, [{"name": "r", **rule}], rows)["results"]
    assert "7777" not in str(found)
    assert found["error"] or found["offenders"] or found["observed"]["value"] == "***"


def test_what_failed_over_a_secret_column_is_told_by_its_kind(tmp_path: Path) -> None:
    told = "it failed (rows); what was said is not shown, since it may hold values of api_token"
    found = result(tmp_path, type="CUSTOM_SQL", query="SELECT id FROM this WHERE CAST(api_token AS integer) > 0")
    assert (found["status"], found["error"]) == ("ERROR", told)
    picked = result(tmp_path, type="CUSTOM_SQL", query="SELECT CAST(api_token AS integer) AS p FROM this")
    assert (picked["status"], picked["error"]) == ("FAILED", f"its rows cannot be shown: {told}")
    other = result(tmp_path, type="CUSTOM_SQL", query="SELECT CAST(amount AS integer) AS p FROM this")
    assert "'x'" in other["error"]


def test_counts_of_a_secret_column_are_no_values_of_it(tmp_path: Path) -> None:
    found = result(tmp_path, type="ANOMALY", metric="distinct", column="api_token")
    assert found["observed"]["value"] == 5
