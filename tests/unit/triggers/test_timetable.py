"""When a schedule fires: over changes of the clock, around days off, and the fire time before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from shared.triggers.calendars import Calendar
from shared.triggers.fires import Timetable, timetable
from shared.triggers.schedule import schedule

WARSAW = "Europe/Warsaw"


def days(*written: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, written))


def local(table: Timetable, after: str, count: int = 3) -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=table.zone)
    return [at.astimezone(table.zone).isoformat(timespec="minutes") for at in islice(table.fires(start), count)]


@pytest.mark.parametrize(
    ("written", "zone", "after", "expected"),
    [
        # Two in the morning is not there that night.
        ("30 2 * * *", WARSAW, "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("0,15,30 2 * * *", WARSAW, "2026-03-29T00:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        ("*/20 2 * * *", WARSAW, "2026-03-29T00:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        ("0 2,3 * * *", WARSAW, "2026-03-29T00:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        ("0 */2 * * *", WARSAW, "2026-03-29T00:30", ["2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"]),
        # Half past two is there twice that night.
        ("30 2 * * *", WARSAW, "2026-10-24T12:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("*/30 2 * * *", WARSAW, "2026-10-25T00:00", ["2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:00+01:00"]),
        ("0 */2 * * *", WARSAW, "2026-10-25T00:30", ["2026-10-25T02:00+02:00", "2026-10-25T04:00+01:00"]),
        # What fires every hour goes by the hours that pass.
        ("0 * * * *", WARSAW, "2026-03-29T00:30", ["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"]),
        ("5 * * * *", WARSAW, "2026-03-29T01:30", ["2026-03-29T03:05+02:00", "2026-03-29T04:05+02:00"]),
        ("0 * * * *", WARSAW, "2026-10-25T01:30", ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"]),
        (
            "*/30 * * * *",
            WARSAW,
            "2026-10-25T02:10",
            ["2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00", "2026-10-25T03:00+01:00"],
        ),
        # Clocks that change by half an hour, and at midnight.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
        ("45 * * * *", "Australia/Lord_Howe", "2026-04-05T01:10", ["2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30"]),
        ("0 0 * * *", "America/Santiago", "2026-09-05T12:00", ["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"]),
        ("30 23 * * *", "America/Santiago", "2026-04-04T12:00", ["2026-04-04T23:30-03:00", "2026-04-05T23:30-04:00"]),
        # A day that an island left out.
        ("0 9 * * *", "Pacific/Apia", "2011-12-29T08:00", ["2011-12-29T09:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T09:00+14:00"]),
    ],
)
def test_each_time_on_the_clock_comes_once(written: str, zone: str, after: str, expected: list[str]) -> None:
    assert local(timetable(written, zone), after, len(expected)) == expected


@pytest.mark.parametrize("written", ["30 2 * * *", "*/20 2 * * *", "17 * * * *", "*/7 1-3 * * *"])
def test_wherever_one_begins_the_times_after_are_the_same(written: str) -> None:
    table = timetable(written, WARSAW)
    for change in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        every = list(takewhile(lambda at, end=change: at < end + timedelta(days=5), table.fires(change - timedelta(days=2))))
        for minutes in range(-200, 200, 7):
            begin = change + timedelta(minutes=minutes, seconds=30)
            expected = [at for at in every if at > begin]
            assert list(islice(table.fires(begin), 2)) == expected[:2]
            assert table.before(begin) == max(at for at in every if at < begin)


@pytest.mark.parametrize(
    ("written", "logical", "start"),
    [
        ("0 2 * * *", "2026-03-28T02:00:00+01:00", "2026-03-27T02:00:00+01:00"),
        ("0 2 * * *", "2026-03-29T03:00:00+02:00", "2026-03-28T02:00:00+01:00"),
        ("0 2 * * *", "2026-03-30T02:00:00+02:00", "2026-03-29T03:00:00+02:00"),
        ("@daily", "2026-03-30T00:00:00+02:00", "2026-03-29T00:00:00+01:00"),
        ("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-24T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-26T02:30:00+01:00", "2026-10-25T02:30:00+02:00"),
        ("@hourly", "2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00"),
        ("@hourly", "2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00+01:00"),
        # Made by hand in between.
        ("0 2 * * *", "2026-07-03T17:12:13+00:00", "2026-07-03T02:00:00+02:00"),
        # Friday before, since the weekend has none.
        ("0 2 * * 1-5", "2026-03-30T02:00:00+02:00", "2026-03-27T02:00:00+01:00"),
        # 1 and 3 May are holidays, and a weekend lies between.
        ("0 2 * * 1-5 !PL_HOLIDAY", "2026-05-04T02:00:00+02:00", "2026-04-30T02:00:00+02:00"),
        ("0 2 29 2 *", "2027-05-04T02:00:00+02:00", "2024-02-29T02:00:00+01:00"),
    ],
)
def test_the_fire_before(written: str, logical: str, start: str) -> None:
    assert timetable(written, WARSAW).before(datetime.fromisoformat(logical)) == datetime.fromisoformat(start)


def test_at_the_end_of_the_calendar_there_is_none_before() -> None:
    assert timetable("0 2 * * *", WARSAW).before(datetime(2, 1, 1, tzinfo=UTC)) in (None, datetime(1, 12, 31, 0, 36, tzinfo=UTC))


HOLIDAYS = Calendar("default/holidays", 3, countries=("PL",))
NEXT = Calendar("default/next", 1, countries=("PL",), shift="next")
PREVIOUS = Calendar("default/previous", 1, countries=("PL",), shift="previous")


def test_a_day_off_has_no_fire_and_says_by_which_rule() -> None:
    table = timetable("0 2 * * *", WARSAW, (HOLIDAYS,))
    found = list(islice(table.times(datetime(2026, 12, 23, 12, tzinfo=UTC)), 5))
    assert [(one.at.day, str(one.skipped or "")) for one in found] == [
        (24, "Christmas Eve, PL (default/holidays, version 3)"),
        (25, "Christmas Day, PL (default/holidays, version 3)"),
        (26, "Second Day of Christmas, PL (default/holidays, version 3)"),
        (27, ""),
        (28, ""),
    ]
    assert [at.day for at in islice(table.fires(datetime(2026, 12, 23, 12, tzinfo=UTC)), 2)] == [27, 28]


def test_built_in_holidays_are_asked_first() -> None:
    table = timetable("0 2 * * * !PL_HOLIDAY", WARSAW, (HOLIDAYS,))
    (one,) = islice(table.times(datetime(2026, 12, 24, 12, tzinfo=UTC)), 1)
    assert str(one.skipped) == "Christmas Day (PL_HOLIDAY)"


def test_each_of_several_calendars_can_leave_a_day_out() -> None:
    one = Calendar("default/one", 1, dates=days("2026-07-01"), include=days("2026-07-02"))
    other = Calendar("default/other", 7, dates=days("2026-07-02"))
    table = timetable("0 2 * * *", WARSAW, (one, other))
    found = list(islice(table.times(datetime(2026, 6, 30, 12, tzinfo=UTC)), 3))
    assert [str(fire.skipped or "") for fire in found] == ["day off (default/one, version 1)", "day off (default/other, version 7)", ""]


def test_what_is_included_counts_and_what_is_excluded_does_not() -> None:
    calendar = Calendar("d/c", 1, countries=("PL",), include=days("2026-12-25"), exclude=days("2026-12-28"))
    table = timetable("0 2 * * *", WARSAW, (calendar,))
    assert [at.day for at in islice(table.fires(datetime(2026, 12, 23, 12, tzinfo=UTC)), 3)] == [25, 27, 29]


def test_a_fire_is_moved_to_the_next_business_day() -> None:
    # Good Friday is none in Poland, Easter Monday is; 1 May 2026 is a Friday, and 3 May a Sunday.
    table = timetable("0 2 * * *", WARSAW, (NEXT,))
    assert local(table, "2026-04-30T00:00", 4) == [
        "2026-04-30T02:00+02:00",
        "2026-05-02T02:00+02:00",
        "2026-05-04T02:00+02:00",
        "2026-05-05T02:00+02:00",
    ]
    monthly = timetable("0 2 1 * *", WARSAW, (NEXT,))
    assert local(monthly, "2026-04-02T00:00", 2) == ["2026-05-04T02:00+02:00", "2026-06-01T02:00+02:00"]
    (moved,) = islice(monthly.times(datetime(2026, 5, 1, 12, tzinfo=UTC)), 1)
    assert (moved.moved_from, str(moved.rule)) == (datetime(2026, 5, 1, 0, tzinfo=UTC), "National Day, PL (default/next, version 1)")


def test_a_fire_is_moved_to_the_business_day_before() -> None:
    monthly = timetable("0 2 1,3 * *", WARSAW, (PREVIOUS,))
    assert local(monthly, "2026-04-10T00:00", 3) == ["2026-04-30T02:00+02:00", "2026-06-01T02:00+02:00", "2026-06-03T02:00+02:00"]
    # From behind the moved fire on it is over, and before the day from which it came it is the fire before.
    assert local(monthly, "2026-04-30T03:00", 1) == ["2026-06-01T02:00+02:00"]
    assert monthly.before(datetime(2026, 6, 1, tzinfo=UTC)) == datetime(2026, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("calendar", [NEXT, PREVIOUS])
@pytest.mark.parametrize("written", ["0 2 * * *", "0 2,14 * * 5-1", "30 2 1-7 * *", "0 2 24-26 12 *", "15 */6 * * 1-5"])
def test_moved_times_are_in_order_and_the_same_wherever_one_begins(written: str, calendar: Calendar) -> None:
    written = written.replace("5-1", "5,6,0,1")
    table = timetable(written, WARSAW, (calendar,))
    first = datetime(2026, 1, 1, tzinfo=UTC)
    every = list(islice(table.fires(first), 400))
    assert every == sorted(set(every))
    for number in range(0, 60, 3):
        begin = first + timedelta(days=number, hours=5)
        assert list(islice(table.fires(begin), 3)) == [at for at in every if at > begin][:3]
    assert all(table.before(after) == before for before, after in pairwise(every[20:41]))


def test_weekends_of_the_country_count_when_a_fire_is_moved() -> None:
    # 23 July 2026 is a Thursday and a holiday; Egypt's weekend is Friday and Saturday.
    table = timetable("0 2 23 7 *", "Africa/Cairo", (Calendar("d/eg", 1, countries=("EG",), shift="next"),))
    assert local(table, "2026-01-01T00:00", 1) == ["2026-07-26T02:00+03:00"]


def test_an_exchange_has_weekends_and_half_days() -> None:
    table = timetable("0 18 * * *", "America/New_York", (Calendar("d/ny", 1, exchanges=("XNYS",)),))
    found = list(islice(table.times(datetime(2026, 11, 26, 12, tzinfo=UTC)), 4))
    assert [str(one.skipped or "").split(",")[0] for one in found] == [
        "Thanksgiving Day",
        "",
        "no trade at the weekend",
        "no trade at the weekend",
    ]
    assert "half day" in str(found[1].note)


def test_a_half_day_fires_and_says_so() -> None:
    calendar = Calendar("d/c", 2, countries=("PL",), half_days=days("2026-12-31"))
    (one,) = islice(timetable("0 2 * * *", WARSAW, (calendar,)).times(datetime(2026, 12, 30, 12, tzinfo=UTC)), 1)
    assert one.skipped is None and str(one.note) == "half day (d/c, version 2)"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("written", "calendars"),
    [
        ("* * * * 6", (Calendar("d/x", 1, exchanges=("XWAR",)),)),
        ("0 2 25 12 * !PL_HOLIDAY", ()),
        ("* * * * *", (Calendar("d/x", 1, exclude=frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(9000))),)),
        ("* * * * *", (Calendar("d/x", 1, exclude=frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(9000)), shift="next"),)),
    ],
)
def test_a_schedule_that_its_calendars_leave_nothing_ends(written: str, calendars: tuple[Calendar, ...]) -> None:
    table = timetable(written, WARSAW, calendars)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(table.fires(start)) == []


@pytest.mark.timeout(20)
def test_the_fire_before_years_of_days_off() -> None:
    closed = Calendar("d/x", 1, exclude=frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(3000)))
    table = timetable("* * * * *", "UTC", (closed,))
    assert table.before(datetime(2032, 1, 1, tzinfo=UTC)) == datetime(2024, 12, 31, 23, 59, tzinfo=UTC)


def test_with_the_calendar_the_times_end() -> None:
    assert [at.year for at in timetable("0 0 29 2 *", "UTC").fires(datetime(9990, 1, 1, tzinfo=UTC))] == [9992, 9996]


def test_a_timetable_is_made_once() -> None:
    assert timetable("0 2 * * *", WARSAW, (HOLIDAYS,)) is timetable("0 2 * * *", WARSAW, (HOLIDAYS,))
    assert timetable("0 2 * * *", WARSAW) == Timetable(schedule("0 2 * * *"), ZoneInfo(WARSAW))
