"""A column's figures as plain values: from a count of each of its values where these are few, and in the form that JSON can hold."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.secrets.shown import looks_secret, shown

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

# A value and how many rows have it.
Counted = tuple[Any, int]


def base(type_: str) -> str:
    """A type without its digits."""
    return type_.partition("(")[0]


def number(value: Any) -> float | None:
    """A figure as a number; None where there is none, or none that is finite."""
    if value is None:
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def told(value: Any) -> Any:
    """A value of a column among its figures: numbers as numbers, dates and times as their text."""
    return float(value) if isinstance(value, Decimal | float) else shown(value)


def edges(least: Any, greatest: Any, bins: int) -> list[Any]:
    """The upper ends of so many bins of one width between two values, of numbers or moments; one bin where both are the same."""
    low, high = _place(least), _place(greatest)
    if low is None or high is None or not math.isfinite(high - low):
        return []
    if low == high:
        return [greatest]
    width = (high - low) / bins
    # Days are whole, so that few of them make fewer bins.
    return list(dict.fromkeys((*(_like(low + width * at, least) for at in range(1, bins)), greatest)))


def bins_of(least: Any, ends: Sequence[Any], counts: Sequence[int]) -> list[dict[str, Any]]:
    """[{from, to, rows}]: each bin holds what is above its `from` up to its `to`; the first its `from` as well."""
    starts = [least, *ends[:-1]]
    return [{"from": told(low), "to": told(high), "rows": rows} for low, high, rows in zip(starts, ends, counts, strict=True)]


def histogram(values: Sequence[Counted], bins: int) -> list[dict[str, Any]] | None:
    """Of values in their order."""
    finite = [(value, rows) for value, rows in values if _place(value) is not None]
    if not finite:
        return None
    ends = edges(finite[0][0], finite[-1][0], bins)
    if not ends:
        return None
    counts = [0] * len(ends)
    for value, rows in finite:
        counts[min(bisect.bisect_left(ends, value), len(ends) - 1)] += rows
    return bins_of(finite[0][0], ends, counts)


def quantiles(values: Sequence[Counted]) -> dict[str, Any] | None:
    """Of values in their order: the least of them that at least that share of the rows reaches."""
    total = sum(rows for _, rows in values)
    if not total:
        return None
    found: dict[str, Any] = {}
    below, wanted = 0, list(QUANTILES.items())
    for value, rows in values:
        below += rows
        while wanted and below >= total * wanted[0][1]:
            found[wanted.pop(0)[0]] = told(value)
    return found


def top(values: Sequence[Counted], most: int) -> list[dict[str, Any]]:
    """[{value, rows}]: the most frequent first; of two that are equally so, the one that came first."""
    ordered = sorted(values, key=lambda counted: -counted[1])[:most]
    return [{"value": shown(value), "rows": rows} for value, rows in ordered]


def masked(column: dict[str, Any]) -> dict[str, Any]:
    """Without what would show values of a column whose name looks secret."""
    if not looks_secret(column["name"]):
        return column
    return column | dict.fromkeys(("min", "max", "quantiles", "histogram", "topValues"))


def _place(value: Any) -> float | None:
    """Where on a line it lies; None for what is on none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        found = float(value)
        return found if math.isfinite(found) else None
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=value.tzinfo)).total_seconds()
    if isinstance(value, date):
        return float(value.toordinal())
    return None


def _like(place: float, value: Any) -> Any:
    """What lies there, of the kind of another value."""
    if isinstance(value, datetime):
        return datetime(1970, 1, 1, tzinfo=value.tzinfo) + timedelta(seconds=place)
    if isinstance(value, date):
        return date.fromordinal(int(place))
    return place
