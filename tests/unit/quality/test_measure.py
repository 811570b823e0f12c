"""Rules measured on real rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from services.quality.measure import measure, run
from shared.datasets import Column, Columns, Dataset
from shared.engines.control import Control
from shared.engines.program import THIS, CheckProgram, Read
from shared.engines.work import Job, Limits, Outcome

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


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    names = ", ".join(f'"{column.name}"' for column in COLUMNS)
    made.execute(f"CREATE TABLE this AS SELECT * FROM (VALUES {ROWS}) AS t ({names})")
    yield made
    made.close()


def result(connection: duckdb.DuckDBPyConnection, **rule: Any) -> dict[str, Any]:
    (only,) = measure(connection, COLUMNS, [{"name": "r", "severity": "high", **rule}])
    return only


def counts(measured: dict[str, Any]) -> tuple[bool, int, int]:
    return measured["passed"], measured["checked"], measured["failing"]


def test_not_null_counts_nulls(connection: duckdb.DuckDBPyConnection) -> None:
    found = result(connection, type="NOT_NULL", column="carrier")
    assert counts(found) == (False, 5, 2)
    assert found["observed"] == {"nulls": 2, "nullPercent": 40.0}
    assert [row["id"] for row in found["offenders"]] == [3, 4]


def test_not_null_allows_the_share_it_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    assert result(connection, type="NOT_NULL", column="carrier", maxNullPercent=40)["passed"]
    assert not result(connection, type="NOT_NULL", column="carrier", maxNullPercent=39.9)["passed"]


def test_unique_counts_every_row_of_a_repeated_combination(connection: duckdb.DuckDBPyConnection) -> None:
    found = result(connection, type="UNIQUE", column="id")
    assert counts(found) == (False, 5, 2)
    assert found["observed"] == {"repeatedCombinations": 1, "rows": 2}
    assert [row["id"] for row in found["offenders"]] == [3, 3]


def test_unique_over_several_columns(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts(result(connection, type="UNIQUE", columns=["id", "carrier"])) == (True, 5, 0)


def test_nulls_are_equal_to_unique_only_when_it_is_told_so(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts(result(connection, type="UNIQUE", column="carrier")) == (False, 5, 2)
    found = result(connection, type="UNIQUE", column="carrier", nullsEqual=True)
    assert counts(found) == (False, 5, 4)
    assert len(found["offenders"]) == 4


def test_range_looks_at_values_only_and_nan_is_outside(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts(result(connection, type="RANGE", column="delay", min=-3, max=100)) == (False, 4, 1)
    assert counts(result(connection, type="RANGE", column="delay", min=-3)) == (False, 4, 1)
    assert counts(result(connection, type="RANGE", column="delay", min=-3, max=100, inclusive=False)) == (False, 4, 3)


def test_range_of_dates(connection: duckdb.DuckDBPyConnection) -> None:
    found = result(connection, type="RANGE", column="day", min="2013-01-01", max="2013-12-31")
    assert counts(found) == (False, 4, 1)
    assert found["observed"] == {"min": "2013-01-01", "max": "2014-01-01"}


def test_numeric_range_of_a_text_column(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts(result(connection, type="RANGE", column="amount", min=0, max=10)) == (False, 4, 2)


def test_where_narrows_what_any_rule_looks_at(connection: duckdb.DuckDBPyConnection) -> None:
    assert counts(result(connection, type="NOT_NULL", column="carrier", where="id < 3")) == (True, 2, 0)
    assert counts(result(connection, type="UNIQUE", column="id", where="carrier = 'UA'")) == (True, 1, 0)
    assert counts(result(connection, type="RANGE", column="delay", max=50, where="day >= '2014-01-01'")) == (False, 1, 1)


def test_secret_looking_columns_are_masked_in_offending_rows(connection: duckdb.DuckDBPyConnection) -> None:
    assert {row["api_token"] for row in result(connection, type="NOT_NULL", column="carrier")["offenders"]} == {"***"}


def test_a_rule_on_a_column_that_is_not_there_fails_and_the_others_are_measured(connection: duckdb.DuckDBPyConnection) -> None:
    rules = [{"name": "a", "type": "NOT_NULL", "column": "carier"}, {"name": "b", "type": "NOT_NULL", "column": "id"}]
    missing, other = measure(connection, COLUMNS, rules)
    assert (missing["passed"], other["passed"]) == (False, True)
    assert missing["expected"] == {"columns": "carier in the dataset; did you mean carrier?"}


def test_all_rules_are_one_statement(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    log = tmp_path / "log"
    connection.execute(f"SET log_query_path = '{log}'")
    measure(
        connection,
        COLUMNS,
        [
            {"name": "a", "type": "NOT_NULL", "column": "id"},
            {"name": "b", "type": "UNIQUE", "columns": ["api_token"]},
            {"name": "c", "type": "RANGE", "column": "id", "min": 0},
        ],
    )
    assert len(log.read_text().strip().splitlines()) == 1


def check(tmp_path: Path, rules: list[dict[str, Any]], rows: str = ROWS) -> Outcome:
    path = tmp_path / "rows of 'it'.parquet"
    names = ", ".join(f'"{column.name}"' for column in COLUMNS)
    with duckdb.connect() as made:
        source = f"FROM (VALUES {rows}) AS t ({names})"
        made.execute(f"COPY (SELECT * {source} WHERE id >= 0) TO '{str(path).replace(chr(39), chr(39) * 2)}'")
    program = CheckProgram("ns/wh:sales", (Read(THIS, "load", COLUMNS, datasets=((3, "load"),)),), tuple(rules), "rules").to_json()
    dataset = Dataset("load", str(path), COLUMNS, 5, 1)
    limits = Limits(2**30, 1, str(tmp_path))
    return run(Job("default", "r", 4, 1, "check", program, {}, {"3:load": dataset}, str(tmp_path), limits), Control())


def test_a_check_reads_the_staged_rows_and_gives_a_score(tmp_path: Path) -> None:
    quality = check(
        tmp_path,
        [
            {"name": "a", "type": "NOT_NULL", "column": "id", "severity": "critical"},
            {"name": "b", "type": "NOT_NULL", "column": "carrier", "severity": "medium"},
        ],
    ).quality
    assert quality is not None
    assert {key: quality[key] for key in ("ruleSet", "dataset", "scope", "score", "passed", "failed")} == {
        "ruleSet": "rules", "dataset": "ns/wh:sales", "scope": "batch", "score": 93.3, "passed": 1, "failed": 1,
    }  # fmt: skip
    assert [result["rule"] for result in quality["results"]] == ["a", "b"]


def test_an_empty_dataset_has_nothing_against_it(tmp_path: Path) -> None:
    quality = check(
        tmp_path,
        [{"name": "a", "type": "UNIQUE", "column": "id"}, {"name": "b", "type": "RANGE", "column": "delay", "min": 0}],
        "(-1, '', 0.0, DATE '2013-01-01', '', '')",
    ).quality
    assert quality is not None
    assert (quality["score"], quality["failed"]) == (100.0, 0)


def test_a_where_that_makes_no_sense_fails_its_rule_only(connection: duckdb.DuckDBPyConnection) -> None:
    found = result(connection, type="NOT_NULL", column="id", where="carier = 'AA'")
    assert not found["passed"]
    assert "did you mean carrier?" in found["observed"]["where"]


def test_a_where_divides_integers_as_postgresql_does(connection: duckdb.DuckDBPyConnection) -> None:
    assert result(connection, type="NOT_NULL", column="id", where="id / 2 = 1")["checked"] == 3
