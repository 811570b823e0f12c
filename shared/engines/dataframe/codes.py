"""Rows as whole numbers: equal keys have equal codes, whatever their type. pandas joins and groups by these, and so never sees a value.

NULLs are equal to one another here, NaNs too, and so are 0.0 and -0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.values import common_type, is_float, is_whole, to_type

Array = Any
Codes = np.ndarray


def codes(columns: Sequence[Array], rows: int) -> tuple[Codes, int]:
    """A code from 0 for each row, in the order in which keys come first, and how many there are."""
    found = np.zeros(rows, dtype="int64")
    count = 1 if rows else 0
    for column in columns:
        own, many = _of_column(column)
        found, kinds = pd.factorize(found * many + own)
        count = len(kinds)
    return found, count


def common(left: Sequence[Array], right: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Key columns of two tables in common types."""
    kinds = [common_type(one.type, two.type) for one, two in zip(left, right, strict=True)]
    return [to_type(one, kind) for one, kind in zip(left, kinds, strict=True)], [
        to_type(two, kind) for two, kind in zip(right, kinds, strict=True)
    ]


def codes_of_both(left: Sequence[Array], right: Sequence[Array], rows: tuple[int, int]) -> tuple[Codes, Codes]:
    """Codes of the rows of two tables that agree; -1 where a key is NULL, which equals nothing in a join."""
    pairs = zip(*common(left, right), strict=True)
    both = [pa.chunked_array([*_chunks(one), *_chunks(two)], one.type) for one, two in pairs]
    found, _ = codes(both, sum(rows))
    missing = reduce(np.logical_or, (np.asarray(pc.is_null(column)) for column in both))
    found = np.where(missing, -1, found)
    return found[: rows[0]], found[rows[0] :]


def hashes(columns: Sequence[Array], rows: int) -> np.ndarray:
    """A number for each row that is the same for equal keys of one type, in any process."""
    found = np.zeros(rows, dtype="uint64")
    for column in columns:
        found = found * np.uint64(1_000_003) + _hashes_of(column)
    return found


def _hashes_of(column: Array) -> np.ndarray:
    kind = column.type
    if is_float(kind):
        return _hash(np.asarray(_plain(column).cast(pa.float64()), dtype="float64"))
    if is_whole(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        whole = column.cast(pa.int32()) if pa.types.is_date32(kind) else column
        # A NULL may fall together with a number: they then share a part, no more.
        return _hash(np.asarray(pc.fill_null(whole.cast(pa.int64()), -1), dtype="int64"))
    indices, distinct = _encoded(column)
    texts = distinct if pa.types.is_binary(distinct.type) else distinct.cast(pa.string())
    each = _hash(np.array([str(text) for text in texts.to_pylist()] or [""], dtype=object))
    return each.take(indices)


def _hash(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = pd.util.hash_array(values, categorize=False)
    return found


def first_of_each(found: Codes, count: int) -> np.ndarray:
    """The position of the first row of each code."""
    first = np.zeros(count, dtype="int64")
    first[found[::-1]] = np.arange(len(found))[::-1]
    return first


def _of_column(column: Array) -> tuple[Codes, int]:
    indices, distinct = _encoded(column)
    return indices, max(1, len(distinct))


def _encoded(column: Array) -> tuple[np.ndarray, Array]:
    """Each value's place among the distinct ones, and these."""
    plain = _plain(column)
    if not len(plain):
        return np.zeros(0, dtype="int64"), pa.array([], plain.type)
    encoded = pc.dictionary_encode(plain, null_encoding="encode")
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return whole.indices.to_numpy().astype("int64"), whole.dictionary


def _plain(column: Array) -> Array:
    if is_float(column.type):
        # 0.0 for -0.0.
        return pc.add(column, pa.scalar(0.0, column.type))
    return pc.cast(column, pa.int8()) if pa.types.is_null(column.type) else column


def _chunks(column: Array) -> list[Array]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]
