"""What a figure usually is: the mean of its history and how far its values lie from it, of the same weekday where that tells more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, stdev
from typing import Literal

# Of one weekday, before its own baseline is looked at.
_LEAST_OF_WEEKDAY = 4


@dataclass(frozen=True, slots=True)
class Past:
    """One value of the history. `at` is aware."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """`deviation`: of a sample, 0 where all values are one. `history`: how many values it is made from."""

    mean: float
    deviation: float
    history: int
    season: Literal["all", "weekday"]


def baseline(past: Sequence[Past], at: datetime, *, window: int, least: int) -> Baseline | None:
    """Of the newest `window` values of `past`, oldest first; None with fewer than `least`. Those that are not finite are left out."""
    known = [one for one in past if math.isfinite(one.value)][-window:]
    if len(known) < max(least, 2):
        return None
    whole = _of([one.value for one in known], "all")
    same = [one.value for one in known if one.at.weekday() == at.weekday()]
    if len(same) < _LEAST_OF_WEEKDAY:
        return whole
    weekday = _of(same, "weekday")
    return weekday if weekday.deviation * 2 < whole.deviation else whole


def _of(values: Sequence[float], season: Literal["all", "weekday"]) -> Baseline:
    return Baseline(fmean(values), stdev(values), len(values), season)
