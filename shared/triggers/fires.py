"""When a schedule fires: its times one after the other, each with the rule that left it out or moved it.

A Timetable is a value: a schedule, its zone, and the calendars as they are now. Who keeps calendars is not known here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, takewhile
from zoneinfo import ZoneInfo

from shared.triggers.calendars import NEXT, NONE, Calendar, Rule, off, public
from shared.triggers.clock import instant, instants
from shared.triggers.schedule import Schedule, schedule

# A schedule that fires on no day of so many years does not fire.
LONGEST = timedelta(days=20 * 366)
# A calendar that has no business day for so many days has none.
_MOST_DAYS = 400
_DAY = timedelta(days=1)
_MOMENT = timedelta(seconds=1)
# How far back the fire before is looked for, one after the other: little for those that fire often, enough for 29 February.
_BACK = (
    timedelta(minutes=61),
    timedelta(hours=26),
    timedelta(days=8),
    timedelta(days=33),
    timedelta(days=370),
    timedelta(days=1830),
    LONGEST,
)


@dataclass(frozen=True, slots=True)
class Fire:
    """One time of a schedule, in UTC. `skipped`: the rule by which it does not fire; None for one that does.

    `moved_from` and `rule`: the time that a calendar has moved here, and the rule by which it did not fire then. `joined`: of one that was
    to be moved onto another fire, and is one with it. `note`: said of the day.
    """

    at: datetime
    skipped: Rule | None = None
    moved_from: datetime | None = None
    rule: Rule | None = None
    joined: datetime | None = None
    note: Rule | None = None


@dataclass(frozen=True)
class Timetable:
    """`calendars`: those of the schedule and of the pipeline, in the order in which they are asked. `missing`: names for which there is
    none; it fires as if these had no days off.
    """

    schedule: Schedule
    zone: ZoneInfo
    calendars: tuple[Calendar, ...] = ()
    missing: tuple[str, ...] = ()

    def times(self, after: datetime) -> Iterator[Fire]:
        """All times after `after`, those that do not fire among them, in order."""
        if self.shift != NONE:
            yield from self._moved(after)
            return
        for at, local in instants(self.schedule.cron, self.zone, after):
            rule = off(self.calendars, local.date())
            yield Fire(at, rule, note=self.half(local.date()) if rule is None else None)

    def fires(self, after: datetime) -> Iterator[datetime]:
        """Those that fire; ends where none does for twenty years."""
        if not self.calendars:
            yield from (at for at, _ in instants(self.schedule.cron, self.zone, after))
        elif self.shift != NONE:
            last = after
            for one in self._moved(after):
                if one.skipped is None:
                    yield one.at
                    last = one.at
                elif one.at - last > LONGEST:
                    return
        else:
            yield from self._on_days_that_count(after)

    def before(self, at: datetime) -> datetime | None:
        """The fire before `at`; None where there was none for twenty years."""
        # At the very ends of the calendar there are no dates to look at.
        with suppress(OverflowError):
            none_since = at
            for back in _BACK:
                if (found := self._between(at - back, at)) is not None:
                    return self._last(found, none_since, at)
                none_since = at - back
        return None

    def _last(self, found: datetime, none_since: datetime, at: datetime) -> datetime:
        """The last fire before `at`, from one before it on. Halved, not counted: years off may follow months of fires each minute."""
        while none_since - found > _DAY:
            middle = found + (none_since - found) / 2
            later = self._between(middle, at)
            found, none_since = (later, none_since) if later is not None else (found, middle)
        rest = deque(takewhile(lambda one: one < at, self.fires(found)), maxlen=1)
        return rest[0] if rest else found

    def _between(self, after: datetime, at: datetime) -> datetime | None:
        """The first fire after `after`, if it is before `at`."""
        first = next(self.fires(after), None)
        return first if first is not None and first < at else None

    @property
    def shift(self) -> str:
        """Where times go that fall on a day off: as the first of its calendars says that says so."""
        return next((one.shift for one in self.calendars if one.shift != NONE), NONE)

    def off(self, day: date) -> Rule | None:
        """The rule that leaves the day out; None when it counts."""
        return off(self.calendars, day)

    def half(self, day: date) -> Rule | None:
        return next((rule for one in self.calendars if (rule := one.half(day)) is not None), None)

    def included(self, day: date) -> Rule | None:
        return next((rule for one in self.calendars if (rule := one.included(day)) is not None), None)

    def goes_to(self, day: date) -> date | None:
        """The business day to which times of a day off are moved; None where they are left out."""
        if self.shift == NONE or not any(one.shift != NONE and one.off(day) for one in self.calendars):
            return None
        return self._business(day, _DAY if self.shift == NEXT else -_DAY)

    def _on_days_that_count(self, after: datetime) -> Iterator[datetime]:
        last, start = after, after
        while True:
            for at, local in instants(self.schedule.cron, self.zone, start):
                day = local.date()
                if off(self.calendars, day) is None:
                    yield at
                    last = at
                    continue
                if at - last > LONGEST:
                    return
                counting = next((one for one in _days(day + _DAY, _DAY, LONGEST.days) if off(self.calendars, one) is None), None)
                if counting is None:
                    return
                # A schedule of every minute has many times on a day off, all of them for nothing.
                start = max(start, instant(datetime.combine(counting, time()), self.zone) - _MOMENT)
                break
            else:
                return

    def _moved(self, after: datetime) -> Iterator[Fire]:
        """As `times`, where times are moved: from one business day to the next they stay among themselves, and are put in order.

        Ends where no business day is found.
        """
        step = _DAY if self.shift == NEXT else -_DAY
        day = after.astimezone(self.zone).date()
        found_before = self._business(day - _DAY if self.shift == NEXT else day, -_DAY)
        if found_before is None:
            return
        # What is moved to the next business day begins behind the one before; what is moved back begins with it.
        first = found_before + _DAY if self.shift == NEXT else found_before
        start = instant(datetime.combine(first, time()), self.zone) - _MOMENT
        times = instants(self.schedule.cron, self.zone, min(start, after))
        for there, group in groupby(times, key=lambda one: self._business(one[1].date(), step)):
            if there is None:
                return
            found: dict[datetime, Fire] = {}
            # Those that stay where they are come first: what is moved onto another fire is one with it.
            for one in sorted((self._one(at, local) for at, local in group), key=lambda one: (one.moved_from is not None, one.at)):
                if one.moved_from is not None and one.at in found:
                    found[one.moved_from] = Fire(one.moved_from, one.rule, joined=one.at)
                else:
                    found[one.at] = one
            yield from (found[at] for at in sorted(found) if at > after)

    def _one(self, at: datetime, local: datetime) -> Fire:
        day = local.date()
        rule = off(self.calendars, day)
        if rule is None:
            return Fire(at, note=self.half(day))
        there = self.goes_to(day)
        if there is None:
            return Fire(at, rule)
        return Fire(instant(datetime.combine(there, local.time()), self.zone), moved_from=at, rule=rule, note=self.half(there))

    def _business(self, day: date, step: timedelta) -> date | None:
        """The day itself, or the first after (before) it on which people are at work."""
        return next((one for one in _days(day, step, _MOST_DAYS) if self._is_business(one)), None)

    def _is_business(self, day: date) -> bool:
        if off(self.calendars, day) is not None:
            return False
        return day.weekday() not in self._weekend() or self.included(day) is not None

    def _weekend(self) -> frozenset[int]:
        return _weekend(self.calendars)


@lru_cache(maxsize=1024)
def _weekend(calendars: tuple[Calendar, ...]) -> frozenset[int]:
    return frozenset().union(*(one.weekend() for one in calendars if one.shift != NONE))


@lru_cache(maxsize=16384)
def timetable(text: str, zone: str, calendars: tuple[Calendar, ...] = (), missing: tuple[str, ...] = ()) -> Timetable:
    """`text`: the schedule as written, whose public holidays are calendars before the others. Raises BadSchedule."""
    wanted = schedule(text)
    return Timetable(wanted, ZoneInfo(zone), (*map(public, wanted.countries), *calendars), missing)


def _days(first: date, step: timedelta, most: int) -> Iterator[date]:
    for number in range(most):
        yield first + number * step
