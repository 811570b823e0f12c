"""A table or query as a stream of Arrow batches, which an engine may start more than once: each start is a cursor of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pyarrow as pa

from shared.connectors.dbapi.arrow_types import arrow_type
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.errors import SourceChanged
from shared.datasets import Columns

BATCH_ROWS = 20_000


class Stream:
    """`columns` as surveyed, in the query's own order; `keep`: the names that are handed on. Closed by whoever opened it.

    An engine asks for the stream as often as it likes (`__arrow_c_stream__`): nothing is read before the first batch is taken.
    """

    def __init__(self, database: Database, session: str, query: str, columns: Columns, keep: Sequence[str]) -> None:
        self._database, self._session, self._query = database, session, query
        self._columns, self._at = columns, [at for at, column in enumerate(columns) if column.name in keep]
        self._open = ExitStack()
        self._running: list[Connection] = []
        # An engine passes on a failure as a text; what it was is kept here.
        self.failure: BaseException | None = None
        # Columns that travel as text and mean something else (UUID, JSON, INTERVAL, lists).
        self.texts = frozenset(c.name for c in columns if pa.types.is_string(arrow_type(c.type)) and c.type != "TEXT")
        self.schema = pa.schema([(columns[at].name, arrow_type(columns[at].type)) for at in self._at])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.RecordBatchReader.from_batches(self.schema, self._batches()).__arrow_c_stream__(requested_schema)

    def reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._read()
        except BaseException as error:
            self.failure = error
            raise

    def _read(self) -> Iterator[pa.RecordBatch]:
        with self._database.translated():
            connection = self._database.connect(self._session, write=False)
            self._open.callback(_close(connection))
            self._running.append(connection)
            first = 1
            for rows in self._database.stream(connection, self._query, BATCH_ROWS):
                yield self._batch(rows, first)
                first += len(rows)

    def _batch(self, rows: Sequence[Sequence[object]], first: int) -> pa.RecordBatch:
        if rows and len(rows[0]) != len(self._columns):
            raise SourceChanged("the query no longer returns the columns it had when it was surveyed; it is looked at again")
        lists = list(zip(*rows, strict=True))
        arrays = [self._database.array(self._columns[at], lists[at], first) for at in self._at]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def cancel(self) -> None:
        """From another thread."""
        for connection in self._running:
            self._database.interrupt(connection)

    def close(self) -> None:
        self._open.close()


def _close(connection: Connection) -> Callable[[], None]:
    def close() -> None:
        connection.close()

    return close
