"""When a schedule fires: its times one after the other, each with the rule that moved it, and the days that were left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from shared.triggers.schedule import Schedule

# A schedule that finds no day in so many fire times has none.
_MOST_SKIPPED = 10_000


@dataclass(frozen=True, slots=True)
class Fire:
    """One time of a schedule, in UTC. `skipped`: why it does not fire; None for one that does."""

    at: datetime
    skipped: str | None = None


def times(schedule: Schedule, zone: ZoneInfo, after: datetime) -> Iterator[Fire]:
    """All times after `after`, the skipped ones among them, in order; ends where there are none any more."""
    for local in CronSim(schedule.cron, after.astimezone(zone)):
        yield Fire(local.astimezone(UTC), _day_off(schedule, local.date()))


def fires(schedule: Schedule, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Those that fire."""
    skipped = 0
    for one in times(schedule, zone, after):
        skipped = skipped + 1 if one.skipped else 0
        if skipped > _MOST_SKIPPED:
            return
        if one.skipped is None:
            yield one.at


def _day_off(schedule: Schedule, day: date) -> str | None:
    # Loaded on use: most schedules skip none.
    import holidays

    for country in schedule.countries:
        name = holidays.country_holidays(country, years=day.year).get(day)
        if name:
            return f"{name} ({country})"
    return None
