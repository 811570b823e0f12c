"""Rejected rows on their way out of a database: to Parquet in the shape of `RejectsFile`, written as `duckdb/rejected.py` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
            records = [_record(names, row[:-1]) for row in batch]
            file.write_batch(pa.record_batch([records, [row[-1] for row in batch], [None] * len(batch)], schema=_SCHEMA))
    return count, str(first[0][-1])


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _record(names: Sequence[str], values: Sequence[Any]) -> str:
    return (
        "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_value(value)}" for name, value in zip(names, values, strict=True)) + "}"
    )


def _value(value: Any) -> str:
    """Every digit of a number stays; what JSON has no word for is text in PostgreSQL's spelling."""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else json.dumps(str(value))
    if isinstance(value, float) and not isfinite(value):
        return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
