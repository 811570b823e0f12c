"""The profile of a dataset (quality.md), and how it is had in few scans.

First come aggregates that share the scan of the rules: counts, extremes, moments, lengths, how many values. What these say decides how the
rest is had: a column of few values by a count of each of them, from which everything follows exactly; one of many by one more scan for
all such columns, and by a count of each value that stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from services.quality import figures, profiling
from services.quality.answers import Answers, Found, measured
from services.quality.figures import Counted
from services.quality.fuse import Asked
from services.quality.profiling import EXACT_BELOW, FEW
from shared.datasets import Column, Columns
from shared.errors import PenstockError
from shared.rules import Scan
from shared.rules.trees import NUMBERS, TIMES
from shared.rules.types import this
from shared.secrets.shown import shown

# The most frequent of more values would not be frequent.
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """As the rule set says: `bins` of a histogram, `most` frequent values; `sample`: of more rows, so many are looked at."""

    bins: int = 20
    most: int = 10
    sample: int | None = None

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Wanted:
        above = settings.get("sampleAbove")
        return Wanted(settings.get("histogramBins", 20), settings.get("topValues", 10), above if isinstance(above, int) else None)


class Profile:
    """Of one dataset, by whoever has its rows: `asked` is measured first, with the rules; `told` asks for the rest and gives the JSON."""

    def __init__(self, columns: Columns, wanted: Wanted, answers: Answers) -> None:
        self._columns, self._wanted, self._answers = columns, wanted, answers
        # Rules count downwards from 0, and the rows are -1.
        self._numbers = {column.name: -2 - at for at, column in enumerate(columns)}

    @property
    def asked(self) -> list[Asked]:
        """One for each column, so that one that breaks is alone without figures; of it what its database is trusted with."""
        found = []
        for column in self._columns:
            aggregates = profiling.aggregates(column, estimates=self._answers.estimates)
            allowed = {name: tree for name, tree in aggregates.items() if self._may(exp.select(tree).from_(this()))}
            found.append(Asked(self._numbers[column.name], Scan(allowed)))
        return [one for one in found if one.scan.aggregates]

    def told(self, rows: int, found: Mapping[int, Found]) -> dict[str, Any]:
        """{rows, exact, sampledRows, columns}."""
        first = {name: found[number].values or {} for name, number in self._numbers.items() if number in found}
        counted = {column.name: self._counted(column, first.get(column.name, {})) for column in self._columns}
        many = [column for column in self._columns if counted[column.name] is None and first.get(column.name)]
        second = self._second(many, first, rows) if self._answers.estimates else {}
        columns = []
        for column in self._columns:
            figures_ = _first(column, first.get(column.name, {}), rows)
            if (values := counted[column.name]) is not None:
                figures_ |= self._of_few(column, values)
            else:
                figures_ |= second.get(column.name, {})
                figures_ |= self._frequent(column, first.get(column.name, {}))
            columns.append(figures.masked(figures_))
        exact = all(column["distinctExact"] and column["quantilesExact"] for column in columns)
        return {"rows": rows, "exact": exact, "sampledRows": None, "columns": columns}

    def _may(self, select: exp.Query) -> bool:
        return self._answers.distrusts(select) is None

    def _counted(self, column: Column, found: Mapping[str, Any]) -> list[Counted] | None:
        """How many rows have each value, in the order of the values, where they are few."""
        about = found.get("about", found.get("distinct"))
        if about is None or int(about) > FEW:
            return None
        # An estimate may be too low.
        rows = self._asked(profiling.each_value(column), 2 * FEW)
        return [(value, int(count)) for value, count in rows] if rows is not None and len(rows) < 2 * FEW else None

    def _asked(self, select: exp.Query, most: int) -> list[tuple[Any, ...]] | None:
        """None where it is not asked, or fails: a figure that is missing is no failure of the check."""
        if not self._may(select):
            return None
        try:
            return self._answers.rows(select, most)[1]
        except PenstockError as error:
            if error.retryable:
                raise
            return None

    def _of_few(self, column: Column, values: Sequence[Counted]) -> dict[str, Any]:
        found = {"distinct": len(values), "distinctExact": True, "topValues": figures.top(values, self._wanted.most)}
        if figures.base(column.type) in NUMBERS | TIMES:
            finite = [(value, rows) for value, rows in values if not isinstance(value, float) or figures.number(value) is not None]
            found |= {"quantiles": figures.quantiles(finite), "histogram": figures.histogram(finite, self._wanted.bins)}
        return found

    def _second(self, columns: Sequence[Column], first: Mapping[str, Mapping[str, Any]], rows: int) -> dict[str, dict[str, Any]]:
        """Quantiles and histograms, in one scan."""
        exact = rows < EXACT_BELOW
        least = {column.name: first[column.name]["min"] for column in columns if first[column.name].get("min") is not None}
        shaped = [c for c in columns if c.name in least and figures.base(c.type) in NUMBERS | TIMES]
        ends = {c.name: figures.edges(least[c.name], first[c.name]["max"], self._wanted.bins) for c in shaped}
        asked = [Asked(at, Scan(profiling.shape(column, ends[column.name], exact=exact))) for at, column in enumerate(shaped)]
        answered = measured(self._answers, asked)
        said: dict[str, dict[str, Any]] = {}
        for at, column in enumerate(shaped):
            values, name = answered[at].values or {}, column.name
            own = said[name] = {"quantilesExact": exact}
            if (found := values.get("quantiles")) is not None:
                own["quantiles"] = {key: figures.told(value) for key, value in zip(figures.QUANTILES, found, strict=True)}
            if (bins := values.get("bins")) is not None:
                own["histogram"] = figures.bins_of(least[name], ends[name], profiling.bin_rows(bins, len(ends[name])))
        return said

    def _frequent(self, column: Column, found: Mapping[str, Any]) -> dict[str, Any]:
        """The most frequent of many values, and how many there are, from one count of each."""
        about = found.get("about")
        if about is None or int(about) > MANY:
            return {}
        rows = self._asked(profiling.most_frequent(column, self._wanted.most), self._wanted.most)
        if not rows:
            return {}
        top = [{"value": shown(value), "rows": int(count)} for value, count, _ in rows]
        return {"distinct": int(rows[0][2]), "distinctExact": True, "topValues": top}


def _first(column: Column, found: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """A column's figures by what the first scan says of it; null is "not known"."""
    present = found.get("present")
    nulls = rows - int(present) if present is not None else None
    lengths = {"min": found.get("shortest"), "max": found.get("longest"), "mean": figures.number(found.get("length"))}
    distinct = found.get("distinct", found.get("about"))
    return {
        "name": column.name,
        "type": column.type,
        "rows": rows,
        "nulls": nulls,
        "nullPercent": None if nulls is None else round(nulls * 100 / rows, 3) if rows else 0.0,
        "distinct": int(distinct) if distinct is not None else None,
        "distinctExact": "about" not in found,
        "min": shown(found.get("min")),
        "max": shown(found.get("max")),
        "mean": figures.number(found.get("mean")),
        "stddev": figures.number(found.get("stddev")),
        "quantiles": None,
        "quantilesExact": True,
        "histogram": None,
        "topValues": None,
        "lengths": lengths if lengths["min"] is not None else None,
    }
