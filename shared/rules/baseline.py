"""What is usual: the mean and the deviation of what was measured before, by weekday where that explains more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, inf, lgamma, log, log1p, sqrt
from statistics import fmean
from typing import Literal

# Of one weekday so many must be known before it is compared with itself only.
LEAST_OF_A_WEEKDAY = 4
# Weekdays explain more where they leave at most this share of the variance, both by their degrees of freedom: by chance they never do.
UNEXPLAINED = 0.5
# So many checks are looked back over at most, whatever a rule set asks for.
MOST_HISTORY = 1000
_WEEK = timedelta(days=7)
_STEPS = 300
_SMALL = 1e-300
# The square of what is larger may be no number any more.
_GREATEST = 1e150


@dataclass(frozen=True, slots=True)
class Past:
    """One value that was measured, and when (aware)."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """`deviation`: of a single value around the mean, 0 where all were alike. `history`: values that it comes from; `freedom`: degrees of
    freedom of the deviation; `of_mean`: values that the mean comes from. `season`: weekday, where it is of values of the same weekday (in
    UTC), and the deviation what is left within weekdays.
    """

    mean: float
    deviation: float
    history: int
    season: Literal["all", "weekday"]
    freedom: int
    of_mean: int

    def chance(self, value: float, least_deviation: float = 0.0) -> float:
        """The probability that the next value is as far off as this one, or farther, if values are normal and nothing has changed
        (Student's t; the mean is itself an estimate). `least_deviation`: what counts as noise where all values were alike.
        """
        off, deviation = abs(value - self.mean), max(self.deviation, least_deviation)
        if not off:
            return 1.0
        if not deviation:
            return 0.0
        return two_sided(off / (deviation * sqrt(1 + 1 / self.of_mean)), self.freedom)


def baseline(past: Sequence[Past], at: datetime, *, window: int, least: int) -> Baseline | None:
    """Of the newest `window` values before `at`; None: fewer than `least`, so that it is still learning. What is not finite, or beyond
    1e150, is no value.
    """
    values = sorted((one for one in past if one.at < at and abs(one.value) <= _GREATEST), key=lambda one: one.at)[-window:]
    if len(values) < max(least, 2):
        return None
    everything = [one.value for one in values]
    mean = fmean(everything)
    total = sum((value - mean) ** 2 for value in everything)
    freedom = len(everything) - 1
    overall = Baseline(mean, sqrt(total / freedom), len(everything), "all", freedom, len(everything))
    return _by_weekday(values, at, overall) or overall


def knows_the_day(times: Sequence[datetime], at: datetime) -> bool:
    """Whether a value of that weekday can be judged: one like it is known, or a week is over without one."""
    same = any(one.astimezone(UTC).weekday() == at.astimezone(UTC).weekday() for one in times)
    return same or (bool(times) and at - min(times) >= _WEEK)


def _by_weekday(values: Sequence[Past], at: datetime, overall: Baseline) -> Baseline | None:
    days: dict[int, list[float]] = {}
    for one in values:
        days.setdefault(one.at.astimezone(UTC).weekday(), []).append(one.value)
    same = days.get(at.astimezone(UTC).weekday(), [])
    freedom = len(values) - len(days)
    if len(same) < LEAST_OF_A_WEEKDAY or len(days) < 2 or freedom < 1 or not overall.deviation:
        return None
    within = sum((value - fmean(day)) ** 2 for day in days.values() for value in day) / freedom
    if within > UNEXPLAINED * overall.deviation**2:
        return None
    return Baseline(fmean(same), sqrt(within), overall.history, "weekday", freedom, len(same))


def two_sided(t: float, freedom: int) -> float:
    """P(|T| >= t) of Student's distribution: the regularised incomplete beta function at freedom / (freedom + t²)."""
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5) if t < inf else 0.0


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """By its continued fraction, in Lentz's way (Press et al., Numerical Recipes, 6.4), on the side where it converges fast."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            found *= d * c
        if abs(d * c - 1) < 1e-12:
            break
    return front * found


def _away(value: float) -> float:
    return value if abs(value) > _SMALL else _SMALL
