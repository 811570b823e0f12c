"""Times of 537 expressions in five zones, 2024 to 2035, against what Spring's cron says (tests/golden/cron; `make golden-cron`).

Here each expression is compared around all changes of the clock in two zones, and over whole years in another; `make golden-cron` compares
everything.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from tests.unit.triggers.cron_golden import AROUND, LINES, YEARS, ZONES, answers, around_changes, changes, expected_of_year, of_year, times

# A year of more times than that takes too long here.
MOST = 800


def test_there_are_enough_of_them_and_all_have_answers() -> None:
    assert len(set(LINES)) == len(LINES) >= 500
    for zone in ZONES:
        assert list(answers(zone)) == LINES
    assert [len(changes(zone)) for zone in ZONES] == [24, 24, 24, 24, 0]


@pytest.mark.parametrize("zone", range(4))
def test_times_around_changes_of_the_clock_are_springs(zone: int) -> None:
    name, some = ZONES[zone], LINES[zone % 2 :: 2]
    assert [line for line in some if around_changes(line, name) != answers(name)[line]["changes"]] == []


def test_times_of_whole_years_are_springs() -> None:
    wrong = []
    for number, line in enumerate(LINES):
        zone, year = ZONES[number % len(ZONES)], YEARS[number % len(YEARS)]
        start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        few = sum(1 for _ in islice(times(line, zone, start, end), MOST + 1)) <= MOST
        if few and of_year(line, zone, year) != expected_of_year(line, zone, year):
            wrong.append((line, zone, year))
    assert wrong == []


def test_every_hour_means_what_it_means_to_spring_in_the_zone_itself() -> None:
    """Where the clock moves by an hour: by half of one, Spring counts otherwise."""
    hourly = [line for line in LINES if line.split()[1] in ("*", "0-23")]
    assert len(hourly) == 10
    assert {answers(zone)[line]["native"] for zone in ZONES if zone != "Australia/Lord_Howe" for line in hourly} == {0}


def test_the_changes_of_2026_in_full() -> None:
    """So that a difference can be read: minutes from the change of the clock."""
    for zone in ZONES:
        here = [change for change in changes(zone) if change.year == 2026]
        for line in LINES[::7]:
            found = [
                [int((at - change).total_seconds()) // 60 for at in times(line, zone, change - AROUND, change + AROUND)] for change in here
            ]
            few = [one for one in found if len(one) <= 12]
            assert few == answers(zone)[line]["2026"], (zone, line)
