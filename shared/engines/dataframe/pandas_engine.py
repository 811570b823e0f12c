"""The pandas engine: every relation a table in memory."""

from __future__ import annotations

import pyarrow as pa

from shared.engines.control import Control
from shared.engines.dataframe.frame import Frame
from shared.engines.dataframe.relations import Frames, typed
from shared.engines.dataframe.table import Named, plain_names
from shared.engines.dataframe.whole import Whole, rows_of
from shared.engines.duckdb import driver
from shared.engines.duckdb.connection import name
from shared.engines.work import Job, Outcome


def run(job: Job, control: Control) -> Outcome:
    """One attempt, as `shared.engines.duckdb.driver.run`."""
    return driver.run(job, control, PandasFrames)


class PandasFrames(Frames):
    def _taken(self, reader: pa.RecordBatchReader, schema: pa.Schema) -> Frame:
        table = typed(reader.read_all(), schema)
        return Whole(Named(table, tuple(("", field.name) for field in schema)), self._draw)

    def _shown(self, frame: Frame) -> str:
        self._views = getattr(self, "_views", 0) + 1
        view = f"frame {self._views}"
        self._connection.register(view, plain_names(rows_of(frame).table))
        return name(view)
