"""Drift: what was changed on purpose is found, and what only varies is not; and the statistics that decide it."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean, stdev
from typing import Any

import pytest

from shared.rules.baseline import Past, baseline, two_sided
from shared.rules.distribution import Histogram, shifted, stability
from shared.rules.drift import drift
from tests.support.uncounted import uncounted

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
SETTINGS = {"zScore": 3, "minHistory": 5, "window": 30}


def profiled(columns: dict[str, tuple[str, Sequence[Any]]]) -> dict[str, Any]:
    """As the quality service profiles rows: 20 bins, 10 top values."""
    rows = len(next(iter(columns.values()))[1])
    return {"rows": rows, "exact": True, "sampledRows": None, "columns": [_column(n, t, v) for n, (t, v) in columns.items()]}


def _column(name: str, kind: str, values: Sequence[Any]) -> dict[str, Any]:
    there = [value for value in values if value is not None]
    counted = Counter(there)
    found: dict[str, Any] = {
        "name": name, "type": kind, "rows": len(values), "nulls": len(values) - len(there),
        "nullPercent": 100 * (len(values) - len(there)) / len(values), "distinct": len(counted), "distinctExact": True, "min": None,
        "max": None, "mean": None, "stddev": None, "quantiles": None, "histogram": None, "lengths": None,
        "topValues": [{"value": value, "rows": rows} for value, rows in counted.most_common(10)],
    }  # fmt: skip
    if kind == "TEXT":
        sizes = [len(value) for value in there]
        return {**found, "min": min(there), "max": max(there), "lengths": {"min": min(sizes), "max": max(sizes), "mean": fmean(sizes)}}
    numbers = [value.timestamp() if isinstance(value, datetime) else float(value) for value in there]
    least, greatest = min(numbers), max(numbers)
    width = (greatest - least) / 20 or 1.0
    bins = Counter(min(19, int((number - least) / width)) for number in numbers)
    edges = [least + width * n for n in range(21)]

    def shown(number: float) -> Any:
        return datetime.fromtimestamp(number, UTC).isoformat() if kind.startswith("TIMESTAMP") else number

    if not kind.startswith("TIMESTAMP"):
        found |= {"mean": fmean(numbers), "stddev": stdev(numbers)}
    histogram = [{"from": shown(edges[n]), "to": shown(edges[n + 1]), "rows": bins[n]} for n in range(20)]
    return {**found, "min": shown(least), "max": shown(greatest), "histogram": histogram}


def shop(draw: random.Random, day: int, changed: Callable[[str], bool]) -> dict[str, Any]:
    """What a shop sells on a day: less on Saturdays and Sundays, of other sizes, and more refunds; ids and times that go on."""
    at = START + timedelta(days=day)
    weekend = at.weekday() >= 5 and not changed("busy weekend")
    rows = round(draw.gauss(200 if weekend else 500, 8))
    size = 1.6 if changed("shift") else 1.0
    kinds = ["sold", "sold", "sold", "open", "refunded"] + (["refunded"] if at.weekday() >= 5 else [])
    kinds += ["seized"] if changed("category") else []
    missing = 0.15 if changed("nulls") else 0.02
    columns: dict[str, tuple[str, Sequence[Any]]] = {
        "id": ("BIGINT", [day * 2000 + n for n in range(rows)]),
        "sold_at": ("TIMESTAMP", [at + timedelta(seconds=draw.uniform(0, 86_400)) for _ in range(rows)]),
        "amount": ("NUMERIC(12,2)", [round(size * draw.lognormvariate(3, 0.6), 2) for _ in range(rows)]),
        "weight": ("DOUBLE PRECISION", [draw.gauss(5, 1) for _ in range(rows)]),
        "status": ("TEXT", [draw.choice(kinds) for _ in range(rows)]),
        "email": ("TEXT", [None if draw.random() < missing else f"{draw.getrandbits(32)}@example.com" for _ in range(rows)]),
        "pieces": ("TEXT" if changed("type") else "INTEGER", [draw.randint(1, 9) for _ in range(rows)]),
    }
    if changed("type"):
        columns["pieces"] = ("TEXT", [str(value) for value in columns["pieces"][1]])
    if changed("lost"):
        del columns["weight"]
    return profiled(columns)


# What is changed on which of the days, counted from 0; the first is a Monday.
PLANTED = {"shift": range(36, 60), "nulls": range(40, 41), "category": range(43, 44), "lost": range(46, 60), "type": range(50, 60),
           "busy weekend": range(54, 55)}  # fmt: skip


@pytest.mark.parametrize("seed", [1])
@uncounted()
def test_sixty_days_with_six_changes_all_of_them_are_found_and_nothing_else(seed: int) -> None:
    draw, history, found = random.Random(seed), [], {}
    for day in range(60):
        profile = shop(draw, day, lambda what, day=day: day in PLANTED[what])  # type: ignore[misc]
        at = START + timedelta(days=day)
        told = drift(profile, history, SETTINGS, at)
        assert (told["status"] == "learning") == (day < 7)
        found[day] = {(one["column"], one["kind"]) for one in told["findings"]}
        history.append({"at": at.isoformat(), "profile": profile, "metrics": {}, "rows": profile["rows"]})
    begun = {what: days[0] for what, days in PLANTED.items()}
    assert ("amount", "zScore") in found[begun["shift"]]
    assert ("amount", "psi") in found[begun["shift"]]
    assert found[begun["nulls"]] == {("email", "zScore")}
    assert ("status", "newValue") in found[begun["category"]]
    assert found[begun["lost"]] == {("weight", "lostColumn")}
    assert found[begun["type"]] == {("pieces", "retyped")}
    assert (None, "zScore") in found[begun["busy weekend"]]
    unchanged = {day: said for day, said in found.items() if said and day not in begun.values()}
    assert unchanged == {}


@uncounted()
def test_of_three_hundred_columns_that_only_vary_none_is_flagged() -> None:
    """Some 2,400 figures in each check: by three deviations alone, six of them would be off every day."""
    draw, history = random.Random(1), []
    for day in range(20):
        at = START + timedelta(days=day)
        columns = [
            {
                "name": f"c{n}", "type": "DOUBLE PRECISION", "rows": 1000, "nulls": 0, "nullPercent": max(0.0, draw.gauss(3, 0.54)),
                "distinct": round(draw.gauss(500, 9)), "distinctExact": True, "min": -abs(draw.gauss(30, 3)),
                "max": draw.lognormvariate(4, 0.5),
                "mean": draw.gauss(10, 0.3), "stddev": draw.gauss(9, 0.2), "histogram": None, "topValues": None,
                "lengths": {"min": 1, "max": draw.randint(8, 14), "mean": draw.gauss(6, 0.05)},
            }
            for n in range(300)
        ]  # fmt: skip
        profile = {"rows": round(draw.gauss(1000, 20)), "columns": columns}
        assert drift(profile, history, SETTINGS, at)["findings"] == [], day
        history.append({"at": at.isoformat(), "profile": profile, "metrics": {}, "rows": profile["rows"]})


def steady(days: int, **column: Any) -> list[dict[str, Any]]:
    usual = {"name": "c", "type": "INTEGER", "rows": 1000, "nulls": 0, "nullPercent": 0.0, "distinct": 5, "distinctExact": True} | column
    return [{"at": (START + timedelta(days=day)).isoformat(), "profile": {"rows": 1000, "columns": [usual]}} for day in range(days)]


def judged(history: list[dict[str, Any]], rows: int = 1000, **column: Any) -> dict[str, Any]:
    profile = {"rows": rows, "columns": [history[-1]["profile"]["columns"][0] | column]}
    return drift(profile, history, SETTINGS, START + timedelta(days=len(history)))


def test_what_never_changed_may_change_a_little() -> None:
    past = steady(20)
    assert judged(past, rows=1010)["status"] == "stable"
    assert [one["metric"] for one in judged(past, rows=1500)["findings"]] == ["rows"]
    assert judged(past, nulls=1, nullPercent=0.1)["status"] == "stable"
    (finding,) = judged(past, nulls=60, nullPercent=6.0)["findings"]
    assert (finding["column"], finding["metric"], finding["observed"], finding["expected"]) == ("c", "nullPercent", 6.0, 0.0)
    assert "nullPercent of c is 6, and was 0" in finding["said"]


def test_too_little_history_is_learning_but_columns_are_known_at_once() -> None:
    assert drift({"rows": 1, "columns": []}, [], SETTINGS, START) == {"status": "learning", "history": 0, "findings": [], "more": 0}
    assert judged(steady(4), rows=9)["status"] == "learning"
    assert [one["kind"] for one in judged(steady(1), type="TEXT")["findings"]] == ["retyped"]


def test_a_day_of_the_week_that_was_never_seen_is_learnt_first() -> None:
    assert judged(steady(5), rows=10)["status"] == "learning"
    assert judged(steady(8), rows=10)["status"] == "drifted"


def test_masked_values_and_checks_without_a_profile_are_no_history() -> None:
    past = [{"at": START.isoformat(), "profile": None}, *steady(20, min=None, max=None, topValues=None)]
    assert judged(past)["history"] == 20
    assert judged(steady(20, min="2026-01-01", max="nonsense", type="DATE"), max=None)["status"] == "stable"


@pytest.mark.parametrize(("t", "freedom", "chance"), [(2.776, 4, 0.05), (4.604, 4, 0.01), (2.045, 29, 0.05), (3.659, 29, 0.001)])
def test_students_distribution_is_that_of_the_tables(t: float, freedom: int, chance: float) -> None:
    assert two_sided(t, freedom) == pytest.approx(chance, rel=0.01)
    assert two_sided(0, freedom) == 1.0
    assert two_sided(math.inf, freedom) == 0.0
    assert 0 < two_sided(60, freedom) < 1e-6


def past(values: Sequence[float]) -> list[Past]:
    return [Past(START + timedelta(days=day), value) for day, value in enumerate(values)]


def test_a_baseline_is_by_weekday_only_where_that_explains_more() -> None:
    at = START + timedelta(days=28)
    weekly = baseline(past([100 + (day % 7 >= 5) * 900 + day % 3 for day in range(28)]), at, window=30, least=5)
    assert weekly is not None
    assert (weekly.season, weekly.history, round(weekly.mean)) == ("weekday", 28, 101)
    draw = random.Random(1)
    plain = baseline(past([draw.gauss(100, 5) for _ in range(28)]), at, window=30, least=5)
    assert plain is not None
    assert plain.season == "all"
    short = baseline(past([100 + (day % 7 >= 5) * 900 for day in range(21)]), START + timedelta(days=21), window=30, least=5)
    assert short is not None
    assert short.season == "all"
    assert baseline(past([1, 2, 3, 4]), at, window=30, least=5) is None
    # Only what was before counts, and only the window.
    assert baseline(past([1.0] * 10 + [7.0] * 5), START + timedelta(days=15), window=5, least=5) == baseline(
        past([7.0] * 5), START + timedelta(days=5), window=5, least=5
    )


def histogram(draw: random.Random, mean: float, rows: int = 1000) -> Histogram:
    values = sorted(draw.gauss(mean, 1) for _ in range(rows))
    width = (values[-1] - values[0]) / 20
    bins = Counter(min(19, int((value - values[0]) / width)) for value in values)
    return Histogram(tuple(values[0] + n * width for n in range(21)), tuple(float(bins[n]) for n in range(20)))


def test_the_index_finds_another_place_and_not_another_sample() -> None:
    draw = random.Random(5)
    before = [histogram(draw, 0.0) for _ in range(10)]
    index, allowed = shifted(histogram(draw, 0.0), before)
    assert index < 0.05 < allowed
    index, allowed = shifted(histogram(draw, 1.0), before)
    assert index > allowed
    assert stability([1, 2, 3], [10, 20, 30]) == pytest.approx(0.0)
    few = [histogram(draw, 0.0, 20) for _ in range(10)]
    index, allowed = shifted(histogram(draw, 0.0, 20), few)
    assert index < allowed


def test_what_moves_by_itself_is_not_elsewhere() -> None:
    counters = [Histogram((100.0 * n, 100.0 * n + 99), (100.0,)) for n in range(31)]
    index, allowed = shifted(counters[30], counters[:30])
    assert index < allowed


def test_what_has_always_been_nothing_has_no_deviations_to_count() -> None:
    past = [{"at": (START + timedelta(days=day)).isoformat(), "profile": {"rows": 0, "columns": []}} for day in range(8)]
    found = drift({"rows": 500, "columns": []}, past, SETTINGS, START + timedelta(days=8))
    (finding,) = found["findings"]
    assert (finding["metric"], finding["observed"], finding["expected"], finding["score"]) == ("rows", 500.0, 0.0, None)
    assert finding["said"] == "the number of rows is 500, and was 0 ± 0 over 8 checks"


def test_what_is_too_large_to_be_squared_is_no_value() -> None:
    values = [1.0, 1e200, 2.0, -1e300, math.inf, math.nan, 3.0]
    past = [Past(START + timedelta(days=day), value) for day, value in enumerate(values)]
    found = baseline(past, START + timedelta(days=9), window=30, least=3)
    assert found is not None
    assert (found.mean, found.deviation, found.history) == (2.0, 1.0, 3)
    assert baseline([Past(one.at, 1e150 * (-1) ** n) for n, one in enumerate(past)], START + timedelta(days=9), window=30, least=3)
