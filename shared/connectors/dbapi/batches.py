"""A long load in batches: each is committed with its checkpoint, into a table beside the target, and all are published at once.

The checkpoint is a row of the marker table, so that it and its rows are there both or not at all. Of two attempts that put the same batch
only one can: the row's key is taken then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlglot import exp

from shared.connectors.dbapi import markers
from shared.connectors.dbapi import statements as say
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.dbapi.publish import Publishing, taken_of
from shared.connectors.errors import RejectedData, Unavailable
from shared.connectors.protocols import ArrowRows, AttemptKey, Checkpoint, Computed, Query, SinkWrite
from shared.sql.reads import named
from shared.sql.table_names import part, split


class Batches:
    """Of one sink. The connection is in no transaction between two calls, but after `publish`."""

    def __init__(
        self, database: Database, connection: Connection, key: AttemptKey, publishing: Publishing, write: SinkWrite, source: str
    ) -> None:
        self._database, self._connection, self._key, self._source = database, connection, key, source
        self._publishing, self._last = publishing, Checkpoint()
        self._names = [column.name for column in write.columns]
        self._table = publishing.target(write, write.columns)
        self._taken = taken_of(write, self._table, self._names)
        schema, _ = split(write.target)
        self._load = f"{part(schema)}.{part(key.load_table)}" if schema else part(key.load_table)

    def resume(self, target: str) -> Checkpoint:
        database, connection = self._database, self._connection
        last = markers.last_checkpoint(database, connection, self._key)
        there = database.find(connection, self._load) is not None
        if last is not None and there and last["source"] == self._source:
            self._last = Checkpoint.from_json(last)
        else:
            markers.forget_checkpoints(database, connection, self._key)
            self.forget()
            made = exp.Create(this=named(self._load), kind="TABLE", expression=say.none_of(target, self._names))
            database.execute(connection, made)
        return self._last

    def put(self, rows: ArrowRows) -> Checkpoint:
        database, connection, last = self._database, self._connection, self._last
        database.begin(connection)
        into = say.insert_values(named(self._load), self._names)
        database.load(connection, into, self._taken, self._table, rows.arrow(), numbered=False)
        made = Checkpoint(last.batch_id + 1, last.processed_count + rows.count, datetime.now(UTC).isoformat())
        try:
            with database.translated():
                markers.put_checkpoint(database, connection, self._key, made.batch_id, made.to_json(self._source, self._load))
        except RejectedData as error:
            database.rollback(connection)
            raise Unavailable(f"another attempt loads {self._load} at the same time; its batch {made.batch_id} stands") from error
        database.commit(connection)
        self._last = made
        return made

    def publish(self, write: SinkWrite) -> Computed:
        """The rows are of the target's own types by now."""
        rows = exp.Select(expressions=say.columns(self._names)).from_(named(self._load), copy=False).sql(self._database.dialect)
        done = self._publishing.write_query(replace(write, columns=self._taken), Query(rows))
        markers.forget_checkpoints(self._database, self._connection, self._key)
        return done

    def forget(self) -> None:
        self._database.execute(self._connection, exp.Drop(tables=[named(self._load)], kind="TABLE", exists=True))

    def drop(self) -> None:
        """All that was brought, with its checkpoints; in no transaction."""
        self.forget()
        markers.forget_checkpoints(self._database, self._connection, self._key)
