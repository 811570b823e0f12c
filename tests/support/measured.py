"""One rule measured over the table `this` of a DuckDB connection, as plainly as it can be."""

from __future__ import annotations

from typing import Any

import duckdb
from sqlglot import exp

from shared.datasets import Columns
from shared.rules import RULES, Verdict
from shared.rules.types import Rule, this
from shared.sql.render import sql


def verdict(connection: duckdb.DuckDBPyConnection, columns: Columns, rule: Rule, **beside: Any) -> Verdict:
    """`beside`: what the verdict needs that is no aggregate. What the rule compares with is a table of the connection, under its name."""
    type_ = RULES[rule["type"]]
    scan = type_.scan(rule, columns, "grouped")
    select = exp.Select(expressions=[exp.alias_(tree, name, quoted=True) for name, tree in scan.aggregates.items()]).from_(this())
    for table, relation in scan.grouped.items():
        select = select.with_(exp.to_identifier(table, quoted=True), as_=relation, copy=False)
    (values,) = connection.execute(sql(select, "duckdb")).fetchall()
    return type_.verdict(rule, dict(zip(scan.aggregates, values, strict=True)) | beside)
