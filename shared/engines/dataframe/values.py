"""Values of an expression: Arrow arrays, or scalars that stand for every row. Which type two of them have in common, as in PostgreSQL."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.errors import RowsDoNotFit

# An Array, ChunkedArray or Scalar; pyarrow has no types for a checker.
Value = Any

TIMESTAMP = pa.timestamp("us")
TIMESTAMPTZ = pa.timestamp("us", tz="UTC")
_DIGITS = {pa.int8(): 3, pa.int16(): 5, pa.int32(): 10, pa.int64(): 19}
MOST_DIGITS = 38


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_float(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind))


def is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind))


def is_decimal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind))


def is_number(kind: pa.DataType) -> bool:
    return is_float(kind) or is_whole(kind) or is_decimal(kind)


def as_decimal(kind: pa.DataType) -> tuple[int, int]:
    """Precision and scale that hold every value of a whole or decimal type."""
    return (kind.precision, kind.scale) if is_decimal(kind) else (_DIGITS[kind], 0)


def common_type(one: pa.DataType, two: pa.DataType) -> pa.DataType:
    """The type in which two values are compared, or stand in one column. Raises RowsDoNotFit where there is none."""
    if one == two or pa.types.is_null(two):
        return one
    if pa.types.is_null(one):
        return two
    if is_text(one) and is_text(two):
        return pa.string()
    if is_number(one) and is_number(two):
        if is_float(one) or is_float(two):
            return pa.float64()
        if is_whole(one) and is_whole(two):
            return max(one, two, key=lambda kind: _DIGITS[kind])
        (p, s), (q, t) = as_decimal(one), as_decimal(two)
        scale = max(s, t)
        return pa.decimal128(min(MOST_DIGITS, max(p - s, q - t) + scale), scale)
    days = [kind for kind in (one, two) if pa.types.is_temporal(kind)]
    if len(days) == 2 and all(pa.types.is_date(kind) or pa.types.is_timestamp(kind) for kind in days):
        return TIMESTAMPTZ if any(getattr(kind, "tz", None) for kind in days) else TIMESTAMP
    raise RowsDoNotFit(f"{one} and {two} cannot be compared, nor stand in one column; cast one of them")


def to_type(value: Value, kind: pa.DataType) -> Value:
    """The value in a wider type that holds it."""
    if value.type == kind:
        return value
    if pa.types.is_null(value.type):
        return pa.scalar(None, kind) if isinstance(value, pa.Scalar) else pa.nulls(len(value), kind)
    if is_float(kind) and is_decimal(value.type):
        return doubles(value)
    # Arrow's check would refuse a 64-bit number that no double has exactly, where SQL takes the nearest.
    return pc.cast(value, kind, safe=not (is_float(kind) and is_whole(value.type)))


def filled(value: Value, rows: int) -> Value:
    """As an array of that many rows."""
    if not isinstance(value, pa.Scalar):
        return value
    return pa.nulls(rows, value.type) if not value.is_valid else pa.repeat(value, rows)


def doubles(value: Value) -> Value:
    """Decimals as the nearest doubles: their digits divided by a power of ten, since Arrow's own cast gives 0.30000000000000004 for 0.3."""
    if isinstance(value, pa.Scalar):
        return doubles(pa.array([value.as_py()], value.type))[0]
    scale, precision = value.type.scale, value.type.precision
    if precision > 18:
        return pa.array([None if number is None else float(number) for number in value.to_pylist()], pa.float64())
    whole = _low_words(value)
    missing = np.asarray(pc.is_null(value)) if value.null_count else None
    return pa.array(whole / float(10**scale), pa.float64(), mask=missing)


def _low_words(value: Value) -> np.ndarray:
    """The digits of decimals of at most 18 as 64-bit integers: the first of the two words that each is kept in."""
    chunks = value.chunks if isinstance(value, pa.ChunkedArray) else [value]
    words = [np.frombuffer(c.buffers()[1], "<i8")[2 * c.offset : 2 * (c.offset + len(c)) : 2] for c in chunks if len(c)]
    return np.concatenate(words) if words else np.zeros(0, "<i8")


def no_longer_than(value: Value, precision: int, scale: int) -> Value:
    """A decimal in that precision and scale. Raises RowsDoNotFit for a number with more digits before the point."""
    try:
        return pc.cast(value, pa.decimal128(precision, scale))
    except pa.ArrowInvalid as error:
        raise RowsDoNotFit(f"a number does not fit into NUMERIC({precision}, {scale}); cast to a wider type first") from error
