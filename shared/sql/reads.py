"""The SELECT that reads an object of a database, in that database's dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp, parse_one


def select(dialect: str, columns: Sequence[str], options: Mapping[str, Any]) -> str:
    """`options`: of a connector_source, planned: table or query, and where, which is in DuckDB's dialect as the planner leaves it."""
    if query := options.get("query"):
        source: exp.Expr = exp.Subquery(this=parse_one(str(query), dialect=dialect), alias=exp.TableAlias(this=exp.to_identifier("q")))
    else:
        source = named(str(options["table"]))
    tree = exp.Select(expressions=[exp.column(column, quoted=True) for column in columns]).from_(source, copy=False)
    if where := options.get("where"):
        condition = parse_one(str(where), dialect="duckdb")
        for column in condition.find_all(exp.Column):
            column.set("table", None)
        tree.where(condition, copy=False)
    return tree.sql(dialect=dialect, pretty=True)


def named(target: str) -> exp.Table:
    """A table as recipes name it: table, schema.table or catalog.schema.table, each part as it is."""
    *where, table = (exp.to_identifier(part, quoted=True) for part in target.split("."))
    return exp.Table(this=table, db=where[-1] if where else None, catalog=where[-2] if len(where) > 1 else None)
