"""A long load in batches: each is committed with its checkpoint, into a table beside the target, and all are published at once.

The checkpoint is a row of the marker table, so that it and its rows are there both or not at all; kept anywhere else, a death between the
two would have a batch twice. The table is logged: an unlogged one would be empty after a crash that the checkpoints survive.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from shared.connectors.errors import Unavailable
from shared.connectors.postgres import markers
from shared.connectors.postgres import statements as say
from shared.connectors.postgres.loads import Copied
from shared.connectors.postgres.publish import target_of, write_query
from shared.connectors.protocols import AttemptKey, Checkpoint, Computed, Query, Rows, SinkWrite


class Batches:
    """Of one sink. The connection is in no transaction between two calls, but after `publish`."""

    def __init__(self, connection: psycopg.Connection[Any], key: AttemptKey, schema: str, write: SinkWrite, source: str) -> None:
        self._connection, self._key, self._schema, self._source = connection, key, schema, source
        self._names = [column.name for column in write.columns]
        self._last = Checkpoint()
        self._load = sql.Identifier(key.load_table)
        self._arrays: frozenset[str] = frozenset()

    def resume(self, write: SinkWrite) -> Checkpoint:
        connection = self._connection
        # Those of the transaction would end with the first batch.
        connection.commit()
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"penstock/{self._schema}/{write.target}",))
        table = target_of(connection, self._schema, write, write.columns)
        self._load, self._arrays = sql.Identifier(table.schema, self._key.load_table), table.arrays
        last = markers.last_checkpoint(connection, self._key)
        there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (self._load.as_string(connection),)).fetchone() == (True,)
        if last is not None and there and last["source"] == self._source:
            self._last = Checkpoint.from_json(last)
        else:
            markers.forget_checkpoints(connection, self._key)
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._load))
            connection.execute(say.make_of(self._load, sql.Identifier(table.schema, table.name), self._names))
        connection.commit()
        return self._last

    def put(self, rows: Rows) -> Checkpoint:
        copied = Copied(rows, self._arrays)
        copied.into(self._connection, self._load)
        last = self._last
        made = Checkpoint(last.batch_id + 1, last.processed_count + copied.count, datetime.now(UTC).isoformat())
        try:
            markers.put_checkpoint(
                self._connection, self._key, made.batch_id, made.to_json(self._source, self._load.as_string(self._connection))
            )
        except psycopg.errors.UniqueViolation as error:
            raise Unavailable(f"another attempt loads {self._key.load_table} at the same time; its batch {made.batch_id} stands") from error
        self._connection.commit()
        self._last = made
        return made

    def publish(self, write: SinkWrite) -> Computed:
        rows = sql.SQL("SELECT {} FROM {}").format(say.listed(self._names), self._load).as_string(self._connection)
        done = write_query(self._connection, self._schema, write, Query(rows))
        self._connection.execute(sql.SQL("DROP TABLE {}").format(self._load))
        markers.forget_checkpoints(self._connection, self._key)
        return done

    def drop(self) -> None:
        connection = self._connection
        connection.rollback()
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._load))
        markers.forget_checkpoints(connection, self._key)
        connection.commit()
