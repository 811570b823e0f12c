"""Arithmetic as PostgreSQL has it: exact decimals, whole numbers that overflow loudly, rounding away from zero."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.errors import RowsDoNotFit
from shared.engines.dataframe.values import (
    MOST_DIGITS,
    Value,
    as_decimal,
    common_type,
    doubles,
    filled,
    is_decimal,
    is_float,
    is_whole,
    no_longer_than,
    to_type,
)


def add(one: Value, two: Value) -> Value:
    return _exact(one, two, pc.add_checked, pc.add, _sum_type)


def subtract(one: Value, two: Value) -> Value:
    return _exact(one, two, pc.subtract_checked, pc.subtract, _sum_type)


def multiply(one: Value, two: Value) -> Value:
    return _exact(one, two, pc.multiply_checked, pc.multiply, _product_type)


def _sum_type(p: int, s: int, q: int, t: int) -> tuple[int, int]:
    scale = max(s, t)
    return max(p - s, q - t) + scale + 1, scale


def _product_type(p: int, s: int, q: int, t: int) -> tuple[int, int]:
    return p + q, s + t


def _exact(
    one: Value,
    two: Value,
    checked: Callable[[Value, Value], Value],
    decimals: Callable[[Value, Value], Value],
    made: Callable[[int, int, int, int], tuple[int, int]],
) -> Value:
    kind = common_type(one.type, two.type)
    if pa.types.is_null(kind):
        return one
    if not is_decimal(kind):
        return _checked(checked, to_type(one, kind), to_type(two, kind))
    kinds = [as_decimal(other.type) if not pa.types.is_null(other.type) else (1, 0) for other in (one, two)]
    precision, scale = made(*kinds[0], *kinds[1])
    if scale > MOST_DIGITS:
        raise RowsDoNotFit(f"a product would have {scale} digits after the point, more than {MOST_DIGITS}; round first")
    if precision + 1 <= MOST_DIGITS:
        narrow = [to_type(other, pa.decimal128(p, s)) for other, (p, s) in zip((one, two), kinds, strict=True)]
        return pc.cast(decimals(*narrow), pa.decimal128(precision, scale), safe=False)
    # 37 digits, since Arrow makes the type of a product one digit longer than its factors' and ends at 76.
    wide = [
        pc.cast(no_longer_than(other, min(p, MOST_DIGITS - 1), s), pa.decimal256(min(p, MOST_DIGITS - 1), s))
        for other, (p, s) in zip((one, two), kinds, strict=True)
    ]
    return no_longer_than(decimals(*wide), MOST_DIGITS, scale)


def divide(one: Value, two: Value) -> Value:
    """Of anything but two whole numbers, which `divide_whole` is for: a double, as on DuckDB."""
    left, right = to_double(one), to_double(two)
    _refuse_zero(right)
    return pc.divide(left, right)


def divide_whole(one: Value, two: Value) -> Value:
    """Toward zero."""
    kind = common_type(one.type, two.type)
    left, right = to_type(one, kind), to_type(two, kind)
    if pa.types.is_null(kind):
        return left
    _refuse_zero(right)
    if is_whole(kind):
        return _checked(pc.divide_checked, left, right)
    return _one_by_one(left, right, lambda a, b: (a / b).to_integral_value(ROUND_DOWN), pa.decimal128(MOST_DIGITS, 0))


def remainder(one: Value, two: Value) -> Value:
    """With the sign of the dividend."""
    kind = common_type(one.type, two.type)
    left, right = to_type(one, kind), to_type(two, kind)
    if pa.types.is_null(kind):
        return left
    _refuse_zero(right)
    if is_float(kind):
        return _double_function(np.fmod, left, right)
    if is_whole(kind):
        # -1 divides everything, and the smallest number by it would overflow.
        by = pc.if_else(pc.equal(right, pa.scalar(-1, kind)), pa.scalar(1, kind), right)
        return pc.subtract(left, pc.multiply(by, pc.divide(left, by)))
    return _one_by_one(left, right, lambda a, b: a % b, kind)


def negate(value: Value) -> Value:
    return value if pa.types.is_null(value.type) else _checked(pc.negate_checked, value)


def absolute(value: Value) -> Value:
    return value if pa.types.is_null(value.type) else _checked(pc.abs_checked, value)


def sign(value: Value) -> Value:
    return pc.cast(pc.sign(value), pa.int16())


def rounded(value: Value, digits: int = 0) -> Value:
    # Doubles to even, decimals away from zero.
    mode = "half_to_even" if is_float(value.type) and digits == 0 else "half_towards_infinity"
    return _to_digits(value, digits, lambda v: pc.round(v, ndigits=digits, round_mode=mode))


def truncated(value: Value) -> Value:
    return _to_digits(value, 0, pc.trunc)


def floor(value: Value) -> Value:
    return _to_digits(value, 0, pc.floor)


def ceiling(value: Value) -> Value:
    return _to_digits(value, 0, pc.ceil)


def _to_digits(value: Value, digits: int, made: Callable[[Value], Value]) -> Value:
    if is_whole(value.type):
        return value if digits >= 0 else pc.cast(made(pc.cast(value, pa.decimal128(MOST_DIGITS, 0))), value.type)
    if not is_decimal(value.type):
        return made(value)
    precision, scale = as_decimal(value.type)
    if digits >= scale:
        return value
    # A digit more: 9.9 becomes 10.
    wide = made(pc.cast(value, pa.decimal256(min(precision + 1, MOST_DIGITS + 1), scale)))
    kept = max(digits, 0)
    return no_longer_than(wide, min(MOST_DIGITS, precision - scale + kept + 1), kept)


def root(value: Value) -> Value:
    found = to_double(value)
    _refuse(pc.less(found, 0.0), "the square root of a negative number")
    return pc.sqrt(found)


def natural_logarithm(value: Value) -> Value:
    found = to_double(value)
    _refuse(pc.less_equal(found, 0.0), "the logarithm of a number that is not above zero")
    return pc.ln(found)


def exponential(value: Value) -> Value:
    return pc.exp(to_double(value))


def power(one: Value, two: Value) -> Value:
    return pc.power(to_double(one), to_double(two))


def to_double(value: Value) -> Value:
    return doubles(value) if is_decimal(value.type) else to_type(value, pa.float64())


def _double_function(function: Callable[..., Any], *values: Value) -> Value:
    rows = max((len(value) for value in values if not isinstance(value, pa.Scalar)), default=1)
    arrays = [filled(value, rows) for value in values]
    with np.errstate(all="ignore"):
        made = function(*(array.to_numpy(zero_copy_only=False) if isinstance(array, pa.Array) else array.to_numpy() for array in arrays))
    missing = np.zeros(rows, dtype=bool)
    for array in arrays:
        missing |= np.asarray(pc.is_null(array))
    return pa.array(made, pa.float64(), mask=missing)


def _one_by_one(one: Value, two: Value, made: Callable[[Decimal, Decimal], Decimal], kind: pa.DataType) -> Value:
    """For what Arrow has no exact kernel for."""
    rows = max((len(value) for value in (one, two) if not isinstance(value, pa.Scalar)), default=1)
    with localcontext() as context:
        context.prec = 2 * MOST_DIGITS
        pairs = zip(filled(one, rows).to_pylist(), filled(two, rows).to_pylist(), strict=True)
        return pa.array([None if a is None or b is None else made(Decimal(a), Decimal(b)) for a, b in pairs], kind)


def _checked(function: Callable[..., Value], *values: Value) -> Value:
    try:
        return function(*values)
    except pa.ArrowInvalid as error:
        raise RowsDoNotFit(f"a result does not fit into {values[0].type}: {error}; cast to a wider type first") from error


def _refuse_zero(divisor: Value) -> None:
    _refuse(pc.equal(divisor, pa.scalar(Decimal(0) if is_decimal(divisor.type) else 0, divisor.type)), "division by zero")


def _refuse(wrong: Value, said: str) -> None:
    if wrong.as_py() if isinstance(wrong, pa.Scalar) else pc.any(wrong).as_py():
        raise RowsDoNotFit(said)
