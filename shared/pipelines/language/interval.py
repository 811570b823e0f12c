"""The data interval of a run: from the fire time before its logical date to that date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shared.triggers.schedule import BadSchedule
from shared.triggers.schedule import schedule as read

# A schedule that finds no day in so many fire times has none.
_MOST_SKIPPED = 10_000


def interval_start(schedule: str | None, zone: ZoneInfo, logical_date: datetime) -> datetime:
    """The fire time before `logical_date`, public holidays skipped where the schedule says so; the date itself where there is none.

    Fire times are Debian cron's: an hour that the clock skips is the one after it, and one that it repeats is the first of the two.
    """
    if not schedule:
        return logical_date
    try:
        wanted = read(schedule)
        fires = CronSim(wanted.cron, logical_date.astimezone(zone), reverse=True)
        for _ in range(_MOST_SKIPPED):
            before = next(fires)
            if not any(_is_holiday(country, before.date()) for country in wanted.countries):
                # In UTC, since of two equal times on a zone's clock only that tells which is meant.
                return before.astimezone(UTC)
    except (BadSchedule, CronSimError, StopIteration, OverflowError):
        return logical_date
    return logical_date


def _is_holiday(country: str, day: date) -> bool:
    # Loaded on use: most schedules skip none.
    import holidays

    return day in holidays.country_holidays(country, years=day.year)
