"""Rows that a destination did not take, on their way from its session to a Parquet file in the shape of `RejectsFile`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from shared.connectors.protocols import RejectingSession, SinkSession
from shared.engines.program import Sink
from shared.engines.work import RejectsFile

_SCHEMA = pa.schema([("original_record", pa.string()), ("error_message", pa.string()), ("position", pa.int64()), ("rule", pa.string())])
_BATCH = 10_000


def told(
    session: SinkSession, sink: Sink, figures: dict[str, int | None], uri: str, local: AbstractContextManager[Path]
) -> tuple[RejectsFile | None, str | None]:
    """The file of what the last write set aside, and what was wrong with the first row; Nones where it took them all, or where rows that
    it does not take are skipped: then they are only counted.

    `local`: a path that becomes `uri`, entered where there is something to write.
    """
    if not figures.get("rejected"):
        return None, None
    if sink.options.get("onError") == "skip":
        figures["skipped"] = figures.pop("rejected")
        return None, None
    first: str | None = None
    rows = 0
    with local as path, pq.ParquetWriter(path, _SCHEMA) as file:
        for batch in _batches(cast("RejectingSession", session).rejected()):
            first = first or str(batch[0][1])
            rows += len(batch)
            records, messages, rules = ([row[at] for row in batch] for at in range(3))
            file.write_batch(pa.record_batch([records, messages, [None] * len(batch), rules], schema=_SCHEMA))
    return RejectsFile(sink.node, uri, rows), first


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch
