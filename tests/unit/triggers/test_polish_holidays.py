"""Public holidays of Poland, 2015 to 2035, against a table made from the law: the act on days free of work of 18 January 1951, as amended.

In force over these years: 1 and 6 January, Easter Sunday and Monday, 1 and 3 May, Pentecost, Corpus Christi, 15 August, 1 and 11 November,
25 and 26 December; 24 December since 1 February 2025 (act of 6 December 2024); once, 12 November 2018 (act of 7 November 2018).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import pytest

from shared.triggers.fires import timetable

FIXED = ((1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26))
# Easter Sundays, copied from the tables of the church's calendar, not computed.
EASTER = {
    2015: "04-05", 2016: "03-27", 2017: "04-16", 2018: "04-01", 2019: "04-21", 2020: "04-12", 2021: "04-04", 2022: "04-17", 2023: "04-09",
    2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2028: "04-16", 2029: "04-01", 2030: "04-21", 2031: "04-13", 2032: "03-28",
    2033: "04-17", 2034: "04-09", 2035: "03-25",
}  # fmt: skip


def easter(year: int) -> date:
    """By Gauss, with the two exceptions; independent of any library."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if (d, e) == (29, 6) or ((d, e) == (28, 6) and (11 * 24 + 11) % 30 < 19 and a > 10):
        e -= 7
    return date(year, 3, 22) + timedelta(days=d + e)


def by_law(year: int) -> set[date]:
    sunday = date.fromisoformat(f"{year}-{EASTER[year]}")
    days = {date(year, month, day) for month, day in FIXED}
    days |= {sunday + timedelta(days=later) for later in (0, 1, 49, 60)}
    if year >= 2025:
        days.add(date(year, 12, 24))
    if year == 2018:
        days.add(date(2018, 11, 12))
    return days


@pytest.mark.parametrize("year", EASTER)
def test_what_is_skipped_is_what_the_law_names(year: int) -> None:
    assert easter(year) == date.fromisoformat(f"{year}-{EASTER[year]}")
    table = timetable("0 12 * * * !PL_HOLIDAY", "Europe/Warsaw")
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    times = takewhile(lambda one: one.at < end, table.times(datetime(year, 1, 1, tzinfo=UTC)))
    skipped = {one.at.astimezone(table.zone).date() for one in times if one.skipped}
    assert skipped == by_law(year)
    assert len(skipped) == 13 + (year >= 2025) + (year == 2018)
