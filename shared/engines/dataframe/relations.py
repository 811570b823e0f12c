"""A stage's relations on frames. What is read comes in through DuckDB, what is handed over goes out through it; all between is ours."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from shared.engines.dataframe.errors import translated
from shared.engines.dataframe.frame import Frame
from shared.engines.dataframe.select import selected
from shared.engines.dataframe.table import table_of
from shared.engines.dataframe.values import TIMESTAMPTZ
from shared.engines.duckdb.connection import name
from shared.engines.program import Program
from shared.engines.work import Job
from shared.sql.dialects.frames import read

# DuckDB's type of values that Arrow carries as text, in a field's metadata.
_KIND = b"duckdb"
_CARRIED = frozenset({"UUID", "JSON"})
_BATCH_ROWS = 100_000


class Frames:
    """What is the same for frames in memory and on disk. `_taken` and `_shown` are theirs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, job: Job, program: Program) -> None:
        self._connection, self._job = connection, job
        self._frames: dict[str, Frame] = {}
        self._drawn: Counter[str] = Counter()
        self._lock = Lock()

    def enter(self, table: str, sql: str, materialise: bool) -> int | None:
        described = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        kinds = [str(kind) for _, kind, *_ in described]
        reader = self._connection.execute(sql).to_arrow_reader(_BATCH_ROWS)
        schema = pa.schema([_field(field, kind) for field, kind in zip(reader.schema, kinds, strict=True)])
        with translated(self._job.limits.memory_bytes):
            frame = self._taken(reader, schema)
        self._frames[table] = frame
        return frame.count

    def define(self, table: str, sql: str, materialise: bool) -> int | None:
        with translated(self._job.limits.memory_bytes):
            frame = selected(read(sql), self._frames)
            if materialise:
                frame = frame.kept()
        self._frames[table] = frame
        return frame.count if materialise else None

    def query(self, sql: str) -> str:
        with translated(self._job.limits.memory_bytes):
            frame = selected(read(sql), self._frames).kept()
        shown = self._shown(frame)
        named = enumerate(zip(frame.none.table.schema, frame.none.names, strict=True))
        columns = (f"{_back(f'c{at}', field)} AS {name(own)}" for at, (field, (_, own)) in named)
        return f"SELECT {', '.join(columns)} FROM {shown}"  # noqa: S608 (quoted names)

    def drawn(self, counter: str) -> int:
        return self._drawn[counter]

    def total(self, table: str, column: str) -> int:
        row = self._connection.execute(self.query(f"SELECT SUM({name(column)}) AS s FROM {name(table)}")).fetchone()  # noqa: S608 (quoted names)
        return int(row[0] or 0) if row else 0

    def _draw(self, counter: str, rows: int) -> None:
        with self._lock:
            self._drawn[counter] += rows

    def _taken(self, reader: pa.RecordBatchReader, schema: pa.Schema) -> Frame:
        """The rows of a read, as a frame that is kept; `schema`: what its columns are to be."""
        raise NotImplementedError

    def _shown(self, frame: Frame) -> str:
        """What stands after FROM for the rows of a kept frame, its columns c0, c1 …"""
        raise NotImplementedError


def typed(table: Any, schema: pa.Schema) -> Any:
    return table_of([column.cast(field.type) for column, field in zip(table.columns, schema, strict=True)], list(schema))


def _field(field: pa.Field, kind: str) -> pa.Field:
    if pa.types.is_timestamp(field.type):
        field = field.with_type(TIMESTAMPTZ if field.type.tz else pa.timestamp("us"))
    return field.with_metadata({_KIND: kind.encode()} if kind in _CARRIED else None)


def _back(column: str, field: pa.Field) -> str:
    kind = (field.metadata or {}).get(_KIND)
    return f"CAST({column} AS {kind.decode()})" if kind else column
