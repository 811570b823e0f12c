"""Timetables and calendars as people are shown them: the next times, and day for day what counts and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from shared.triggers.calendars import NONE, Calendar, Rule
from shared.triggers.clock import instant
from shared.triggers.fires import LONGEST, Fire, Timetable

# So many days that are left out are shown one by one; then only what fires.
MOST_SKIPPED = 100
# No run of days off is longer in earnest; were one, its days would be told out of order.
_FARTHEST = timedelta(days=31)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A time that fires; or, `count` above 1, all times of a day that are left out by one rule, with the first of them."""

    fire: Fire
    count: int = 1


@dataclass(frozen=True, slots=True)
class Day:
    """`rule`: why it does not count. `included`: it would not, but is said to. `times`: of the cron; `fires`: times at which it fires, also
    those that were moved here from `moved_from`. `moved_to`: where the day's times went.
    """

    day: date
    rule: Rule | None
    included: Rule | None = None
    half: Rule | None = None
    times: int = 0
    fires: int = 0
    moved_to: date | None = None
    moved_from: tuple[date, ...] = field(default=())

    @property
    def counts(self) -> bool:
        return self.rule is None


def upcoming(table: Timetable, after: datetime, most: int) -> list[Shown]:
    """The next `most` times that fire, and those between them that do not. Empty where it never fires."""
    if next(table.fires(after), None) is None:
        return []
    found: list[Shown] = []
    fired = skipped = 0
    last = after
    for one in table.times(after):
        if one.skipped is None:
            found.append(Shown(one))
            fired, last = fired + 1, one.at
        elif found and _same_day(table, found[-1].fire, one):
            found[-1] = replace(found[-1], count=found[-1].count + 1)
        else:
            skipped += 1
            if skipped > MOST_SKIPPED:
                break
            found.append(Shown(one))
        if fired == most:
            break
    for at in table.fires(last) if fired < most else ():
        found.append(Shown(Fire(at)))
        fired += 1
        if fired == most:
            break
    return sorted(found, key=lambda one: one.fire.at)


def days(table: Timetable, first: date, most: int) -> list[Day]:
    """So many days from `first` on, those among them on which the cron has no time."""
    with_times = {one.day: one for one in _of_cron(table, first, first + (most - 1) * _DAY)}
    every = (first + number * _DAY for number in range(most))
    return [with_times.get(day) or _day(table, day) for day in every]


def dates(table: Timetable, first: date, most: int) -> list[Day]:
    """The next dates from `first` on, on which the cron has a time, or to which one was moved. Fewer where there are no more."""
    found = []
    for one in _of_cron(table, first, None):
        found.append(one)
        if len(found) == most:
            break
    return found


def of_calendar(calendar: Calendar, first: date, most: int) -> list[Day]:
    found = []
    for number in range(most):
        day = first + number * _DAY
        rule = calendar.off(day)
        found.append(Day(day, rule, calendar.included(day) if rule is None else None, calendar.half(day) if rule is None else None))
    return found


def _of_cron(table: Timetable, first: date, last: date | None) -> Iterator[Day]:
    """In order of date. A day is complete, and told, when times come that are so far behind it that none can be moved to it any more."""
    start = instant(datetime.combine(first, time()), table.zone) - timedelta(seconds=1)
    farthest = _FARTHEST if table.shift != NONE else timedelta(0)
    open_: dict[date, Day] = {}
    for one in table.times(start):
        if one.at - start > LONGEST:
            break
        landed = (one.joined or one.at).astimezone(table.zone).date()
        came = (one.moved_from or one.at).astimezone(table.zone).date()
        settled = min(landed, came)
        for day in sorted(day for day in open_ if day < settled - farthest):
            yield open_.pop(day)
        if last is not None and settled > last + farthest:
            break
        if came >= first and (last is None or came <= last):
            was = open_.get(came) or _day(table, came)
            fires = was.fires + (one.skipped is None and one.moved_from is None)
            open_[came] = replace(was, times=was.times + 1, fires=fires, moved_to=landed if came != landed else was.moved_to)
        if came != landed and landed >= first and (last is None or landed <= last):
            here = open_.get(landed) or _day(table, landed)
            from_ = here.moved_from if came in here.moved_from else (*here.moved_from, came)
            open_[landed] = replace(here, fires=here.fires + (one.joined is None), moved_from=from_)
    for day in sorted(open_):
        yield open_[day]


def _day(table: Timetable, day: date) -> Day:
    rule = table.off(day)
    return Day(day, rule, table.included(day) if rule is None else None, table.half(day) if rule is None else None)


def _same_day(table: Timetable, one: Fire, other: Fire) -> bool:
    if one.skipped is None or one.skipped != other.skipped or one.joined or other.joined:
        return False
    return one.at.astimezone(table.zone).date() == other.at.astimezone(table.zone).date()
