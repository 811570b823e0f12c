"""Times of a cron on the clock of a zone, as instants: what becomes of those that the clock skips, and of those that it shows twice.

A schedule that names hours means times on the clock, each of which it gets once: a time that does not exist is the next instant that does,
and of two that look alike the first is meant. A schedule of every hour of the day (`*/15 * * * *`, `@hourly`) means hours that pass: it has
no time in an hour that is skipped, and its times in an hour that is repeated both times.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

# No zone moves its clock by more at once, but for the days that two islands in the Pacific have left out.
_SHIFT = timedelta(hours=3)
_MOMENT = timedelta(seconds=1)


@lru_cache(maxsize=4096)
def every_hour(cron: str) -> bool:
    """Whether it has times in each hour of its days."""
    return len(CronSim(cron, datetime(2000, 1, 1)).hours) == 24


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """A time on the clock, without its zone, as an instant: the next one where it does not exist, the first of two."""
    before, after = _offsets(local, zone)
    return _end_of_gap(local, before, after, zone) if before < after else (local - before).replace(tzinfo=UTC)


def instants(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times of a cron after `after`, in order: each in UTC, and on the clock as it was meant (without a zone).

    Ends when there is none for fifty years.
    """
    # Ends with the calendar, too: 29 February has no fires for ever.
    with suppress(OverflowError):
        yield from _walked(cron, zone, after, elapsed=every_hour(cron))


def _walked(cron: str, zone: ZoneInfo, after: datetime, *, elapsed: bool) -> Iterator[tuple[datetime, datetime]]:
    start = after.astimezone(zone).replace(tzinfo=None)
    if (after - _SHIFT).astimezone(zone).utcoffset() != (after + _SHIFT).astimezone(zone).utcoffset():
        # Close to a change the clock may show what it has shown before.
        start -= _SHIFT
    last = after
    again: list[tuple[datetime, datetime]] = []
    # Without a zone the library counts on the clock alone.
    for local in CronSim(cron, start):
        before, behind = _offsets(local, zone)
        at = (local - before).replace(tzinfo=UTC)
        if before != behind:
            if before > behind and elapsed:
                again.append(((local - behind).replace(tzinfo=UTC), local))
            elif before < behind:
                if elapsed:
                    continue
                at = _end_of_gap(local, before, behind, zone)
        elif again:
            for second in again:
                if second[0] > last:
                    last = second[0]
                    yield second
            again = []
        if at > last:
            last = at
            yield at, local
    yield from (second for second in again if second[0] > last)


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """Before and after the change of the clock that the time lies in, if it does; else the same twice."""
    before, after = local.replace(tzinfo=zone).utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None and after is not None
    return before, after


def _end_of_gap(local: datetime, before: timedelta, after: timedelta, zone: ZoneInfo) -> datetime:
    """The instant of the change that skips the time."""
    early, late = (local - after).replace(tzinfo=UTC), (local - before).replace(tzinfo=UTC)
    while late - early > _MOMENT:
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)
