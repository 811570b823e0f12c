"""What fills a table: rows that arrive by COPY, or a query that the server computes itself. Publishing is the same for both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import Any, Protocol, cast

import psycopg
from psycopg import sql

from shared.connectors.postgres import statements as say
from shared.connectors.postgres.catalogue import Table
from shared.connectors.protocols import Query, Rows, SinkWrite
from shared.datasets import Columns

Connection = psycopg.Connection[Any]
Tally = tuple[str, str | None]
KEPT = "penstock_kept"

# (from, to) of values that an assignment carries over exactly; all others go by their text, as they do by COPY.
_EXACT = {
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("integer", "bigint"),
    ("smallint", "numeric"),
    ("integer", "numeric"),
    ("bigint", "numeric"),
    ("smallint", "double precision"),
    ("integer", "double precision"),
    ("real", "double precision"),
    ("date", "timestamp without time zone"),
    ("text", "character varying"),
}


# Our types whose names the catalogue spells otherwise.
_SPELLED = {
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
    "TIME": "time without time zone",
}


class Load(Protocol):
    """`columns` in the order in which they come; `count` is known once `into` was called, which is once."""

    @property
    def columns(self) -> Columns: ...

    @property
    def count(self) -> int: ...

    def into(self, connection: Connection, target: sql.Composable) -> None: ...

    def apart(self, connection: Connection) -> Load:
        """The same rows, whatever is deleted from now on."""
        ...


class Copied:
    def __init__(self, rows: Rows, arrays: Collection[str] = ()) -> None:
        self._rows, self._arrays = rows, arrays

    @property
    def columns(self) -> Columns:
        return self._rows.columns

    @property
    def count(self) -> int:
        return self._rows.count

    def into(self, connection: Connection, target: sql.Composable) -> None:
        statement = say.copy(target, [column.name for column in self.columns])
        with closing(self._rows.csv_blocks(self._arrays)) as blocks, connection.cursor().copy(statement) as copy:  # type: ignore[type-var]
            for block in blocks:
                copy.write(block)

    def apart(self, connection: Connection) -> Load:
        return self


class Queried:
    """`tallies`, in the query's order, are known when `count` is."""

    def __init__(self, connection: Connection, write: SinkWrite, query: Query, table: Table) -> None:
        self.columns, self.query = write.columns, query
        self.rows = _typed(connection, write, query, table)
        self.count = 0
        self.tallies: tuple[int | None, ...] = ()

    def into(self, connection: Connection, target: sql.Composable) -> None:
        names = [column.name for column in self.columns]
        if not self.query.tallies:
            self.count = connection.execute(say.insert_rows(target, names, self.query.relations, self.rows)).rowcount
            return
        counted = connection.execute(say.insert_counted(target, names, self.query, self.rows)).fetchone()
        self.count, *tallies = counted or (0,)
        self.tallies = whole(tallies)

    def apart(self, connection: Connection) -> Load:
        kept = connection.execute(say.keep(KEPT, self.query.relations, self.rows))
        self.count = kept.rowcount
        self.tallies = tally(connection, self.query.tallies, self.query.relations)
        return _Kept(self)


class _Kept:
    def __init__(self, of: Queried) -> None:
        self.columns, self.count = of.columns, of.count

    def into(self, connection: Connection, target: sql.Composable) -> None:
        names = [column.name for column in self.columns]
        connection.execute(say.insert_rows(target, names, (), sql.SQL("SELECT {} FROM {}").format(say.listed(names), sql.Identifier(KEPT))))
        connection.execute(say.drop(KEPT))

    def apart(self, connection: Connection) -> Load:
        return self


def tally(connection: Connection, tallies: Sequence[Tally], relations: Sequence[tuple[str, str]] = ()) -> tuple[int | None, ...]:
    if not tallies:
        return ()
    return whole(connection.execute(say.count_only(relations, tallies)).fetchone() or ())


def whole(values: Sequence[Any]) -> tuple[int | None, ...]:
    """Sums of counts are numerics; of no rows at all, NULL."""
    return tuple(int(value or 0) for value in values)


def fetch(connection: Connection, query: Query) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="penstock_fetch") as cursor:
        cursor.itersize = 5_000
        cursor.execute(say.select_rows(query.relations, say.raw(query.sql)))
        yield from cursor


def _typed(connection: Connection, write: SinkWrite, query: Query, table: Table) -> sql.Composed:
    """The query's rows in the types of the table's columns, as COPY would convert them: 3.7 is refused as an integer, not rounded."""
    names = [column.name for column in write.columns]
    given = _described(connection, say.select_rows(query.relations, say.raw(query.sql)))
    wanted, roomy = table_types(connection, table.oid), roomy_types(connection, table.oid)
    values = [say.converted(name, None if _exact(given[at], wanted[name]) else roomy[name]) for at, name in enumerate(names)]
    return say.picked(values, names, query.sql)


def carried_over(type_: str, wanted: str) -> bool:
    """Every value of one of our types is a value of the catalogue's type `wanted`, whatever it is."""
    given = _SPELLED.get(type_, type_.lower().replace(", ", ","))
    if given == wanted:
        return True
    source, target = _base(given), _base(wanted)
    return "(" not in wanted and (source == target or target == "text" or (source, target) in _EXACT)


def _exact(given: str, wanted: str) -> bool:
    source, target = _base(given), _base(wanted)
    if source == target or (source, target) in _EXACT:
        return True
    # A number without places fits a whole one or is refused; anything has a text.
    return target == "text" or (source == "numeric" and given.endswith(",0)") and target in {"smallint", "integer", "bigint"})


def _base(formatted: str) -> str:
    """Without length or precision: "timestamp(3) without time zone" is a timestamp."""
    before, _, rest = formatted.partition("(")
    return before + rest.partition(")")[2]


def table_types(connection: Connection, oid: int) -> dict[str, str]:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
        (oid,),
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def roomy_types(connection: Connection, oid: int) -> dict[str, str]:
    """The same, but texts and bits without their length, and not as domains of them: a CAST cuts a value off that is too long, where COPY
    and the assignment to the column refuse it.
    """
    rows = connection.execute(
        """
        WITH RECURSIVE wanted AS (
          SELECT attname, atttypid AS type, format_type(atttypid, atttypmod) AS said
            FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
          UNION ALL
          SELECT w.attname, t.typbasetype, w.said FROM wanted w JOIN pg_type t ON t.oid = w.type WHERE t.typtype = 'd'
        )
        SELECT w.attname, CASE WHEN coalesce(e.oid, t.oid) IN ('bpchar'::regtype, 'varchar'::regtype, 'bit'::regtype, 'varbit'::regtype)
                               THEN replace(format_type(w.type, -1), '"bit"', 'bit varying') ELSE w.said END
          FROM wanted w JOIN pg_type t ON t.oid = w.type LEFT JOIN pg_type e ON e.typarray = t.oid
         WHERE t.typtype <> 'd'
        """,
        (oid,),
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def _described(connection: Connection, query: sql.Composable) -> list[str]:
    """Types of a query's columns, by the server, which does not run it."""
    prepared = connection.pgconn.prepare(b"penstock_described", query.as_bytes(connection))
    if prepared.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(prepared, encoding="utf-8")
    found = connection.pgconn.describe_prepared(b"penstock_described")
    kinds = [(found.ftype(at), found.fmod(at)) for at in range(found.nfields)]
    rows = connection.execute(
        "SELECT format_type(o, m) FROM unnest(%s::oid[], %s::integer[]) WITH ORDINALITY AS t (o, m, at) ORDER BY at",
        ([kind for kind, _ in kinds], [modifier for _, modifier in kinds]),
    ).fetchall()
    connection.execute("DEALLOCATE penstock_described")
    return [cast(str, row[0]) for row in rows]
