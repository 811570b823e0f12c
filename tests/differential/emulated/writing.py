"""The statements that publish rows, on the emulations: what is in a table after them is what DuckDB's own leave there.

The table of a session's own is made in the emulation's words (H2 has no private temporary tables and no SELECT … INTO, nor SQL Server's
hints of locks); what fills it and what publishes from it is what the vendor would be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from shared.connectors.dbapi import shown
from shared.connectors.protocols import Query, SinkWrite
from shared.datasets import Column
from shared.sql.dialects import dialect as dialect_of
from shared.sql.dialects.dialect import Dialect
from shared.sql.temporary import called
from shared.sql.writes import STAGED

COLUMNS = (Column("id", "INTEGER"), Column("shop", "TEXT"), Column("n", "INTEGER"))
STORED: list[tuple[Any, ...]] = [(1, "a", 0), (4, "d", 4), (5, "e", None)]
# Rows with one key that differ, that are alike, and of which one has nothing to compare by.
COMPUTED: list[tuple[Any, ...]] = [(1, "a", None), (1, "a", 5), (1, "a", 5), (2, "b", 7), (2, "b", 9), (3, "c", 1), (5, "e", 6)]
AFTER: dict[str, list[tuple[Any, ...]]] = {
    "INSERT": sorted([*STORED, *COMPUTED], key=repr),
    "UPSERT": [(1, "a", 5), (2, "b", 9), (3, "c", 1), (4, "d", 4), (5, "e", 6)],
    "OVERWRITE": sorted(COMPUTED, key=repr),
}

Answers = Callable[[list[str], dict[str, str]], Mapping[str, Any]]


def differences(dialect: str, answers: Answers) -> list[str]:
    """What came out otherwise, as sentences. `answers`: runs statements, then queries, on an emulation, in a database of its own."""
    to = dialect_of(dialect)
    found = []
    for mode, wanted in AFTER.items():
        asked = exp.Select(expressions=_columns()).from_(_table("orders"), copy=False).sql(to.writes)
        (answer,) = answers([*_tables(to), *_said(dialect, mode)], {mode: asked}).values()
        plain = answer if isinstance(answer, str) else sorted([tuple(_plain(value) for value in row) for row in answer], key=repr)
        if plain != sorted([tuple(_plain(value) for value in row) for row in wanted], key=repr):
            found.append(f"{dialect}: {mode} leaves other rows: {plain}")
    return found


def _said(dialect: str, mode: str) -> list[str]:
    """Without what makes the table of the session's own."""
    keys = ("id", "shop") if mode == "UPSERT" else ()
    write = SinkWrite("out", "orders", COLUMNS, mode, keys, (("n", "asc"),) if keys else (), {})
    rows = exp.Select(expressions=_columns()).from_(_table("computed"), copy=False).sql(dialect_of(dialect).writes)
    said = shown.computed(dialect, write, Query(rows))
    return [one.replace(" WITH (HOLDLOCK)", "") for one in (said if mode == "INSERT" else said[1:])]


def _tables(to: Dialect) -> list[str]:
    made = []
    text = "VARCHAR(20)"
    for name, rows, more in (("orders", STORED, ""), ("computed", COMPUTED, ""), (called(STAGED, to), [], ", {} BIGINT")):
        columns = [exp.to_identifier(column.name, quoted=True).sql(to.writes) for column in COLUMNS]
        declared = ", ".join(f"{column} {kind}" for column, kind in zip(columns, ("INTEGER", text, "INTEGER"), strict=True))
        number = more.format(exp.to_identifier("penstock_ordinal", quoted=True).sql(to.writes))
        made.append(f"CREATE TABLE {_table(name).sql(to.writes)} ({declared}{number})")
        made += [
            f"INSERT INTO {_table(name).sql(to.writes)} VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)})" for row in rows
        ]
    return made


def _columns() -> list[exp.Expr]:
    return [exp.column(column.name, quoted=True) for column in COLUMNS]


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _plain(value: Any) -> str:
    return "NULL" if value is None else str(value)
