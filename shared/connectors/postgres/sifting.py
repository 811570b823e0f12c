"""Rows that a table does not take are set aside, and the others go in.

First all rows are written as if none were wrong, which costs nothing. Where the server refuses, what was written is taken back to a
savepoint, the rows are staged in a table without constraints, and one statement finds all that break something it can be asked of all
rows together (`constraints`); the rest is inserted. What even then refuses (a trigger, an exclusion) is found by halves: of the rows in
question half are inserted, then the other half, down to the one that is wrong.

An UPSERT is tried whole once more, since what one statement may write another may not; then by halves of those that were chosen of each key
(`chosen`), which stay written, so that a row is held against those before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from typing import Any, cast

import psycopg
from psycopg import sql

from shared.connectors.errors import RejectedData
from shared.connectors.postgres import chosen, constraints
from shared.connectors.postgres import statements as say
from shared.connectors.postgres.catalogue import Table
from shared.connectors.postgres.constraints import Condition
from shared.connectors.postgres.loads import Copied, Load, Queried, carried_over, roomy_types, table_types
from shared.connectors.protocols import Rows, SinkWrite
from shared.datasets import Column, Columns

Connection = psycopg.Connection[Any]
Figures = dict[str, int | None]
# A row was refused, not the statement: data exceptions (22), integrity constraint violations (23), what a trigger raises (P0001), and a
# view's check option (44).
REFUSED = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.RaiseException,
    psycopg.errors.WithCheckOptionViolation,
    RejectedData,
)
GIVEN, BAD, CHOSEN = "penstock_given", "penstock_bad", "penstock_chosen"
# Found one by one; beyond that it is the load that is wrong.
MOST_BY_HALVES = 10_000
# Our types that JSON has a word for, as the server reads their texts.
_PLAIN: dict[str, Any] = {
    **dict.fromkeys(("SMALLINT", "INTEGER", "BIGINT", "NUMERIC"), "numeric"),
    **dict.fromkeys(("REAL", "DOUBLE PRECISION"), "double precision"),
    "BOOLEAN": "boolean",
}
_IN_MEMORY_BYTES = 8 << 20
_VALIDATES_FROM = 160000
# A character that no text has stands for NUL, which the server would refuse with all the rest.
_NUL = "\U0010fffe"


def is_wanted(sink: SinkWrite) -> bool:
    """Else the first row that is refused ends the write."""
    return bool(sink.options.get("setAside"))


class Teed:
    """Rows that can be asked for again from their beginning, though the engine gives them once: what was given is kept beside.

    To be closed.
    """

    def __init__(self, rows: Rows, arrays: Collection[str]) -> None:
        self._rows, self._blocks = rows, rows.csv_blocks(arrays)
        self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 (closed by `close`)
        self._lengths: list[int] = []

    @property
    def columns(self) -> Columns:
        return self._rows.columns

    @property
    def count(self) -> int:
        return self._rows.count

    def csv_blocks(self, arrays: Collection[str] = ()) -> Iterator[bytes]:
        self._kept.seek(0)
        for length in list(self._lengths):
            yield self._kept.read(length)
        self._kept.seek(0, 2)
        for block in self._blocks:
            self._kept.write(block)
            self._lengths.append(len(block))
            yield block

    def close(self) -> None:
        self._blocks.close()  # type: ignore[attr-defined]
        self._kept.close()


def written(connection: Connection, table: Table, sink: SinkWrite, rows: Rows, write: Callable[[Load], Figures]) -> Figures:
    """`write` publishes a load. Where rows were set aside, the figures have their number as `rejected`, and `rejected` tells them."""
    with closing(Teed(rows, table.arrays)) as teed:
        try:
            with connection.transaction():
                return write(Copied(cast("Rows", teed)))
        except REFUSED as refusal:
            given = Given.copied(connection, table, sink, teed, refusal)
    return given.publish(write)


def computed(
    connection: Connection, table: Table, sink: SinkWrite, rows: Queried, write: Callable[[Load], Figures], refusal: Exception
) -> tuple[Figures, int]:
    """The same for rows that the server computes, after it has refused them; with the number of all of them."""
    given = Given.computed(connection, table, sink, rows, refusal)
    return given.publish(write), given.total


def rejected(connection: Connection, columns: Columns) -> Iterator[tuple[str, str, str | None]]:
    """(record as JSON text, message, rule) of each row that the last write set aside, in their order; then they are forgotten.

    `columns`: of the rows that were written.
    """
    picked = [_in_json(column) for column in columns]
    told = sql.SQL(
        "SELECT (SELECT to_json(said)::text FROM (SELECT {}) AS said), bad.message, bad.rule"
        " FROM {} AS raw JOIN {} AS bad USING ({ordinal}) ORDER BY {ordinal}"
    ).format(sql.SQL(", ").join(picked), _own(GIVEN), _own(BAD), ordinal=sql.Identifier(say.ORDINAL))
    with connection.cursor(name="penstock_rejected") as cursor:
        cursor.itersize = 5_000
        cursor.execute(told)
        yield from cursor
    _forget(connection)


def unwritten(connection: Connection) -> Iterator[list[int]]:
    """The numbers of the rows of the last write that are not in the target, in lists; then they are forgotten."""
    kept = _own(say.UNWRITTEN)
    if connection.execute("SELECT to_regclass(%s) IS NULL", (kept.as_string(connection),)).fetchone() == (True,):
        return
    with connection.cursor(name=say.UNWRITTEN) as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(say.ORDINAL), kept))
        while rows := cursor.fetchmany(50_000):
            yield [number for (number,) in rows]
    connection.execute(say.forget_unwritten())


def _in_json(column: Column) -> sql.Composable:
    """A number is a number in the record, whatever it was to become."""
    value, kind = sql.Identifier("raw", column.name), column.type.partition("(")[0]
    if kind == "BYTEA":
        # As DuckDB spells bytes, which reads them when they are replayed.
        said = sql.SQL("regexp_replace(encode({}::bytea, 'hex'), '(..)', '\\\\x\\1', 'g')").format(value)
    elif kind in _PLAIN:
        said = sql.SQL("CAST({} AS {})").format(value, sql.SQL(_PLAIN[kind]))
    else:
        said = sql.SQL("{}").format(value)
    return sql.SQL("{} AS {}").format(said, sql.Identifier(column.name))


def _own(name: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", name)


def _forget(connection: Connection) -> None:
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}, {}").format(_own(GIVEN), _own(BAD)))


class Given:
    """Rows in a table of the session's own, numbered as they came, without those in another that are set aside: a load like any other.

    Columns whose values may not fit the target's types are texts there. `count`: rows in the target; `total`: all that were given.
    """

    def __init__(self, connection: Connection, table: Table, sink: SinkWrite, columns: Columns, refusal: Exception) -> None:
        self._connection, self._table, self._sink, self.columns = connection, table, sink, columns
        self._names = [column.name for column in columns]
        wanted = table_types(connection, table.oid)
        self._wanted = {name: wanted[name] for name in self._names}
        self._roomy = roomy_types(connection, table.oid)
        self._texts = {column.name for column in columns if not carried_over(column.type, self._wanted[column.name])}
        self._nul = False
        self._by_halves = self.count = self.total = 0
        # Rows that are loaded: from this number to that, or to the last; and only those that were chosen.
        self._low: int = 1
        self._high: int | None = None
        self._only_chosen = False
        if constraints.unwritable(connection, table, self._names):
            raise refusal
        _forget(connection)
        made = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL("text") if name in self._texts else say.raw(self._wanted[name]))
            for name in self._names
        ]
        numbered = sql.SQL("{} bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000)").format(sql.Identifier(say.ORDINAL))
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(GIVEN), sql.SQL(", ").join([*made, numbered]))
        )
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ({} bigint PRIMARY KEY, message text, rule text) ON COMMIT DROP").format(
                sql.Identifier(BAD), sql.Identifier(say.ORDINAL)
            )
        )

    @staticmethod
    def copied(connection: Connection, table: Table, sink: SinkWrite, rows: Teed, refusal: Exception) -> Given:
        given = Given(connection, table, sink, rows.columns, refusal)
        with closing(rows.csv_blocks()) as blocks, connection.cursor().copy(say.copy(_own(GIVEN), given._names)) as copy:  # type: ignore[type-var]
            for block in blocks:
                if b"\0" in block:
                    given._nul = True
                    block = block.replace(b"\0", _NUL.encode())
                copy.write(block)
        given.total = rows.count
        return given

    @staticmethod
    def computed(connection: Connection, table: Table, sink: SinkWrite, rows: Queried, refusal: Exception) -> Given:
        given = Given(connection, table, sink, sink.columns, refusal)
        values = [
            sql.SQL("CAST({0} AS text) AS {0}").format(sql.Identifier(name)) if name in given._texts else sql.Identifier(name)
            for name in given._names
        ]
        inserted = say.insert_rows(_own(GIVEN), given._names, rows.query.relations, say.picked(values, given._names, rows.query.sql))
        given.total = connection.execute(inserted).rowcount
        return given

    @property
    def rejected(self) -> int:
        return self._counted(sql.SQL("SELECT count(*) FROM {}").format(_own(BAD)))

    def publish(self, write: Callable[[Load], Figures]) -> Figures:
        self._set_aside()
        if self._sink.write_mode == "UPSERT":
            figures = self._upserted(write)
        else:
            figures = write(self)
            self._keep_unwritten(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(say.ORDINAL), _own(BAD)))
        aside = self.rejected
        if not aside:
            _forget(self._connection)
        return figures | {"rejected": aside}

    def into(self, connection: Connection, target: sql.Composable) -> None:
        self.count = self._inserted(target, self._low, self._high)

    def apart(self, connection: Connection) -> Load:
        return self

    def _upserted(self, write: Callable[[Load], Figures]) -> Figures:
        try:
            with self._connection.transaction():
                whole = write(self)
        except REFUSED:
            # What it set aside was taken back with it.
            self._by_halves = 0
        else:
            self._keep_unwritten(self._all_but(chosen.chosen(self._sink, self._table, self._good(), ())))
            return whole
        good, columns = self._good(), self._sink.upsert_keys
        picked = chosen.chosen(self._sink, self._table, good, columns)
        self._connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM ({}) AS c").format(
                sql.Identifier(CHOSEN), sql.Identifier(say.ORDINAL), picked
            )
        )
        for table in (GIVEN, CHOSEN):
            self._connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(_own(table), sql.Identifier(say.ORDINAL)))
        merged = self._counted(sql.SQL("SELECT count(*) FROM {}").format(good)) - self._counted(
            sql.SQL("SELECT count(*) FROM {}").format(_own(CHOSEN))
        )
        self._only_chosen = True
        figures: Figures = {"rowsInserted": 0, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": merged}
        for part in self._parts(write, 1, self._last()):
            figures = {name: (value or 0) + (part.get(name) or 0) for name, value in figures.items()}
        taken = sql.SQL("SELECT {0} FROM {1} EXCEPT SELECT {0} FROM {2}").format(sql.Identifier(say.ORDINAL), _own(CHOSEN), _own(BAD))
        self._keep_unwritten(self._all_but(taken))
        self._connection.execute(sql.SQL("DROP TABLE {}").format(_own(CHOSEN)))
        return figures

    def _all_but(self, taken: sql.Composable) -> sql.Composed:
        return sql.SQL("SELECT {} FROM {} EXCEPT ({})").format(sql.Identifier(say.ORDINAL), _own(GIVEN), taken)

    def _keep_unwritten(self, ordinals: sql.Composable) -> None:
        """By the numbers that the rows came with: those that the write itself has kept go by the rows that were left."""
        if self._sink.options.get("tellUnwritten"):
            self._connection.execute(say.forget_unwritten())
            self._connection.execute(say.keep_unwritten(ordinals))

    def _parts(self, write: Callable[[Load], Figures], low: int, high: int) -> Iterator[Figures]:
        """Figures of what was written of the rows of these numbers; the others are set aside."""
        self._low, self._high = low, high
        try:
            with self._connection.transaction():
                figures = write(self)
        except REFUSED as refusal:
            if low >= high:
                self._set_one_aside(low, refusal)
                return
            middle = (low + high) // 2
            yield from self._parts(write, low, middle)
            yield from self._parts(write, middle + 1, high)
        else:
            yield figures

    def _set_aside(self) -> None:
        """All that one statement can tell of all rows together."""
        connection = self._connection
        connection.execute(say.roomy())
        connection.execute(sql.SQL("ANALYZE {}").format(_own(GIVEN)))
        if self._texts and connection.info.server_version < _VALIDATES_FROM:
            return
        found: list[Condition] = constraints.no_nul([c.name for c in self.columns if self._is_text(c.name)], _NUL) if self._nul else []
        found += [constraints.unfit(name, self._wanted[name]) for name in self._names if name in self._texts]
        if self._sink.write_mode == "UPSERT":
            found += constraints.no_key(self._sink.upsert_keys, self._table)
        found += constraints.of_rows(connection, self._table, self._names)
        # A condition may itself fail on a row; then that row shows when it is inserted.
        with suppress(*REFUSED), connection.transaction():
            if found:
                connection.execute(self._broken(found))
        but = self._sink.upsert_keys if self._sink.write_mode == "UPSERT" else ()
        for unique in constraints.unique_indexes(connection, self._table, self._names, but):
            with suppress(*REFUSED), connection.transaction():
                connection.execute(self._doubled(unique))

    def _is_text(self, name: str) -> bool:
        return name in self._texts or self._wanted[name].startswith(("text", "character"))

    def _broken(self, found: Sequence[Condition]) -> sql.Composed:
        """Each row that breaks something, with the first that it breaks."""
        numbered = list(enumerate(found))
        why = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(one.broken, sql.Literal(at)) for at, one in numbered)
        messages = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(sql.Literal(at), one.message) for at, one in numbered)
        rules = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(sql.Literal(at), sql.Literal(one.rule)) for at, one in numbered)
        return sql.SQL(
            "INSERT INTO {bad} ({ordinal}, message, rule) SELECT {ordinal}, CASE penstock_why {messages} END, CASE penstock_why {rules} END"
            ' FROM (SELECT raw.*, CASE {why} END AS penstock_why FROM {given} AS raw, LATERAL (SELECT {typed}) AS "row") AS raw'
            " WHERE penstock_why IS NOT NULL"
        ).format(
            bad=_own(BAD),
            ordinal=sql.Identifier(say.ORDINAL),
            messages=messages,
            rules=rules,
            why=why,
            given=_own(GIVEN),
            typed=self._typed(),
        )

    def _repeated(self, unique: constraints.Unique) -> sql.Composed:
        """Of rows with one key the first stays; none does where the table has the key already, and keeps it."""
        keys = unique.columns
        there = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier("row", key)) for key in keys)
        good = sql.SQL("SELECT raw.{ordinal}, {keys} FROM {good} AND {there}").format(
            ordinal=sql.Identifier(say.ORDINAL), keys=say.listed(keys, "row"), good=self._good(), there=there
        )
        same = sql.SQL(" AND ").join(sql.SQL("g.{0} = o.{0}").format(sql.Identifier(key)) for key in keys)
        found = sql.SQL(
            "SELECT g.{ordinal}, {own} FROM good AS g"
            " JOIN (SELECT {keys}, min({ordinal}) AS first FROM good GROUP BY {keys} HAVING count(*) > 1)"
            " AS o ON {same} WHERE g.{ordinal} > o.first"
        ).format(ordinal=sql.Identifier(say.ORDINAL), own=say.listed(keys, "g"), keys=say.listed(keys), same=same)
        if self._sink.write_mode != "OVERWRITE":
            known = sql.SQL("SELECT g.{ordinal}, {own} FROM good AS g JOIN {table} AS o ON {same}").format(
                ordinal=sql.Identifier(say.ORDINAL),
                own=say.listed(keys, "g"),
                table=sql.Identifier(self._table.schema, self._table.name),
                same=same,
            )
            found = sql.SQL("{} UNION {}").format(found, known)
        return sql.SQL("WITH good AS MATERIALIZED ({}) {}").format(good, found)

    def _doubled(self, unique: constraints.Unique) -> sql.Composed:
        """Sets those aside whose unique values another row has."""
        if self._sink.write_mode == "UPSERT":
            found = chosen.taken(self._sink, self._table, self._good(), unique)
        else:
            found = self._repeated(unique)
        said = f'duplicate key value violates unique constraint "{unique.index}": Key ({", ".join(unique.columns)})=('
        return sql.SQL(
            "INSERT INTO {bad} ({ordinal}, message, rule)"
            " SELECT {ordinal}, {said} || concat_ws(', ', {keys}) || ') is there already', {rule} FROM ({found}) AS f"
        ).format(
            bad=_own(BAD),
            ordinal=sql.Identifier(say.ORDINAL),
            said=sql.Literal(said),
            keys=say.listed(unique.columns, "f"),
            rule=sql.Literal(unique.index),
            found=found,
        )

    def _good(self) -> sql.Composed:
        """What stands behind FROM: all rows that are not set aside, as `raw`, and typed as "row"."""
        return sql.SQL(
            '{given} AS raw, LATERAL (SELECT {typed}) AS "row"'
            " WHERE NOT EXISTS (SELECT FROM {bad} AS bad WHERE bad.{ordinal} = raw.{ordinal})"
        ).format(given=_own(GIVEN), typed=self._typed(), bad=_own(BAD), ordinal=sql.Identifier(say.ORDINAL))

    def _counted(self, query: sql.Composed) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _typed(self) -> sql.Composed:
        """Columns in the target's types; NULL where a text is no value of its type."""
        return sql.SQL(", ").join(self._value(name) for name in self._names)

    def _value(self, name: str) -> sql.Composed:
        column, wanted = sql.Identifier("raw", name), self._wanted[name]
        if name not in self._texts:
            return sql.SQL("{}").format(column)
        validated = self._connection.info.server_version >= _VALIDATES_FROM
        # A value that nobody has looked at is not to be cut off.
        cast = sql.SQL("CAST({} AS {})").format(column, say.raw(wanted if validated else self._roomy[name]))
        if validated:
            cast = sql.SQL("CASE WHEN pg_input_is_valid({}, {}) THEN {} END").format(column, sql.Literal(wanted), cast)
        return sql.SQL("{} AS {}").format(cast, sql.Identifier(name))

    def _inserted(self, target: sql.Composable, low: int, high: int | None) -> int:
        """Rows of these numbers that are in the target now; the others are set aside. `high` None: all from `low` on."""
        try:
            with self._connection.transaction():
                return self._connection.execute(self._insert(target, low, high)).rowcount
        except REFUSED as refusal:
            if high is None:
                # One look at the table for each half would be a look at all of it.
                self._connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(_own(GIVEN), sql.Identifier(say.ORDINAL)))
                high = self._last()
            if low >= high:
                self._set_one_aside(low, refusal)
                return 0
        middle = (low + high) // 2
        return self._inserted(target, low, middle) + self._inserted(target, middle + 1, high)

    def _last(self) -> int:
        return self._counted(sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(sql.Identifier(say.ORDINAL), _own(GIVEN)))

    def _set_one_aside(self, ordinal: int, refusal: Exception) -> None:
        self._by_halves += 1
        if self._by_halves > MOST_BY_HALVES or not isinstance(refusal, psycopg.Error):
            raise refusal
        said = refusal.diag.message_primary or str(refusal).strip()
        detail = f": {refusal.diag.message_detail}" if refusal.diag.message_detail else ""
        self._connection.execute(
            sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(_own(BAD)), (ordinal, f"{said}{detail}", refusal.diag.constraint_name)
        )

    def _insert(self, target: sql.Composable, low: int, high: int | None) -> sql.Composed:
        among = (
            sql.SQL("")
            if high is None
            else sql.SQL(" AND raw.{} BETWEEN {} AND {}").format(sql.Identifier(say.ORDINAL), sql.Literal(low), sql.Literal(high))
        )
        return sql.SQL("INSERT INTO {target} ({names}) SELECT {own} FROM {good}{among}{chosen}{order}").format(
            chosen=sql.SQL(" AND EXISTS (SELECT FROM {0} AS c WHERE c.{1} = raw.{1})").format(_own(CHOSEN), sql.Identifier(say.ORDINAL))
            if self._only_chosen
            else sql.SQL(""),
            # Of two rows with one key the later may win.
            order=sql.SQL(" ORDER BY raw.{}").format(sql.Identifier(say.ORDINAL)) if self._sink.write_mode == "UPSERT" else sql.SQL(""),
            target=target,
            names=say.listed(self._names),
            own=say.listed(self._names, "row"),
            good=self._good(),
            among=among,
        )
