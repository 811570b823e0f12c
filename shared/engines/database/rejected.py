"""Rejected rows on their way out of a database: to Parquet in the shape of `RejectsFile`, written as `duckdb/rejected.py` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shared.formats.json_values import record

_SCHEMA = pa.schema([("original_record", pa.string()), ("error_message", pa.string()), ("position", pa.int64())])
_BATCH = 10_000


def write(path: Path, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> tuple[int, str | None]:
    """(how many rows, what was wrong with the first); no file is left where there are none. The last of a row is its error."""
    count = 0
    batches = _batches(iter(rows))
    first = next(batches, None)
    if first is None:
        return 0, None
    with pq.ParquetWriter(path, _SCHEMA) as file:
        for batch in chain([first], batches):
            count += len(batch)
            records = [record(names, row[:-1]) for row in batch]
            file.write_batch(pa.record_batch([records, [row[-1] for row in batch], [None] * len(batch)], schema=_SCHEMA))
    return count, str(first[0][-1])


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch
