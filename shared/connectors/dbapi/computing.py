"""Rows that a database computes itself and writes in the session's transaction: INSERT … SELECT, by way of a temporary table where the
target itself may be among what is read.

A value goes into a column of its own kind as it is. Where it would have to be converted, and databases differ in how they cut and round,
the rows pass through here in pieces instead, and are fitted as rows from elsewhere are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.dbapi.arrow_types import arrow_type, numeric
from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.dbapi.from_python import array
from shared.connectors.protocols import Query
from shared.datasets import Columns
from shared.sql.reads import rows_of

COMPUTED = "penstock_computed"
PIECE_ROWS = 20_000
_WHOLE = {"SMALLINT": 1, "INTEGER": 2, "BIGINT": 3}
# Digits that any value of them has at most.
_DIGITS = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


def text(database: Database, query: Query, select: str | None = None) -> str:
    """The query's relations before its SELECT, or before another."""
    names = [(say.quoted(name).sql(database.dialect), sql) for name, sql in query.relations]
    before = ", ".join(f"{name} AS ({sql})" for name, sql in names)
    return f"WITH {before} {select or query.sql}" if before else select or query.sql


def keep(database: Database, connection: Connection, name: str, query: Query) -> int:
    """A temporary table of the query's rows; how many there are."""
    database.make_own(connection, name, text(database, query))
    (rows,) = database.fetch_one(connection, say.count(say.table(name)))
    return int(rows)


def tally(
    database: Database, connection: Connection, tallies: Sequence[tuple[str, str | None]], query: Query | None = None
) -> tuple[int | None, ...]:
    """Rows of relations, or sums of their columns; sums of no rows are 0."""
    counts = []
    for relation, column in tallies:
        what = exp.Count(this=exp.Star()) if column is None else exp.Sum(this=exp.column(column, quoted=True))
        said = exp.Select(expressions=[what]).from_(say.table(relation), copy=False).sql(database.dialect)
        (found,) = database.fetch_one(connection, text(database, query, said) if query else said)
        counts.append(int(found or 0))
    return tuple(counts)


def exact(given: Columns, table: Table) -> bool:
    """Every column is of the target's own kind, or of one that it holds whole."""
    wanted = {column.name: column.type for column in table.columns}
    return all(_holds(column.type, wanted[column.name]) for column in given)


def _holds(given: str, wanted: str) -> bool:
    if given == wanted:
        return True
    if given in _WHOLE and wanted in _WHOLE:
        return _WHOLE[given] <= _WHOLE[wanted]
    mine, other = (_DIGITS[given], 0) if given in _DIGITS else numeric(given), numeric(wanted)
    if mine is not None and other is not None:
        return mine[1] <= other[1] and mine[0] - mine[1] <= other[0] - other[1]
    return (given, wanted) in {("REAL", "DOUBLE PRECISION"), ("SMALLINT", "DOUBLE PRECISION"), ("INTEGER", "DOUBLE PRECISION")}


def insert(database: Database, connection: Connection, into: exp.Table, names: Sequence[str], query: Query, *, numbered: bool) -> int:
    """The query's rows into a table, in one statement; how many."""
    select = text(database, query, say.picked(names, query.sql, numbered=numbered).sql(database.dialect))
    return database.execute(connection, say.inserted(into, names, select, numbered=numbered).sql(database.dialect))


class Kept:
    """Computed rows on their way through here, in pieces, from a temporary table of the same session."""

    def __init__(self, database: Database, connection: Connection, columns: Columns, query: Query) -> None:
        self._database, self._connection, self.columns = database, connection, columns
        numbered = exp.Select(
            expressions=[*say.columns([c.name for c in columns], "q"), exp.alias_(_row_number(), say.ORDINAL, quoted=True)]
        ).from_(rows_of(query.sql, say.quoted("q")), copy=False)
        select = numbered.sql(database.dialect)
        self.count = keep(database, connection, COMPUTED, Query(select, query.relations))

    def arrow(self) -> pa.RecordBatchReader:
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in self.columns])
        return pa.RecordBatchReader.from_batches(schema, self._pieces(schema))

    def _pieces(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        ordinal = exp.column(say.ORDINAL, quoted=True)
        for first in range(1, self.count + 1, PIECE_ROWS):
            picked = exp.Select(expressions=say.columns([c.name for c in self.columns])).from_(say.table(COMPUTED), copy=False)
            between = exp.Between(this=ordinal.copy(), low=exp.Literal.number(first), high=exp.Literal.number(first + PIECE_ROWS - 1))
            rows = self._database.fetch(self._connection, picked.where(between, copy=False))
            lists = list(zip(*rows, strict=True))
            arrays = [array(column, lists[at], first) for at, column in enumerate(self.columns)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def forget(self) -> None:
        self._database.execute(self._connection, self._database.forget(COMPUTED))


def _row_number() -> exp.Window:
    # Which row gets which number is the same to all: an UPSERT's order says who wins, to the last column.
    return exp.Window(this=exp.RowNumber())
