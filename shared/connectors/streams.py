"""What the streams of all connectors have in common (`protocols.ArrowStream`): they start anew as often as an engine asks, and they
keep what stopped them, since an engine passes on a failure as a text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import pyarrow as pa


class Batches(ABC):
    """`schema`: of every batch."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.failure: BaseException | None = None

    @abstractmethod
    def _read(self) -> Iterator[pa.RecordBatch]:
        """From the beginning; nothing is asked of the source before the first batch is taken."""

    def reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self._kept())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)

    def _kept(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._read()
        except BaseException as error:
            self.failure = error
            raise
