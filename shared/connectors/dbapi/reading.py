"""A table or query as a stream of Arrow batches, which an engine may start more than once: each start is a cursor of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pyarrow as pa

from shared.connectors.dbapi.arrow_types import arrow_type, sent_as_texts
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.errors import SourceChanged
from shared.connectors.streams import Batches
from shared.datasets import Columns

BATCH_ROWS = 20_000


class Stream(Batches):
    """`columns` as surveyed, in the query's own order; `keep`: the names that are handed on. Closed by whoever opened it."""

    def __init__(self, database: Database, session: str, query: str, columns: Columns, keep: Sequence[str]) -> None:
        self._database, self._session, self._query = database, session, query
        self._columns, self._at = columns, [at for at, column in enumerate(columns) if column.name in keep]
        super().__init__(pa.schema([(columns[at].name, arrow_type(columns[at].type)) for at in self._at]))
        self._open = ExitStack()
        self._running: list[Connection] = []
        self.texts = sent_as_texts(columns)

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
