"""The three ways rows get into a table: INSERT, UPSERT, OVERWRITE, each whole in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.errors import Misconfigured, NotFound, RejectedData
from shared.connectors.protocols import Rows, SinkWrite
from shared.datasets import Column, Columns
from shared.sql.reads import named

Figures = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Publishing:
    """`begin` opens the transaction, once; False: an earlier attempt turned out to have committed, and nothing may be written."""

    database: Database
    connection: Connection
    begin: Callable[[], bool]

    def write(self, sink: SinkWrite, rows: Rows) -> Figures:
        table = self._target(sink, rows)
        by_name = {column.name: column for column in table.columns}
        reader = rows.arrow()
        names = list(reader.schema.names)
        missing = [name for name in names if name not in by_name]
        if missing:
            raise NotFound(f"table {sink.target} has no column {missing[0]}; add it, or drop the column before the sink")
        taken = tuple(by_name[name] for name in names)
        staged = sink.write_mode == "UPSERT" or not self.database.direct
        if staged:
            into = say.insert_values(say.table(say.STAGED), [*names, say.ORDINAL])
            with self.database.staging(self.connection):
                self._say(say.stage(sink.target, names))
                self.database.load(self.connection, into, taken, table, reader, numbered=True)
            self._refuse_null_keys(sink)
        if not self.begin():
            return dict.fromkeys(("rowsInserted", "rowsUpdated", "rowsUnchanged", "rowsDeleted"))
        figures = {"rowsInserted": 0, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": None}
        if sink.write_mode == "UPSERT":
            if not any(sorted(key) == sorted(sink.upsert_keys) for key in table.keys):
                self.database.hold(self.connection, sink.target)
            figures |= self._upsert(sink, names, rows)
        else:
            if sink.write_mode == "OVERWRITE":
                (figures["rowsDeleted"],) = self.database.fetch_one(self.connection, say.count_all(sink.target))
                self._say(say.delete_all(sink.target))
            if staged:
                self._say(say.insert_staged(sink.target, names))
            else:
                into = say.insert_values(named(sink.target), names)
                self.database.load(self.connection, into, taken, table, reader, numbered=False)
            figures["rowsInserted"] = rows.count
        if staged:
            self._say(self.database.forget(say.STAGED))
        return figures

    def _say(self, tree: exp.Expr) -> int:
        return self.database.execute(self.connection, tree)

    def _upsert(self, sink: SinkWrite, names: Sequence[str], rows: Rows) -> Figures:
        keys = sink.upsert_keys
        self._say(say.latest(names, keys, sink.order))
        (distinct,) = self.database.fetch_one(self.connection, say.count_latest())
        (known,) = self.database.fetch_one(self.connection, say.count_known(sink.target, keys))
        update = say.update_known(sink.target, names, keys, self.database.dialect)
        updated = self._say(update) if update is not None else 0
        self._say(say.insert_new(sink.target, names, keys))
        self._say(self.database.forget(say.LATEST))
        return {
            "rowsInserted": distinct - known,
            "rowsUpdated": updated,
            "rowsUnchanged": known - updated,
            "rowsDeleted": 0,
            "merged": rows.count - distinct,
        }

    def _refuse_null_keys(self, sink: SinkWrite) -> None:
        for key in sink.upsert_keys:
            (count,) = self.database.fetch_one(self.connection, say.without_key(key))
            if count:
                raise RejectedData(
                    f"{count} rows for table {sink.target} have no {key}, which is a key of the UPSERT; filter them out before the sink"
                )

    def _target(self, sink: SinkWrite, rows: Rows) -> Table:
        table = self.database.find(self.connection, sink.target)
        if table is None:
            if not sink.options.get("createTable"):
                raise NotFound(f"table {sink.target} is not there; make it, or set createTable: true on the sink")
            self._say(_create(self.database, sink, rows.columns, self.database.create_properties(self.connection)))
            table = self.database.find(self.connection, sink.target)
            assert table is not None
        if table.unsafe:
            raise Misconfigured(f"table {sink.target} {table.unsafe}")
        return table


def _create(database: Database, sink: SinkWrite, found: Columns, properties: Mapping[str, str]) -> exp.Create:
    planned = {column.name: column.type for column in sink.columns if column.type != "UNKNOWN"}
    columns = [Column(column.name, planned.get(column.name, column.type)) for column in found]
    declared = [(column.name, database.declare(column, key=column.name in sink.upsert_keys)) for column in columns]
    return say.create(sink.target, declared, sink.upsert_keys, properties)
