"""Computed rows that have to be converted on their way into a table, where the session can make no table of its own for them any more: read
once, to a file of the worker's, and given from there. Memory holds one batch.
"""

from __future__ import annotations

import tempfile

import pyarrow as pa

from shared.connectors.dbapi.arrow_types import arrow_type
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.dbapi.from_python import array
from shared.connectors.protocols import Query
from shared.datasets import Columns

BATCH_ROWS = 20_000


class Spooled:
    """The rows of a query without relations, as Arrow; `count` is known from the start. Closing it removes the file."""

    def __init__(self, database: Database, connection: Connection, columns: Columns, query: Query) -> None:
        self.columns, self.count = columns, 0
        self._file = tempfile.TemporaryFile(prefix="penstock-computed-")  # noqa: SIM115 (closed with it)
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
        with pa.ipc.new_stream(self._file, schema) as file:
            for rows in database.stream(connection, query.sql, BATCH_ROWS):
                lists = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
                arrays = [array(column, lists[at], self.count + 1) for at, column in enumerate(columns)]
                file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
                self.count += len(rows)
        self._file.seek(0)

    def arrow(self) -> pa.RecordBatchReader:
        return pa.ipc.open_stream(self._file)

    def close(self) -> None:
        self._file.close()
