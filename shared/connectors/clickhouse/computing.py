"""Rows that ClickHouse computes itself for a sink of its own: into the staged table, from where they are published like all others.

It has no snapshot that several statements share, and not even one statement always sees a table the same way twice. So what a query reads
of tables is kept first, in a table of its own, once; whatever is counted, fetched or written later is computed from what was kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from shared.connectors.clickhouse.catalogue import query_columns
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.reading import select, values
from shared.connectors.clickhouse.staging import Staging
from shared.connectors.clickhouse.statements import insert_query
from shared.connectors.clickhouse.targets import identifier
from shared.connectors.clickhouse.types import nullable, plain
from shared.connectors.protocols import Query
from shared.datasets import Column, Columns
from shared.sql.reads import named

Tally = tuple[str, str | None]


class Computing:
    """What one session has kept: by the name that queries give it, the table that holds it."""

    def __init__(self, server: Server, staging: Staging) -> None:
        self._server, self._staging = server, staging
        self._kept: dict[str, tuple[str, str]] = {}

    def keep(self, name: str, query: Query) -> int:
        """A relation that later queries name; how many rows it has."""
        return self._rows(self._hold(name, self.text(query)))

    def text(self, query: Query, last: str | None = None) -> str:
        """The query, or another SELECT after its relations, over what is kept. A relation that reads tables is kept here and now."""
        said: list[str] = []
        before: set[str] = set()
        for name, sql in query.relations:
            if name not in self._kept and _reads_tables(sql, before | self._kept.keys()):
                self._hold(name, _with(said, self._over_kept(sql)))
            if name not in self._kept:
                said.append(f"{identifier(name)} AS ({self._over_kept(sql)})")
            before.add(name)
        return _with(said, self._over_kept(last or query.sql))

    def tally(self, tallies: Sequence[Tally], query: Query | None = None) -> tuple[int | None, ...]:
        """Rows of relations, or sums of their columns; sums of no rows are 0."""
        counts = []
        for relation, column in tallies:
            what: exp.Expr = exp.Count(this=exp.Star())
            if column is not None:
                # Counts, which a sum of their own type might wrap round.
                what = exp.Sum(this=exp.Anonymous(this="toInt128", expressions=[exp.column(column, quoted=True)]))
            said = exp.Select(expressions=[what]).from_(exp.Table(this=exp.to_identifier(relation, quoted=True))).sql("clickhouse")
            ((found,),) = self._server.ask(self.text(query or Query(said), said))
            counts.append(int(found or 0))
        return tuple(counts)

    def fetch(self, query: Query) -> Iterator[tuple[object, ...]]:
        text = self.text(query)
        columns, _ = query_columns(self._server, text)
        for batch in self.batches(text, columns):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def batches(self, text: str, columns: Columns) -> Iterator[pa.RecordBatch]:
        """The rows themselves, as those columns are read."""
        first = 1
        for batch in self._server.rows(select(self._server, {"query": text}, columns)):
            yield values(batch, columns, first)
            first += batch.num_rows

    def insert(self, into: str, names: Sequence[str], text: str, ordinal: str | None) -> int:
        """The rows of a query into an empty table, in one statement; how many there are then."""
        self._server.tell(insert_query(into, names, text, ordinal))
        return self._rows(into)

    def exact(self, text: str, taken: Sequence[tuple[Column, str]]) -> bool:
        """Every column is of the target's own type: any other would be converted, and wrapped round or cut without a word."""
        columns, kinds = query_columns(self._server, text)
        given = {column.name: kind for column, kind in zip(columns, kinds, strict=True)}
        return all(plain(given[c.name]) == plain(kind) and (nullable(kind) or not nullable(given[c.name])) for c, kind in taken)

    def _hold(self, name: str, text: str) -> str:
        made = self._staging.kept()
        self._server.tell(f"CREATE TABLE {named(made).sql('clickhouse')} ENGINE = MergeTree ORDER BY tuple() AS {text}")
        self._kept[name] = (made, identifier(name))
        return made

    def _over_kept(self, sql: str) -> str:
        """With what is kept named before it, as relations that are tables."""
        used = []
        for made, said in self._kept.values():
            if said in sql:
                every = exp.Select(expressions=[exp.Star()]).from_(named(made), copy=False)
                used.append(f"{said} AS ({every.sql('clickhouse')})")
        return _with(used, sql)

    def _rows(self, table: str) -> int:
        ((rows,),) = self._server.ask(exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(named(table)))
        return int(rows)


def _with(relations: Sequence[str], sql: str) -> str:
    """One list of relations for both, where the statement has its own already."""
    if not relations:
        return sql
    before = ", ".join(relations)
    if sql.startswith("WITH "):
        return f"WITH {before}, {sql.removeprefix('WITH ')}"
    return f"WITH {before} {sql}"


def _reads_tables(sql: str, relations: set[str]) -> bool:
    """Of the database; True for what cannot be read."""
    try:
        tree = sqlglot.parse_one(sql, dialect="clickhouse")
    except (SqlglotError, RecursionError):
        return True
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return any(table.db or table.name not in relations | own for table in tree.find_all(exp.Table))
