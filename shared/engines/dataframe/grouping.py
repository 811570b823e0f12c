"""Rows of a group in one: counts, exact sums, least and greatest, means and spreads, each in two steps where that can be.

The first step may be done part by part, the second brings the parts together; doing only the second's work on all rows is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe import numbers
from shared.engines.dataframe.codes import codes, first_of_each
from shared.engines.dataframe.values import MOST_DIGITS, is_decimal, is_float, is_whole, no_longer_than, to_type

Array = Any


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`function`: count, sum, avg, min, max, var_samp, var_pop, stddev_samp, stddev_pop, bool_and, bool_or. Its argument's rows that are
    NULL are left out; count(*) has a column without NULLs for its argument.
    """

    function: str
    distinct: bool = False


def parts_of(aggregate: Aggregate) -> tuple[str, ...]:
    """What is kept of a part of the rows, so that parts can be put together: by name of the function that puts them together."""
    return _PARTS[aggregate.function]


_SPREAD = ("n", "mean", "m2")
_PARTS: dict[str, tuple[str, ...]] = {
    "count": ("total",),
    "sum": ("sum",),
    "avg": ("sum", "total"),
    "min": ("min",),
    "max": ("max",),
    "bool_and": ("min",),
    "bool_or": ("max",),
    **dict.fromkeys(("var_samp", "var_pop", "stddev_samp", "stddev_pop"), _SPREAD),
}


def partial(keys: Sequence[Array], arguments: Sequence[tuple[Aggregate, Array]], rows: int) -> tuple[list[Array], list[list[Array]]]:
    """Keys of the groups among the rows, and for each aggregate its parts. Without keys all rows are one group, even if there are none."""
    found, count = _groups(keys, rows)
    first = first_of_each(found, count) if keys else None
    kept = [key.take(pa.array(first)) for key in keys]
    return kept, [_parts(one, argument, found, count) for one, argument in arguments]


def merged(keys: Sequence[Array], arguments: Sequence[tuple[Aggregate, list[Array]]], rows: int) -> tuple[list[Array], list[Array]]:
    """Keys, and the aggregates' values, from the partial rows of all parts."""
    found, count = _groups(keys, rows)
    first = first_of_each(found, count) if keys else None
    return [key.take(pa.array(first)) for key in keys], [_together(one, parts, found, count) for one, parts in arguments]


def _groups(keys: Sequence[Array], rows: int) -> tuple[np.ndarray, int]:
    return codes(keys, rows) if keys else (np.zeros(rows, dtype="int64"), 1)


def _parts(one: Aggregate, argument: Array, found: np.ndarray, count: int) -> list[Array]:
    if one.distinct:
        both, many = codes([pa.array(found), argument], len(found))
        first = first_of_each(both, many)
        found, argument = found[first], argument.take(pa.array(first))
    if one.function == "count":
        return [_grouped(argument, found, count, "count")]
    if one.function in {"sum", "avg"}:
        summed = _grouped(_summable(argument), found, count, "sum")
        return [summed] if one.function == "sum" else [summed, _grouped(argument, found, count, "count")]
    if _PARTS[one.function] == _SPREAD:
        return _spread(_double(argument), found, count)
    return [_least(argument, found, count, greatest=_PARTS[one.function] == ("max",))]


def _together(one: Aggregate, parts: list[Array], found: np.ndarray, count: int) -> Array:
    if one.function == "count":
        return pc.fill_null(_grouped(parts[0], found, count, "sum"), 0)
    if one.function == "sum":
        return _narrow(_grouped(_summable(parts[0]), found, count, "sum"))
    if one.function == "avg":
        total = _grouped(_summable(parts[0]), found, count, "sum")
        many = _grouped(parts[1], found, count, "sum")
        return pc.divide(_double(total), pc.if_else(pc.equal(many, 0), pa.scalar(None, pa.float64()), pc.cast(many, pa.float64())))
    if _PARTS[one.function] == _SPREAD:
        return _spread_together(one.function, parts, found, count)
    return _least(parts[0], found, count, greatest=_PARTS[one.function] == ("max",))


def _summable(argument: Array) -> Array:
    """In a type in which no sum can overflow unseen."""
    kind = argument.type
    if kind == pa.int64():
        return pc.cast(argument, pa.decimal128(MOST_DIGITS, 0))
    if is_whole(kind):
        return pc.cast(argument, pa.int64())
    if is_float(kind) or pa.types.is_null(kind):
        return to_type(argument, pa.float64())
    if is_decimal(kind) and kind.precision > 28 and kind.scale + 38 <= 76:
        return pc.cast(argument, pa.decimal256(min(76, 38 + max(kind.scale, 28)), kind.scale))
    return argument


def _narrow(total: Array) -> Array:
    if pa.types.is_decimal256(total.type):
        return no_longer_than(total, MOST_DIGITS, total.type.scale)
    return total


def _double(value: Array) -> Array:
    if pa.types.is_decimal256(value.type):
        value = no_longer_than(value, MOST_DIGITS, value.type.scale)
    return numbers.to_double(value)


def _grouped(values: Array, found: np.ndarray, count: int, function: str) -> Array:
    """One value for each group, in the order of the codes; NULL, or for a count 0, where none had a value."""
    if not len(found):
        empty = pa.table({"g": pa.array([0]), "v": pa.nulls(1, values.type)}).group_by("g").aggregate([("v", function)])
        one = empty.column(f"v_{function}")
        return one.take(pa.array(np.zeros(count, dtype="int64")))
    table = pa.table({"g": pa.array(found), "v": values}).group_by("g", use_threads=False).aggregate([("v", function)])
    place = np.empty(count, dtype="int64")
    place[table.column("g").to_numpy()] = np.arange(table.num_rows)
    return table.column(f"v_{function}").take(pa.array(place))


def _least(values: Array, found: np.ndarray, count: int, *, greatest: bool) -> Array:
    if not is_float(values.type):
        return _grouped(values, found, count, "max" if greatest else "min")
    # NaN is the greatest of all numbers, where Arrow would pass it over.
    nan = pc.is_nan(values)
    among = _grouped(pc.if_else(nan, pa.scalar(None, values.type), values), found, count, "max" if greatest else "min")
    many = _grouped(pc.cast(pc.fill_null(nan, False), pa.int8()), found, count, "max")
    wins = pc.equal(pc.fill_null(many, 0), 1)
    wins = wins if greatest else pc.and_(wins, pc.is_null(among))
    return pc.if_else(wins, pa.scalar(float("nan"), values.type), among)


def _spread(values: Array, found: np.ndarray, count: int) -> list[Array]:
    """Count, mean and sum of squared differences from it: Chan's method, which loses no digits to large means."""
    there = np.asarray(pc.is_valid(values))
    own, groups = values.filter(pa.array(there)).to_numpy().astype("float64"), found[there]
    many = np.bincount(groups, minlength=count).astype("float64")
    with np.errstate(all="ignore"):
        mean = _means(own, np.ones_like(own), groups, many)
        squares = np.bincount(groups, weights=(own - mean[groups]) ** 2, minlength=count)
    return [pa.array(part, pa.float64()) for part in (many, mean, squares)]


def _spread_together(function: str, parts: list[Array], found: np.ndarray, count: int) -> Array:
    many, mean, squares = (np.asarray(part) for part in parts)
    total = np.bincount(found, weights=many, minlength=count)
    with np.errstate(all="ignore"):
        whole = _means(mean, many, found, total)
        summed = np.bincount(found, weights=squares + many * (mean - whole[found]) ** 2, minlength=count)
        least = 2 if function.endswith("samp") else 1
        variance = summed / np.maximum(total - (1 if least == 2 else 0), 1)
        made = np.sqrt(variance) if function.startswith("stddev") else variance
    return pa.array(made, pa.float64(), mask=total < least)


def _means(values: np.ndarray, many: np.ndarray, groups: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Of each group, from one of its values on: the mean of equal ones is that value, which the sum of large ones would miss a little, and
    a spread would be seen where there is none.
    """
    base = np.zeros(len(total))
    base[groups[many > 0]] = values[many > 0]
    return base + np.bincount(groups, weights=many * (values - base[groups]), minlength=len(total)) / np.where(total, total, 1)
