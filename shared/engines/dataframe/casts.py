"""CAST and TRY_CAST, column-wise. What is read from text or written as text is DuckDB's doing, so that every engine reads a date alike."""

from __future__ import annotations

import threading
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from shared.engines.dataframe.errors import RowsDoNotFit
from shared.engines.dataframe.values import (
    TIMESTAMP,
    TIMESTAMPTZ,
    Value,
    is_decimal,
    is_float,
    is_text,
    is_whole,
    to_type,
)
from shared.sql.render import sql

_NAMED: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "SMALLINT": pa.int16(),
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "TEXT": pa.string(),
    "VARCHAR": pa.string(),
    "CHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": TIMESTAMP,
    "TIMESTAMPTZ": TIMESTAMPTZ,
}
_RANGE = {pa.int16(): 2**15, pa.int32(): 2**31, pa.int64(): 2**63}
_local = threading.local()


def arrow_type(kind: exp.DataType) -> pa.DataType:
    if kind.this is exp.DataType.Type.DECIMAL:
        precision, scale = (*(int(one.name) for one in kind.expressions), 0)[:2]
        return pa.decimal128(precision, scale)
    return _NAMED[kind.this.name]


def cast(value: Value, kind: exp.DataType, *, tries: bool) -> Value:
    """`tries`: NULL for what cannot be done, where else RowsDoNotFit is raised."""
    target = arrow_type(kind)
    source = value.type
    if source == target:
        return value
    if pa.types.is_null(source):
        return to_type(value, target)
    if isinstance(value, pa.Scalar):
        return cast(pa.array([value.as_py()], source), kind, tries=tries)[0]
    if is_text(source) or is_text(target):
        return value.cast(target) if is_text(source) and is_text(target) else _by_duckdb(value, kind, target, tries)
    if is_whole(target):
        return _to_whole(value, target, tries)
    if is_decimal(target):
        return _to_decimal(value, target, tries)
    if pa.types.is_date(target) and pa.types.is_timestamp(source):
        return pc.cast(pc.floor_temporal(pc.cast(value, TIMESTAMP), unit="day"), target)
    return to_type(value, target) if is_float(target) and not is_float(source) else pc.cast(value, target, safe=False)


def _to_whole(value: Value, target: pa.DataType, tries: bool) -> Value:
    if pa.types.is_boolean(value.type):
        return pc.cast(value, target)
    if is_float(value.type):
        # PostgreSQL rounds doubles to even and decimals away from zero.
        value = pc.round(value, round_mode="half_to_even")
        bound = float(_RANGE[target])
        fits = pc.and_(pc.greater_equal(value, -bound), pc.less(value, bound))
    elif is_decimal(value.type):
        value = pc.round(pc.cast(value, pa.decimal256(value.type.precision + 1, value.type.scale)), round_mode="half_towards_infinity")
        value = pc.cast(value, pa.decimal128(min(38, value.type.precision), 0), safe=False)
        bound = _RANGE[target]
        number = pa.decimal128(38, 0)
        wide = pc.cast(value, number)
        fits = pc.and_(
            pc.greater_equal(wide, _number(-bound, number)),
            pc.less(wide, _number(bound, number)),
        )
    elif is_whole(value.type):
        bound = _RANGE[target]
        if _RANGE[value.type] <= bound:
            return pc.cast(value, target)
        fits = pc.and_(pc.greater_equal(value, -bound), pc.less(value, bound))
    else:
        raise RowsDoNotFit(f"{value.type} cannot be cast to {target}")
    return pc.cast(_those_that(fits, value, target, tries), target)


def _number(whole: int, kind: pa.DataType) -> Value:
    return pa.scalar(Decimal(whole), kind)


def _to_decimal(value: Value, target: pa.DataType, tries: bool) -> Value:
    precision, scale = target.precision, target.scale
    if pa.types.is_boolean(value.type):
        value = pc.cast(value, pa.int16())
    if is_float(value.type):
        value = pc.cast(value, pa.float64())
        bound = 10.0 ** (precision - scale)
        fits = pc.and_(pc.greater(value, -bound), pc.less(value, bound))
        kept = _those_that(fits, value, target, tries)
        digits = pc.round(pc.multiply(kept, 10.0**scale), round_mode="half_towards_infinity")
        if precision <= 18:
            return _of_digits(digits, target)
        return pa.array([None if v is None else Decimal(int(v)).scaleb(-scale) for v in digits.to_pylist()], target)
    if is_whole(value.type):
        value = pc.cast(value, pa.decimal128(19, 0))
    own = value.type
    wide = pc.cast(value, pa.decimal256(own.precision + 1, own.scale))
    if scale < own.scale:
        wide = pc.round(wide, ndigits=scale, round_mode="half_towards_infinity")
    # Room for the largest number of either type, so that the comparison itself cannot overflow.
    room = pa.decimal256(min(76, max(own.precision + 1 - own.scale, precision - scale + 1) + max(scale, own.scale)), max(scale, own.scale))
    wide = pc.cast(wide, room)
    bound_value = _number(10 ** (precision - scale), room)
    fits = pc.and_(pc.less(wide, bound_value), pc.greater(wide, pc.negate(bound_value)))
    return pc.cast(_those_that(fits, wide, target, tries), target)


def _of_digits(digits: Value, target: pa.DataType) -> Value:
    """Decimals of at most 18 digits, from those digits as doubles that are whole."""
    whole = pc.cast(digits, pa.int64()).combine_chunks() if isinstance(digits, pa.ChunkedArray) else pc.cast(digits, pa.int64())
    low = whole.fill_null(0).to_numpy(zero_copy_only=False).astype("<i8")
    words = np.empty(2 * len(low), "<i8")
    words[0::2], words[1::2] = low, low >> 63
    valid = pc.is_valid(whole)
    made = pa.Array.from_buffers(target, len(low), [None, pa.py_buffer(words)])
    return pc.if_else(valid, made, pa.scalar(None, target))


def _those_that(fits: Value, value: Value, target: pa.DataType, tries: bool) -> Value:
    if tries:
        return pc.if_else(pc.fill_null(fits, False), value, pa.scalar(None, value.type))
    if not pc.all(pc.fill_null(fits, True), min_count=0).as_py():
        raise RowsDoNotFit(f"a number does not fit into {target}; cast to a wider type")
    return value


def _by_duckdb(value: Value, kind: exp.DataType, target: pa.DataType, tries: bool) -> Value:
    column = exp.column("v", quoted=True)
    # What DuckDB is to be told of, since it writes doubles as texts otherwise than PostgreSQL.
    column.type = exp.DataType.build("TEXT" if is_text(value.type) else "DOUBLE") if is_text(value.type) or is_float(value.type) else None
    tree = (exp.TryCast if tries else exp.Cast)(this=column, to=kind.copy())
    tree.type = kind.copy()
    rendered = sql(exp.select(exp.alias_(tree, "v", quoted=True)).from_(exp.Table(this=exp.to_identifier("given", quoted=True))), "duckdb")
    connection = _connection()
    connection.register("given", pa.table({"v": value}))
    try:
        made = connection.execute(rendered).to_arrow_table().column(0)
    except duckdb.ConversionException as error:
        raise RowsDoNotFit(str(error).partition("\n")[0]) from error
    finally:
        connection.unregister("given")
    return made if made.type == target else made.cast(target)


def _connection() -> duckdb.DuckDBPyConnection:
    """One for each thread: Dask calls from several at once."""
    if not hasattr(_local, "connection"):
        _local.connection = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
        _local.connection.execute("SET TimeZone = 'UTC'")
    found: duckdb.DuckDBPyConnection = _local.connection
    return found
