"""Whether a profile is other than the ones before it: figures, distributions, values and columns. Pure.

Many figures are compared at once, so each must be rarer than a single one would have to be: `zScore` (3: 1 in 370) is how rare a false
finding of a whole check may be, shared out among its comparisons (Bonferroni), by Student's distribution of as much history as there is.
Figures are not always normal: those above 0 must be rare as they are and by their logarithms, and what lies near to what was there before
is no finding however rare it would be. So a shift that stays is told once, and a peak like an earlier one not again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import erfc, inf, isfinite, log, sqrt
from typing import Any

from shared.rules.baseline import Baseline, Past, baseline, knows_the_day
from shared.rules.distribution import Histogram, shifted

# What counts as noise where figures hardly differ: a share of the mean, and points of a percentage.
RELATIVE_NOISE = 0.01
RELATIVE_NOISE_OF_ESTIMATES = 0.05
POINTS_NOISE = 0.1
# Beyond all that was there before by such a part of its span. What a few large values decide jumps about more than the rest.
BEYOND = 0.5
BEYOND_FOR = {"stddev": 1.0, "min": 1.0, "max": 1.0, "lengthMin": 1.0, "lengthMax": 1.0}
# A column as unique as that follows the number of rows.
NEARLY_UNIQUE = 0.9
# A value that was never among so many rows has had a share of less than 3 of them (the rule of three); it must be clearly above that.
RULE_OF_THREE, CLEARLY = 3.0, 3.0
MOST_FINDINGS = 200

_LENGTHS = {"lengthMin": "min", "lengthMax": "max", "lengthMean": "mean"}
_FIGURES = ("nullPercent", "distinct", "mean", "stddev", "min", "max", "lengthMin", "lengthMax", "lengthMean")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Profile = Mapping[str, Any]
Column = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure now, and what it was. `noise`: the least deviation that is taken for granted."""

    column: str | None
    metric: str
    value: float
    past: tuple[Past, ...]
    noise: float


def drift(profile: Profile, history: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """`Outcome.quality["drift"]`: {status, history, findings: [{column, metric, kind, observed, expected, score, season, said}], more}.

    `history` as in `Job.history`, `settings`: {zScore, minHistory, window}. Columns are compared with the newest profile there is; all
    else once there are `minHistory` of them, and until then it is learning. `more`: findings beyond MOST_FINDINGS.
    """
    past = [(datetime.fromisoformat(one["at"]), one["profile"]) for one in history if one.get("profile") is not None]
    past = sorted((one for one in past if one[0] < at), key=lambda one: one[0])[-settings["window"] :]
    findings = list(_columns(profile, past[-1][1])) if past else []
    learning = len(past) < settings["minHistory"] or not knows_the_day([when for when, _ in past], at)
    if not learning:
        findings += _unusual(profile, past, settings, at)
        findings += _elsewhere(profile, past)
        findings += _unheard_of(profile, past)
    status = "drifted" if findings else "learning" if learning else "stable"
    return {"status": status, "history": len(past), "findings": findings[:MOST_FINDINGS], "more": max(0, len(findings) - MOST_FINDINGS)}


def _finding(
    column: str | None,
    metric: str,
    kind: str,
    observed: Any,
    expected: Any,
    said: str,
    *,
    score: float | None = None,
    season: str | None = None,
) -> dict[str, Any]:
    return {
        "column": column,
        "metric": metric,
        "kind": kind,
        "observed": observed,
        "expected": expected,
        "score": score,
        "season": season,
        "said": said,
    }


def _columns(profile: Profile, before: Profile) -> Iterator[dict[str, Any]]:
    now, then = ({column["name"]: column["type"] for column in one["columns"]} for one in (profile, before))
    for name in [name for name in then if name not in now]:
        yield _finding(name, "column", "lostColumn", None, then[name], f"column {name} ({then[name]}) is gone")
    for name in now:
        if name not in then:
            yield _finding(name, "column", "newColumn", now[name], None, f"column {name} ({now[name]}) is new")
        elif now[name] != then[name]:
            yield _finding(name, "type", "retyped", now[name], then[name], f"column {name} was {then[name]} and is {now[name]}")


def _unusual(
    profile: Profile, past: Sequence[tuple[datetime, Profile]], settings: Mapping[str, Any], at: datetime
) -> Iterator[dict[str, Any]]:
    compared = []
    for figure in _figures(profile, past):
        usual = baseline(figure.past, at, window=settings["window"], least=settings["minHistory"])
        if usual is not None:
            compared.append((figure, usual))
    allowed = erfc(settings["zScore"] / sqrt(2)) / max(1, len(compared))
    for figure, usual in compared:
        if (
            usual.chance(figure.value, figure.noise) < allowed
            and _is_beyond(figure, usual)
            and _by_logarithm(figure, settings, at) < allowed
        ):
            yield _told(figure, usual)


def _told(figure: _Figure, usual: Baseline) -> dict[str, Any]:
    deviation = max(usual.deviation, figure.noise)
    score = (figure.value - usual.mean) / deviation if deviation else inf
    what = f"{figure.metric} of {figure.column}" if figure.column is not None else f"the number of {figure.metric}"
    days = " on this weekday" if usual.season == "weekday" else ""
    said = f"{what} is {figure.value:.6g}, and was {usual.mean:.6g} ± {deviation:.3g}{days} over {usual.history} checks"
    if not isfinite(score):
        # What has always been 0 has no deviation to count in, and JSON no infinity.
        return _finding(figure.column, figure.metric, "zScore", figure.value, usual.mean, said, season=usual.season)
    said += f" ({abs(score):.1f} deviations {'more' if score > 0 else 'less'})"
    return _finding(figure.column, figure.metric, "zScore", figure.value, usual.mean, said, score=round(score, 2), season=usual.season)


def _is_beyond(figure: _Figure, usual: Baseline) -> bool:
    """By weekday the other days are no measure."""
    if usual.season == "weekday":
        return True
    values = [one.value for one in figure.past]
    least, greatest = min(values), max(values)
    room = (greatest - least) * BEYOND_FOR.get(figure.metric, BEYOND)
    return not least - room <= figure.value <= greatest + room


def _by_logarithm(figure: _Figure, settings: Mapping[str, Any], at: datetime) -> float:
    """The chance of the figure's logarithm; 0 for those that have none. Sizes are rather log-normal than normal, extremes above all."""
    if figure.metric.endswith("Percent") or figure.value <= 0 or any(one.value <= 0 for one in figure.past):
        return 0.0
    past = [Past(one.at, log(one.value)) for one in figure.past]
    usual = baseline(past, at, window=settings["window"], least=settings["minHistory"])
    return usual.chance(log(figure.value), figure.noise / _size(figure.past)) if usual is not None else 0.0


def _figures(profile: Profile, past: Sequence[tuple[datetime, Profile]]) -> Iterator[_Figure]:
    rows = tuple(Past(when, float(one["rows"])) for when, one in past)
    yield _Figure(None, "rows", float(profile["rows"]), rows, RELATIVE_NOISE * _size(rows))
    before = [(when, one["rows"], {column["name"]: column for column in one["columns"]}) for when, one in past]
    for column in profile["columns"]:
        name = column["name"]
        there = [(when, of, columns[name]) for when, of, columns in before if name in columns and columns[name]["type"] == column["type"]]
        for metric in _FIGURES:
            yield from _compared(column, there, metric, profile["rows"])


def _compared(column: Column, there: Sequence[tuple[datetime, int, Column]], metric: str, rows: int) -> Iterator[_Figure]:
    value = _value(column, metric)
    past = tuple(Past(when, found) for when, _, one in there if (found := _value(one, metric)) is not None)
    if value is None or not past:
        return
    estimated = metric == "distinct" and not all(one.get("distinctExact", True) for one in (column, *(one for *_, one in there)))
    noise = (RELATIVE_NOISE_OF_ESTIMATES if estimated else RELATIVE_NOISE) * _size(past)
    if metric == "nullPercent":
        noise = POINTS_NOISE + _sampling_noise(past, [of for _, of, _ in there], rows)
    if metric == "distinct":
        shares = [_share(one) for one in (column, *(one for *_, one in there))]
        if all(share is not None and share >= NEARLY_UNIQUE for share in shares[1:]):
            past = tuple(Past(when, 100 * (_share(one) or 0.0)) for when, _, one in there)
            yield _Figure(column["name"], "distinctPercent", 100 * (shares[0] or 0.0), past, RELATIVE_NOISE * 100)
            return
    if metric in ("min", "max", "mean", "stddev"):
        noise = max(noise, _spread(there) * _of_few(metric, rows))
    yield _Figure(column["name"], metric, value, past, noise)


def _value(column: Column, metric: str) -> float | None:
    """As a number; dates and times in seconds. None where there is none, or it is masked."""
    lengths = column.get("lengths") or {}
    return number_of(lengths.get(_LENGTHS[metric]) if metric in _LENGTHS else column.get(metric), column)


def number_of(value: Any, column: Column) -> float | None:
    """A value of a profile, which spells decimals, dates and times as texts."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and str(column["type"]).upper().startswith(("DATE", "TIMESTAMP")):
        return _seconds(value)
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    # A text that reads like a number is none: the least of texts says nothing.
    return found if isfinite(found) and not (isinstance(value, str) and _is_text(column)) else None


def _is_text(column: Column) -> bool:
    return str(column["type"]).upper().startswith(("TEXT", "VARCHAR", "CHAR", "UUID", "JSON", "BYTEA"))


def _seconds(value: str) -> float | None:
    try:
        at = datetime.fromisoformat(value) if len(value) > 10 else datetime.combine(date.fromisoformat(value), datetime.min.time())
    except ValueError:
        return None
    # Arithmetic, since timestamp() of the first and the last year overflows.
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


def _size(past: Sequence[Past]) -> float:
    return abs(sum(one.value for one in past) / len(past)) if past else 0.0


def _share(column: Column) -> float | None:
    """Of filled rows that are distinct."""
    rows, nulls, distinct = (column.get(key) for key in ("rows", "nulls", "distinct"))
    if rows is None or nulls is None or distinct is None or rows <= nulls:
        return None
    return float(distinct) / float(rows - nulls)


def _sampling_noise(past: Sequence[Past], rows: Sequence[int], now: int) -> float:
    """In points: how much a percentage of so few rows varies by itself. As if one more row of all had been empty, so never nothing."""
    seen = sum(rows)
    empty = sum(one.value / 100 * of for one, of in zip(past, rows, strict=False))
    share = min(1.0, (empty + 1) / (seen + 2))
    return 100 * sqrt(share * (1 - share) / max(1, now))


def _spread(there: Sequence[tuple[datetime, int, Column]]) -> float:
    return max((found for *_, one in there if (found := _value(one, "stddev")) is not None), default=0.0)


def _of_few(metric: str, rows: int) -> float:
    """What a mean, and a deviation, of so many normal values vary by themselves, in deviations. Around 0 a share of the mean is nothing: a
    part of the spread is noise for extremes, too.
    """
    return {"mean": 1.0, "stddev": sqrt(0.5)}.get(metric, 0.0) / sqrt(max(1, rows)) or RELATIVE_NOISE


def _elsewhere(profile: Profile, past: Sequence[tuple[datetime, Profile]]) -> Iterator[dict[str, Any]]:
    """Columns whose values lie otherwise than they did."""
    for column in profile["columns"]:
        now = Histogram.of(column, number_of)
        same = (one for _, before in past for one in before["columns"] if one["name"] == column["name"] and one["type"] == column["type"])
        then = [found for one in same if (found := Histogram.of(one, number_of)) is not None]
        if now is None or len(then) < 2:
            continue
        index, allowed = shifted(now, then)
        if index > allowed:
            name = column["name"]
            said = f"the values of {name} lie elsewhere: their population stability index is {index:.2f}, and {allowed:.2f} is allowed"
            yield _finding(name, "histogram", "psi", round(index, 3), round(allowed, 3), said, score=round(index, 3))


def _unheard_of(profile: Profile, past: Sequence[tuple[datetime, Profile]]) -> Iterator[dict[str, Any]]:
    """Values of columns that have always had the same few."""
    before = [(one["rows"], {column["name"]: column for column in one["columns"]}) for _, one in past]
    for column in profile["columns"]:
        name, values = column["name"], column.get("topValues")
        there = [(rows, columns[name]) for rows, columns in before if name in columns and columns[name]["type"] == column["type"]]
        if not values or not there or not all(_is_complete(one) for _, one in there):
            continue
        known = {_spelled(one["value"]) for _, past_column in there for one in past_column["topValues"]}
        seen = sum(rows for rows, _ in there)
        if not known or (column.get("distinct") or 0) > 2 * len(known) + 5:
            continue
        for one in values:
            share = one["rows"] / max(1, profile["rows"])
            if _spelled(one["value"]) not in known and share > CLEARLY * RULE_OF_THREE / max(1, seen):
                said = f"{name} has the value {one['value']!r} in {one['rows']} rows, which it never had in {len(there)} checks"
                yield _finding(name, "topValues", "newValue", one["value"], sorted(known)[:20], said)


def _is_complete(column: Column) -> bool:
    """All values of the column are among its most common ones."""
    values, distinct = column.get("topValues"), column.get("distinct")
    return values is not None and distinct is not None and len(values) >= distinct


def _spelled(value: Any) -> str:
    return str(value)
