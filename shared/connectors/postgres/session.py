"""One transaction that holds all a stage writes to one database, and its marker. Nothing of it is seen before it is all there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import psycopg

from shared.connectors.postgres import loads, markers, sifting
from shared.connectors.postgres import statements as say
from shared.connectors.postgres.batches import Batches
from shared.connectors.postgres.errors import translated
from shared.connectors.postgres.publish import add_columns, write, write_query
from shared.connectors.postgres.spec import connection_string
from shared.connectors.postgres.traced import traced
from shared.connectors.protocols import AttemptKey, Checkpoint, Computed, Query, Rows, SinkWrite
from shared.connectors.retention import outdated
from shared.datasets import Columns
from shared.kill_points import kill_point

log = logging.getLogger(__name__)


class PostgresSession:
    """Opening it ends older attempts' sessions, takes the locks on the targets, and looks for the marker."""

    def __init__(self, config: Mapping[str, Any], key: AttemptKey, writes: tuple[SinkWrite, ...]) -> None:
        self._config, self._key = config, key
        self._schema = str(config.get("schema", "public"))
        self._batches: Batches | None = None
        self._written: Columns = ()
        with translated(config):
            self._connection: psycopg.Connection[Any] = psycopg.connect(
                connection_string(config, key.session), autocommit=True, cursor_factory=traced(key.traceparent)
            )
            try:
                markers.ensure(self._connection)
                self._end_zombies()
                for write_ in writes:
                    add_columns(self._connection, self._schema, write_)
                self._connection.autocommit = False
                for target in sorted({write.target for write in writes}):
                    self._connection.execute(
                        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"penstock/{self._schema}/{target}",)
                    )
                self.adopted = markers.find(self._connection, key)
            except BaseException:
                self._connection.close()
                raise
        if self.adopted is not None:
            self.abort()

    def write(self, write_: SinkWrite, rows: Rows) -> dict[str, int | None]:
        self._written = _without_time(write_, rows.columns)
        with translated(self._config):
            return write(self._connection, self._schema, write_, rows)

    def sets_aside(self, write: SinkWrite) -> bool:
        return sifting.is_wanted(write)

    def rejected(self) -> Iterator[tuple[str, str, str | None]]:
        with translated(self._config):
            yield from sifting.rejected(self._connection, self._written)

    def unwritten(self) -> Iterator[list[int]]:
        with translated(self._config):
            yield from sifting.unwritten(self._connection)

    @property
    def schema(self) -> str | None:
        return self._schema

    def keep(self, name: str, query: Query) -> int:
        with translated(self._config):
            return self._connection.execute(say.keep(name, query.relations, say.raw(query.sql))).rowcount

    def tally(self, tallies: tuple[tuple[str, str | None], ...]) -> tuple[int | None, ...]:
        with translated(self._config):
            return loads.tally(self._connection, tallies)

    def fetch(self, query: Query) -> Iterator[tuple[Any, ...]]:
        with translated(self._config):
            yield from loads.fetch(self._connection, query)

    def write_query(self, write_: SinkWrite, query: Query) -> Computed:
        self._written = _without_time(write_, write_.columns)
        with translated(self._config):
            return write_query(self._connection, self._schema, write_, query)

    @property
    def checkpoints(self) -> bool:
        return True

    def resume(self, write_: SinkWrite, source: str) -> Checkpoint:
        with translated(self._config):
            self._batches = Batches(self._connection, self._key, self._schema, write_, source)
            return self._batches.resume(write_)

    def put_batch(self, write_: SinkWrite, rows: Rows) -> Checkpoint:
        assert self._batches is not None
        with translated(self._config):
            return self._batches.put(rows)

    def publish_batches(self, write_: SinkWrite) -> Computed:
        assert self._batches is not None
        self._written = write_.columns
        with translated(self._config):
            return self._batches.publish(write_)

    def drop_batches(self) -> None:
        assert self._batches is not None
        with translated(self._config):
            self._batches.drop()

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        with translated(self._config):
            try:
                markers.put(self._connection, self._key, outcome)
                kill_point("postgres.marked")
            except psycopg.errors.UniqueViolation:
                self._connection.rollback()
                stands = markers.find(self._connection, self._key)
                if stands is None:
                    raise
                return stands
            finally:
                if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                    self._connection.commit()
                    self._prune()
                self._connection.close()
        return outcome

    def cancel(self) -> None:
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=2)

    def abort(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()

    def _prune(self) -> None:
        """Markers that are old; what stands in the way of that is no concern of the load's."""
        if (before := outdated(self._key)) is not None:
            try:
                markers.prune(self._connection, before)
                self._connection.commit()
            except psycopg.Error as error:
                log.warning("old markers were not dropped: %s", str(error).splitlines()[0])

    def _end_zombies(self) -> None:
        """Earlier attempts at this stage that are still connected, reading or writing: their work is void,
        and their locks are in the way.
        """
        prefix, _, epoch = self._key.session.rpartition("/")
        self._connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND starts_with(application_name, %(prefix)s) AND pid <> pg_backend_pid()
               AND substr(application_name, length(%(prefix)s) + 1) ~ '^[0-9]+$'
               AND substr(application_name, length(%(prefix)s) + 1)::bigint < %(epoch)s
            """,
            {"prefix": f"{prefix}/", "epoch": int(epoch)},
        )


def _without_time(write: SinkWrite, columns: Columns) -> Columns:
    """A row that is set aside is kept as it came."""
    return tuple(column for column in columns if column.name != write.options.get("updatedAtColumn"))
