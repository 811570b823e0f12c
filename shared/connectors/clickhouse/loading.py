"""Rows fitted to the columns of a ClickHouse table, so that the server has nothing left to convert: what it cannot hold it would wrap
round, cut or replace without a word. What does not fit is an error that names column and row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from shared.connectors.clickhouse.types import span, taken, unit, width
from shared.connectors.dbapi.arrow_types import MOST_DIGITS, numeric
from shared.connectors.dbapi.to_python import converted, fitted, refuse, unfit
from shared.datasets import Column


def block(batch: pa.RecordBatch, columns: Sequence[Column], declared: Sequence[str], first_row: int) -> list[pa.Array]:
    """An array for each column, in their order. `first_row`: the number of the first of these rows in the whole load, from 1."""
    return [_column(values, column, kind, first_row) for values, column, kind in zip(batch.columns, columns, declared, strict=True)]


def _column(values: pa.Array, column: Column, kind: str, first_row: int) -> pa.Array:
    array = fitted(values, column, first_row)
    if not column.nullable and array.null_count:
        refuse(array, column, first_row, array.is_null(), "is missing, and the column takes no NULL")
    if (whole := taken(kind)) is not None:
        array = converted(array, partial(_cast, whole), unfit(column, first_row, f"does not fit its type {kind}"))
    if (bounds := span(kind)) is not None:
        _within(array, bounds, column, kind, first_row)
    if (step := unit(kind)) is not None and step > 1 and pa.types.is_timestamp(array.type):
        moments = array.cast(pa.int64())
        lost = pc.not_equal(moments, pc.multiply(pc.divide(moments, step), step))
        refuse(array, column, first_row, lost, f"has more digits behind the second than {kind} keeps")
    if (bytes_ := width(kind)) is not None:
        refuse(array, column, first_row, pc.not_equal(pc.binary_length(array), bytes_), f"has not the {bytes_} bytes of {kind}")
    found = numeric(column.type)
    if found is not None and found[0] > MOST_DIGITS:
        # They travel as texts, whose last digits the server would cut off.
        pattern = rf"^[+-]?\d{{1,{found[0] - found[1]}}}(\.\d{{0,{found[1]}}}0*)?$"
        refuse(array, column, first_row, pc.invert(pc.match_substring_regex(array, pattern)), f"does not fit its type {column.type}")
    return array


def _cast(whole: pa.DataType, array: pa.Array) -> pa.Array:
    if pa.types.is_decimal(array.type) and pa.types.is_uint64(whole):
        # By its text: more than 63 bits are no number that Arrow makes of a decimal.
        return array.cast(pa.string()).cast(whole)
    return array.cast(whole)


def _within(array: pa.Array, bounds: tuple[object, object], column: Column, kind: str, first_row: int) -> None:
    first, last = bounds
    if pa.types.is_timestamp(array.type):
        assert isinstance(first, datetime) and isinstance(last, datetime)
        zone = array.type.tz
        first, last = (moment if zone else moment.replace(tzinfo=None) for moment in (first, last))
    low, high = pa.scalar(first, array.type), pa.scalar(last, array.type)
    outside = pc.or_(pc.less(array, low), pc.greater(array, high))
    refuse(array, column, first_row, outside, f"is outside what {kind} holds, which is {str(first)[:10]} to {str(last)[:10]}")
