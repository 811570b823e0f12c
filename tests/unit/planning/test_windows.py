"""Aggregators over windows of time; expected groups worked out in Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.datasets.quantities import microseconds
from shared.planning.errors import PlanProblem
from tests.support.inprocess import Ran, make_pipeline, run

EPOCH = datetime(1970, 1, 1)
TIMES = [
    ("a", "2026-11-21 10:00:00"), ("a", "2026-11-21 10:04:59.999999"), ("a", "2026-11-21 10:05:00"), ("a", "2026-11-21 10:05:00"),
    ("b", "2026-11-21 10:07:30"), ("a", "2026-11-21 10:31:00"), ("b", "1969-12-31 23:58:00"), ("b", "2026-11-21 10:12:29"), ("a", ""),
]  # fmt: skip
READ = "    - {id: calls, type: connector_source, config: {connector: files, path: calls.csv, schema: {at: TYPE}}}\n"
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"


def through(folder: Path, window: str, group: str = "[who]", type_: str = "TIMESTAMP", settings: str = "") -> Ran:
    (folder / "calls.csv").write_text("who,at\n" + "".join(f"{who},{at}\n" for who, at in TIMES))
    config = f"{{groupBy: {group}, window: {{timeColumn: at, {window}}}, aggregations: [{{name: n, function: count}}]}}"
    node = f"    - {{id: it, type: aggregator, config: {config}}}\n"
    return run(folder, make_pipeline(READ.replace("TYPE", type_) + node + OUT, "{from: calls, to: it}, {from: it, to: out}", settings))


def groups(ran: Ran) -> dict[tuple[str, datetime, datetime], int]:
    return {(who, datetime.fromisoformat(first), datetime.fromisoformat(end)): int(n) for who, first, end, n in ran.rows("out.csv")}


def rows() -> list[tuple[str, datetime]]:
    return [(who, datetime.fromisoformat(at)) for who, at in TIMES if at]


def slices(size: timedelta, slide: timedelta) -> dict[tuple[str, datetime, datetime], int]:
    found: dict[tuple[str, datetime, datetime], int] = defaultdict(int)
    for who, at in rows():
        start = at - (at - EPOCH) % slide
        while start + size > at:
            found[who, start, start + size] += 1
            start -= slide
    return dict(found)


@pytest.mark.parametrize("settings", ["", "  ledger: exact\n", "  staging: all\n"])
def test_tumbling_windows_are_slices_and_rows_without_a_time_are_rejected(tmp_path: Path, settings: str) -> None:
    ran = through(tmp_path, "type: tumbling, size: 5m", settings=settings)
    expected = slices(timedelta(minutes=5), timedelta(minutes=5))
    assert groups(ran) == expected
    figures = ran.figures["it"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"]) == (9, len(expected), 1)
    assert ran.rejects["it"][0][1] == "at is NULL, so the row lies in no window"


@pytest.mark.parametrize(("size", "slide"), [("10m", "4m"), ("PT1H", "1h"), ("250ms", "0.1s")])
def test_sliding_windows_overlap_and_count_a_row_in_each(tmp_path: Path, size: str, slide: str) -> None:
    ran = through(tmp_path, f"type: sliding, size: {size}, slide: {slide}")
    expected = slices(timedelta(microseconds=microseconds(size)), timedelta(microseconds=microseconds(slide)))
    assert groups(ran) == expected
    figures = ran.figures["it"]
    assert figures["ledger"] == {"fanOut": 9 - 1 - len(expected)}


def test_sessions_end_where_the_silence_is_as_long_as_the_gap(tmp_path: Path) -> None:
    ran = through(tmp_path, "type: session, gap: 5m")
    gap = timedelta(minutes=5)
    expected: dict[tuple[str, datetime, datetime], int] = {}
    for who in ("a", "b"):
        bursts: list[list[datetime]] = []
        for at in sorted(at for other, at in rows() if other == who):
            if bursts and at - bursts[-1][-1] < gap:
                bursts[-1].append(at)
            else:
                bursts.append([at])
        expected |= {(who, burst[0], burst[-1] + gap): len(burst) for burst in bursts}
    assert groups(ran) == expected


def test_windows_of_a_day_take_dates(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("who,at\nx,2026-01-01\ny,2026-01-01\nx,2026-01-03\n")
    node = (
        "    - {id: it, type: aggregator, config: {window: {timeColumn: at, type: tumbling, size: 2d},"
        " aggregations: [{name: n, function: count}]}}\n"
    )
    ran = run(tmp_path, make_pipeline(READ.replace("TYPE", "DATE") + node + OUT, "{from: calls, to: it}, {from: it, to: out}"))
    assert sorted(row[2] for row in ran.rows("out.csv")) == ["1", "2"]


def test_a_window_over_what_is_no_time_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PlanProblem, match="timeColumn at is TEXT; windows need a DATE, TIMESTAMP or TIMESTAMPTZ, so cast it"):
        through(tmp_path, "type: tumbling, size: 5m", type_="TEXT")
