"""The three ways rows get into a table: INSERT, UPSERT, OVERWRITE, each whole in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlglot import exp

from shared.connectors.dbapi import computing
from shared.connectors.dbapi import statements as say
from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.dbapi.spooled import Spooled
from shared.connectors.errors import Misconfigured, NotFound, RejectedData
from shared.connectors.evolution import add_column, added, default_of
from shared.connectors.protocols import ArrowRows, Computed, Query, SinkWrite
from shared.datasets import Column, Columns
from shared.sql.reads import named

Figures = dict[str, int | None]
_PIECE_ROWS = 200_000
NOT_KNOWN: Figures = dict.fromkeys(("rowsInserted", "rowsUpdated", "rowsUnchanged", "rowsDeleted"))


@dataclass(frozen=True, slots=True)
class Publishing:
    """`begin` opens the transaction, once; False: an earlier attempt turned out to have committed, and nothing may be written.

    `staged`: the session's own table for rows on their way; where making tables ends a transaction, it is there already.
    """

    database: Database
    connection: Connection
    begin: Callable[[], bool]
    staged: str = say.STAGED

    def write(self, sink: SinkWrite, rows: ArrowRows) -> Figures:
        """Rows that come from elsewhere."""
        table = self.target(sink, rows.columns)
        reader = rows.arrow()
        names = list(reader.schema.names)
        taken = taken_of(sink, table, names)
        staged = sink.write_mode == "UPSERT" or not self.database.direct
        if staged:
            into = say.insert_values(say.table(self.staged), [*names, say.ORDINAL])
            with self.database.staging(self.connection):
                self._stage(sink, names)
                self.database.load(self.connection, into, taken, table, reader, numbered=True)
        if not self.begin():
            return dict(NOT_KNOWN)

        def load() -> None:
            self.database.load(self.connection, say.insert_values(named(sink.target), names), taken, table, reader, numbered=False)

        return self._publish(sink, table, names, None if staged else load, lambda: rows.count)

    def write_query(self, sink: SinkWrite, query: Query) -> Computed:
        """Rows that the database computes itself; the transaction has begun, but where its own tables have to be made before that."""
        names = [column.name for column in sink.columns]
        table = self.target(sink, sink.columns)
        taken_of(sink, table, names)
        # Before anything is written: a later statement sees what this one wrote.
        tallies = computing.tally(self.database, self.connection, query.tallies, query)
        if not computing.exact(sink.columns, table):
            if self.database.ddl_commits:
                with closing(Spooled(self.database, self.connection, sink.columns, query)) as spooled:
                    return Computed(self.write(sink, spooled), spooled.count, tallies)
            kept = computing.Kept(self.database, self.connection, sink.columns, query)
            figures = self.write(sink, kept)
            kept.forget()
            return Computed(figures, kept.count, tallies)
        if not self.begin():
            return Computed(dict(NOT_KNOWN), None, tallies)
        count = 0
        if sink.write_mode == "INSERT":

            def load() -> None:
                nonlocal count
                count = computing.insert(self.database, self.connection, named(sink.target), names, query, numbered=False)

            figures = self._publish(sink, table, names, load, lambda: count)
            if count < 0:
                # The driver does not say.
                return Computed({**figures, "rowsInserted": None}, None, tallies)
            return Computed(figures, count, tallies)
        self._stage(sink, names)
        count = computing.insert(self.database, self.connection, say.table(self.staged), names, query, numbered=True)
        if count < 0:
            (count,) = self.database.fetch_one(self.connection, say.count(say.table(self.staged)))
        return Computed(self._publish(sink, table, names, None, lambda: count), count, tallies)

    def _publish(
        self, sink: SinkWrite, table: Table, names: Sequence[str], load: Callable[[], None] | None, count: Callable[[], int]
    ) -> Figures:
        """`load` brings the rows into the target; None: they are staged."""
        figures: Figures = {"rowsInserted": 0, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": None}
        if sink.write_mode == "UPSERT":
            self._refuse_null_keys(sink)
            if not any(sorted(key) == sorted(sink.upsert_keys) for key in table.keys):
                self.database.hold(self.connection, sink.target)
            merged = self.database.upsert(self.connection, sink, table, self.staged, count())
            figures |= merged if merged is not None else self._upsert(sink, names, count())
        else:
            if sink.write_mode == "OVERWRITE":
                (figures["rowsDeleted"],) = self.database.fetch_one(self.connection, say.count(named(sink.target)))
                self._say(say.delete_all(sink.target))
            if load is None:
                self._say(say.insert_staged(sink.target, names, self.staged))
            else:
                load()
            figures["rowsInserted"] = count()
        if load is None and not self.database.ddl_commits:
            self._say(self.database.forget(self.staged))
        return figures

    def prepare(self, sink: SinkWrite) -> None:
        """Makes the tables that publishing takes: the target, where it may be made, and the session's own."""
        self.target(sink, sink.columns)
        if sink.write_mode != "INSERT":
            names = [column.name for column in sink.columns]
            self.database.make_own(self.connection, self.staged, say.stage_like(sink.target, names).sql(self.database.dialect))

    def _stage(self, sink: SinkWrite, names: Sequence[str]) -> None:
        if not self.database.ddl_commits:
            self._say(say.stage(sink.target, names))

    def _say(self, tree: exp.Expr) -> int:
        return self.database.execute(self.connection, tree)

    def _upsert(self, sink: SinkWrite, names: Sequence[str], count: int) -> Figures:
        keys = sink.upsert_keys
        self._say(say.latest(names, keys, sink.order))
        (distinct,) = self.database.fetch_one(self.connection, say.count(say.table(say.LATEST)))
        if sink.options.get("tellUnwritten") and distinct < count:
            self._say(say.lost(keys, sink.order))
        (known,) = self.database.fetch_one(self.connection, say.count_known(sink.target, keys))
        update = say.update_known(sink.target, names, keys, self.database.dialect, sink.options.get("updatedAtColumn"))
        updated = self._say(update) if update is not None else 0
        self._say(say.insert_new(sink.target, names, keys))
        self._say(self.database.forget(say.LATEST))
        return {
            "rowsInserted": distinct - known,
            "rowsUpdated": updated,
            "rowsUnchanged": known - updated,
            "rowsDeleted": 0,
            "merged": count - distinct,
        }

    def _refuse_null_keys(self, sink: SinkWrite) -> None:
        for key in sink.upsert_keys:
            (count,) = self.database.fetch_one(self.connection, say.without_key(key, self.staged))
            if count:
                raise RejectedData(
                    f"{count} rows for table {sink.target} have no {key}, which is a key of the UPSERT; filter them out before the sink"
                )

    def lost(self, rows: int) -> Iterator[list[int]]:
        """The numbers, among so many rows, of those that lost to another of their key in the last UPSERT that was to tell them; it lost
        some."""
        for low in range(1, rows + 1, _PIECE_ROWS):
            found = self.database.fetch(self.connection, say.numbers_between(low, low + _PIECE_ROWS - 1))
            yield [int(number) for (number,) in found]
        self._say(self.database.forget(say.UNWRITTEN))

    def target(self, sink: SinkWrite, columns: Columns) -> Table:
        """Made where it is missing and may be. Raises what stands in the way of writing to it."""
        table = self.database.find(self.connection, sink.target)
        if table is None:
            if not sink.options.get("createTable"):
                raise NotFound(f"table {sink.target} is not there; make it, or set createTable: true on the sink")
            self._say(_create(self.database, sink, columns, self.database.create_properties(self.connection)))
            table = self.database.find(self.connection, sink.target)
            assert table is not None
        for column in added(sink, [column.name for column in table.columns], same_case=False):
            declared = self.database.declare(column, key=False)
            self._say(add_column(sink.target, column.name, declared, default_of(sink, column.name)))
            table = None
        table = table or self.database.find(self.connection, sink.target)
        assert table is not None
        if table.unsafe:
            raise Misconfigured(f"table {sink.target} {table.unsafe}")
        return table


def taken_of(sink: SinkWrite, table: Table, names: Sequence[str]) -> Columns:
    by_name = {column.name: column for column in table.columns}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise NotFound(f"table {sink.target} has no column {missing[0]}; add it, or drop the column before the sink")
    return tuple(by_name[name] for name in names)


def _create(database: Database, sink: SinkWrite, found: Columns, properties: Mapping[str, str]) -> exp.Create:
    planned = {column.name: column.type for column in sink.columns if column.type != "UNKNOWN"}
    columns = [Column(column.name, planned.get(column.name, column.type)) for column in found]
    declared = [(column.name, database.declare(column, key=column.name in sink.upsert_keys)) for column in columns]
    return say.create(sink.target, declared, sink.upsert_keys, properties)
