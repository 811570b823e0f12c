"""The SELECT that reads an object of a database, in that database's dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp, parse_one

from shared.sql.dialects import dialect as dialect_of
from shared.sql.table_names import split


def select(dialect: str, columns: Sequence[str], options: Mapping[str, Any]) -> str:
    """`dialect`: one of `shared.sql.dialects`. `options`: of a connector_source, planned: table or query, and where, which is in DuckDB's
    dialect as the planner leaves it.
    """
    spoken = dialect_of(dialect).writes
    if query := options.get("query"):
        # As it was written: vendors' SQL does not survive being written anew.
        source: exp.Expr = rows_of(inner(str(query)), exp.to_identifier("q"))
    else:
        source = named(str(options["table"]))
    tree = exp.Select(expressions=[exp.column(column, quoted=True) for column in columns]).from_(source, copy=False)
    if where := options.get("where"):
        condition = parse_one(str(where), dialect="duckdb")
        for column in condition.find_all(exp.Column):
            column.set("table", None)
        tree.where(condition, copy=False)
    return tree.sql(dialect=spoken, pretty=True)


def rows_of(query: str, name: exp.Identifier) -> exp.Table:
    """The rows of a SELECT that is text, where SQL has a table."""
    # Not a subquery: Snowflake's own rewrites want to look into those.
    return exp.Table(this=exp.Var(this=f"({query})"), alias=exp.TableAlias(this=name))


def inner(query: str) -> str:
    """A query as a person wrote it, to stand in parentheses: whatever it is, it can only be a SELECT there."""
    # A comment at its end must not hide what follows.
    return query.rstrip().rstrip(";") + "\n"


def named(target: str) -> exp.Table:
    """A table as recipes name it: table or schema.table, each part as it is; the schema may be catalog.schema."""
    schema, table = split(target)
    catalog, _, inner = (schema or "").rpartition(".")
    parts = [exp.to_identifier(part, quoted=True) if part else None for part in (table, inner, catalog)]
    return exp.Table(this=parts[0], db=parts[1], catalog=parts[2])
