"""What each rule type asks of a dataset, and which rows it shows, in the words of every dialect; read back, it is SQL there."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from shared.datasets import Column, Columns
from shared.rules import RULES
from shared.rules.types import this
from shared.sql.dialects import DIALECTS, dialect
from shared.sql.render import sql
from shared.sql.trust import trust

GOLDEN = Path(__file__).parents[2] / "golden" / "rules"
SHOWN = sorted(set(DIALECTS) - {"frames", "frames_dask"})
VERSIONS = {"postgres": "18.6", "sqlite": "3.40", "mariadb": "10.11.19-MariaDB", "mysql": "8.4", "oracle": "19", "sqlserver": "16.0"}

COLUMNS: Columns = (
    Column("id", "INTEGER"),
    Column("name", "TEXT"),
    Column("email", "TEXT"),
    Column("amount", "NUMERIC(12, 2)"),
    Column("weight", "DOUBLE PRECISION"),
    Column("day", "DATE"),
    Column("at", "TIMESTAMP"),
    Column("seen", "TIMESTAMPTZ"),
    Column("big", "BIGINT"),
)
NOW = {"now": "2024-03-01T12:00:00+00:00"}
ASKED: dict[str, dict[str, Any]] = {
    "not_null": {"type": "NOT_NULL", "column": "name"},
    "not_null_where": {"type": "NOT_NULL", "column": "name", "where": "id / 2 > 1"},
    "unique": {"type": "UNIQUE", "column": "id"},
    "unique_text": {"type": "UNIQUE", "column": "name"},
    "unique_nulls_equal": {"type": "UNIQUE", "columns": ["id", "big"], "nullsEqual": True},
    "unique_destination": {"type": "UNIQUE", "column": "id", "destination": True},
    "range_whole": {"type": "RANGE", "column": "id", "min": 0, "max": 9},
    "range_decimal": {"type": "RANGE", "column": "amount", "min": 0.01, "inclusive": False},
    "range_double": {"type": "RANGE", "column": "weight", "min": 0},
    "range_date": {"type": "RANGE", "column": "day", "min": "1969-12-31", "max": "2024-03-01"},
    "range_timestamp": {"type": "RANGE", "column": "at", "max": "2024-03-01T10:00:00+02:00"},
    "range_text": {"type": "RANGE", "column": "name", "min": 0},
    "regex": {"type": "REGEX", "column": "name", "pattern": r"[A-Z]{2}\d+"},
    "regex_pesel": {"type": "REGEX", "column": "name", "pattern": "PESEL"},
    "referential": {"type": "REFERENTIAL", "column": "id", "references": {"node": "n"}},
    "referential_pair": {"type": "REFERENTIAL", "columns": ["id", "big"], "references": {"node": "n", "columns": ["a", "b"]}},
    "custom_sql": {"type": "CUSTOM_SQL", "query": "SELECT id FROM this WHERE amount > 5", "where": "id > 0"},
    "custom_sql_groups": {"type": "CUSTOM_SQL", "query": "SELECT big, COUNT(*) AS n FROM this GROUP BY big HAVING COUNT(*) > 5"},
    "completeness": {"type": "COMPLETENESS", "column": "id", "minPercent": 95},
    "completeness_blank": {"type": "COMPLETENESS", "columns": ["name", "email"], "minPercent": 95, "blankIsMissing": True},
    "consistency": {"type": "CONSISTENCY", "expression": "id < big OR amount > 3"},
    "consistency_null": {"type": "CONSISTENCY", "expression": "id < big", "nullIs": "false"},
    "consistency_division": {"type": "CONSISTENCY", "expression": "id / big > 3"},
    "freshness_date": {"type": "FRESHNESS", "column": "day", "maxAge": "24h"},
    "freshness_timestamp": {"type": "FRESHNESS", "column": "at", "maxAge": "PT36H"},
    "freshness_moment": {"type": "FRESHNESS", "column": "seen", "maxAge": "24h"},
    "row_count": {"type": "ROW_COUNT", "min": 1},
    "row_count_equals": {"type": "ROW_COUNT", "equals": {"node": "n"}, "where": "id > 1"},
    "anomaly_mean": {"type": "ANOMALY", "metric": "mean", "column": "amount"},
    "anomaly_sum": {"type": "ANOMALY", "metric": "sum", "column": "big"},
    "anomaly_expression": {"type": "ANOMALY", "metric": "SUM(id) / COUNT(*)", "where": "id > 1"},
}


def asked(name: str) -> dict[str, exp.Query]:
    """The one statement that measures the rule, and the one that shows rows."""
    rule = {"name": "r", **NOW, **ASKED[name]}
    type_ = RULES[rule["type"]]
    scan = type_.scan(rule, COLUMNS, "grouped")
    measured = exp.Select(expressions=[exp.alias_(tree, key, quoted=True) for key, tree in scan.aggregates.items()]).from_(this())
    for table, relation in scan.grouped.items():
        measured = measured.with_(exp.to_identifier(table, quoted=True), as_=relation, copy=False)
    found: dict[str, exp.Query] = {name: measured}
    return found | ({f"{name} rows": type_.offending(rule, COLUMNS)} if type_.of_rows else {})


TREES = {title: tree for name in ASKED for title, tree in asked(name).items()}


def test_every_type_is_asked() -> None:
    assert {rule["type"] for rule in ASKED.values()} == set(RULES)


@pytest.mark.parametrize("name", SHOWN)
def test_each_rule_is_said_as_the_golden_text_has_it(name: str) -> None:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    made = {title: _said(tree, name) for title, tree in TREES.items()}
    assert made == _held(name, made)


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_said_can_be_read_there(name: str) -> None:
    for title, tree in TREES.items():
        text = _said(tree, name)
        if not text.startswith("stays:"):
            read = sqlglot.parse_one(text, read=dialect(name, VERSIONS.get(name)).writes)
            assert {table.name for table in read.find_all(exp.Table)} == {table.name for table in tree.find_all(exp.Table)}, title


def _said(tree: exp.Query, name: str) -> str:
    found = trust(tree, name, VERSIONS.get(name))
    return sql(tree, name, VERSIONS.get(name)) if found.at_least("documented") else f"stays: {found.why}"


def _held(name: str, blocks: dict[str, str]) -> dict[str, str]:
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.write_text("\n\n".join(f"-- {title}\n{text}" for title, text in blocks.items()) + "\n")
    found = re.split(r"^-- (.+)\n", path.read_text(), flags=re.M)[1:]
    return {title: text.strip() for title, text in zip(found[::2], found[1::2], strict=True)}
