"""Our times against Spring's, as tests/golden/cron holds them. As a program it compares everything: the last step of `make golden-cron`.

`python -m tests.unit.triggers.cron_golden [--expressions 50]`: every expression, zone and year; with a number, so many of the expressions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shared.triggers.fires import timetable

GOLDEN = Path(__file__).parents[2] / "golden" / "cron"
ZONES = ("Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata")
YEARS = range(2024, 2036)
DIGITS = 6
AROUND = timedelta(hours=6)
LINES = [line for line in (GOLDEN / "expressions.txt").read_text().splitlines() if line and not line.startswith("#")]


@lru_cache
def answers(zone: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{zone.replace('/', '-')}.json").read_text())
    return found


@lru_cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The instants at which the zone's clock changes in these years."""
    found, hour = [], timedelta(hours=1)
    at, end = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC)
    clock = ZoneInfo(zone)
    while at < end:
        later = at + timedelta(days=1)
        if at.astimezone(clock).utcoffset() != later.astimezone(clock).utcoffset():
            # Changes are on the half hour, as an instant.
            early = at
            while early.astimezone(clock).utcoffset() == at.astimezone(clock).utcoffset():
                early += hour / 2
            found.append(early)
        at = later
    return tuple(found)


def cron(line: str) -> str:
    return line.removeprefix("either ")


def times(line: str, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    return takewhile(lambda at: at < end, timetable(cron(line), zone).fires(start - timedelta(seconds=1)))


def digest(found: Iterable[datetime]) -> str:
    seconds = [int(at.timestamp()) for at in found]
    return hashlib.sha256(struct.pack(f">{len(seconds)}q", *seconds)).hexdigest()[:DIGITS]


def of_year(line: str, zone: str, year: int) -> str:
    return digest(times(line, zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)))


def expected_of_year(line: str, zone: str, year: int) -> str:
    start = (year - YEARS[0]) * DIGITS
    return str(answers(zone)[line]["years"])[start : start + DIGITS]


def around_changes(line: str, zone: str) -> str:
    return digest(at for change in changes(zone) for at in times(line, zone, change - AROUND, change + AROUND))


def differing(line: str) -> list[str]:
    found = []
    for zone in ZONES:
        if around_changes(line, zone) != answers(zone)[line]["changes"]:
            found.append(f"{line} in {zone}, around changes of the clock")
        found += [f"{line} in {zone}, {year}" for year in YEARS if of_year(line, zone, year) != expected_of_year(line, zone, year)]
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description="compares our times with Spring's")
    arguments.add_argument("--expressions", type=int, help="so many of them, evenly chosen; else all")
    wanted = arguments.parse_args().expressions
    lines = LINES if wanted is None else LINES[:: max(1, len(LINES) // wanted)][:wanted]
    with ProcessPoolExecutor() as pool:
        wrong = [said for found in pool.map(differing, lines, chunksize=4) for said in found]
    for said in wrong:
        print(said)
    print(f"{len(lines)} expressions, {len(ZONES)} zones, {len(YEARS)} years: {len(wrong) or 'no'} differences")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
