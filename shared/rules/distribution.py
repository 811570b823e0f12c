"""How far values lie otherwise than before: the population stability index of histograms whose bins differ. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Any

# The usual mark: above it a population counts as another one.
THRESHOLD = 0.25
BINS = 10
# A column that moves by itself, as a counter does, was always that far from itself.
UNLIKE_BEFORE = 1.5
# So many standard deviations above what is to be expected of so few rows.
CHANCE = 4.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """`edges`: ascending, one more than `rows`."""

    edges: tuple[float, ...]
    rows: tuple[float, ...]

    @staticmethod
    def of(column: Mapping[str, Any], number: Callable[[Any, Mapping[str, Any]], float | None]) -> Histogram | None:
        """Of a profile's column; None where it has none, or no rows are in it."""
        bins = [(number(one["from"], column), number(one["to"], column), float(one["rows"])) for one in column.get("histogram") or ()]
        if not bins or any(start is None or end is None for start, end, _ in bins) or not sum(rows for *_, rows in bins):
            return None
        edges = [bins[0][0], *(end for _, end, _ in bins)]
        told = tuple(edge for edge in edges if edge is not None)
        return Histogram(told, tuple(rows for *_, rows in bins)) if list(told) == sorted(told) else None

    @property
    def total(self) -> float:
        return sum(self.rows)

    def below(self, value: float) -> float:
        """Rows up to a value, those of a bin spread evenly in it; all rows of a bin without width lie at its place."""
        found = 0.0
        for start, end, rows in zip(self.edges, self.edges[1:], self.rows, strict=False):
            if value >= end:
                found += rows
            elif value > start:
                found += rows * (value - start) / (end - start)
        return found


def shifted(now: Histogram, before: Sequence[Histogram]) -> tuple[float, float]:
    """The index of `now` against all `before` together, and the most that is no news.

    The bins are tenths of the reference, which outliers do not stretch. What is allowed: THRESHOLD, as much as comes about by chance in so
    few rows, and half as much again as any of those before was away from the others.
    """
    edges = _tenths(before)
    then = [_counts(one, edges) for one in before]
    together = [sum(counts) for counts in zip(*then, strict=True)]
    new = _counts(now, edges)
    was = [
        stability(one, [all_rows - own for all_rows, own in zip(together, one, strict=True)]) for one in then if sum(one) < sum(together)
    ]
    return stability(new, together), max(_by_chance(len(together), now.total, sum(together)), UNLIKE_BEFORE * max(was, default=0.0))


def stability(observed: Sequence[float], expected: Sequence[float]) -> float:
    """Population stability index in nats; 0.0 where the shares agree. An empty bin counts as half a row, so that it is finite."""
    all_observed, all_expected = sum(observed), sum(expected)
    found = 0.0
    for one, other in zip(observed, expected, strict=True):
        p, q = max(one, 0.5) / max(all_observed, 1.0), max(other, 0.5) / max(all_expected, 1.0)
        found += (p - q) * log(p / q)
    return found


def _by_chance(bins: int, rows: float, others: float) -> float:
    """Of one population the index is some (1/n + 1/m) times a chi-square of as many degrees of freedom as bins less one."""
    free = max(1, bins - 1)
    return THRESHOLD + (1 / max(rows, 1.0) + 1 / max(others, 1.0)) * (free + CHANCE * sqrt(2 * free))


def _tenths(histograms: Sequence[Histogram]) -> list[float]:
    """Inner edges of bins that hold a tenth of all rows each; fewer where many rows have one value."""
    places = sorted({edge for one in histograms for edge in one.edges})
    total = sum(one.total for one in histograms)
    reached = [sum(one.below(place) for one in histograms) for place in places]
    found: list[float] = []
    for part in range(1, BINS):
        at = bisect_left(reached, total * part / BINS)
        if at == 0:
            edge = places[0]
        else:
            start, end = reached[at - 1], reached[min(at, len(reached) - 1)]
            share = (total * part / BINS - start) / (end - start) if end > start else 1.0
            edge = places[at - 1] + share * (places[min(at, len(places) - 1)] - places[at - 1])
        if not found or edge > found[-1]:
            found.append(edge)
    return found


def _counts(histogram: Histogram, edges: Sequence[float]) -> list[float]:
    """Rows in each bin between those edges, the first and the last open."""
    up_to = [0.0, *(histogram.below(edge) for edge in edges), histogram.total]
    return [max(0.0, end - start) for start, end in pairwise(up_to)]
