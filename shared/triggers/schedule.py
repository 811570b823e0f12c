"""A schedule as a recipe writes it: five cron fields or a shortcut, and the calendars whose days it skips.

cronsim knows Debian's cron (names, ranges, steps, L, #; day of month and of week together mean either), and finds days that no month has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cronsim import CronSim, CronSimError

from shared.errors import ConfigurationError

SHORTCUTS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_COUNTRY = re.compile(r"([A-Z]{2})_HOLIDAY")
_CALENDAR = re.compile(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST = 200


class BadSchedule(ConfigurationError):
    """The message says which part cannot be read, or that it never fires."""

    code = "bad_schedule"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`cron` has five fields. `countries`: ISO 3166 codes whose public holidays are skipped; `calendars`: names of Calendars whose
    days off are skipped.
    """

    cron: str
    countries: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def schedule(text: str) -> Schedule:
    """Raises BadSchedule for what cannot be read and for what can never fire, such as 30 February."""
    if len(text) > _LONGEST:
        raise BadSchedule(f"a schedule of {len(text)} characters is too long; write five cron fields")
    words = text.split()
    fields = [word for word in words if not word.startswith("!")]
    skipped = [word[1:] for word in words if word.startswith("!")]
    if words[: len(fields)] != fields:
        raise BadSchedule(f"'{text}': calendars such as !PL_HOLIDAY come after the cron fields")
    cron = " ".join(fields)
    if cron.startswith("@"):
        if cron not in SHORTCUTS:
            raise BadSchedule(f"'{cron}' is no shortcut; there is {', '.join(SHORTCUTS)}")
        cron = SHORTCUTS[cron]
    _check(cron)
    countries = [match[1] for word in skipped if (match := _COUNTRY.fullmatch(word))]
    for country in countries:
        _check_country(country)
    calendars = [word for word in skipped if not _COUNTRY.fullmatch(word)]
    for name in calendars:
        if not _CALENDAR.fullmatch(name):
            raise BadSchedule(f"'!{name}' is neither !XX_HOLIDAY with a country's code nor the name of a Calendar")
    return Schedule(cron, tuple(countries), tuple(calendars))


def _check(cron: str) -> None:
    parts = cron.split()
    if len(parts) != 5:
        number = f"{len(parts)} field{'s' if len(parts) != 1 else ''}"
        raise BadSchedule(f"'{cron}' has {number}; cron has five: minute, hour, day of month, month, day of week")
    try:
        next(CronSim(cron, datetime(2000, 1, 1)))
    except StopIteration:
        raise BadSchedule(f"'{cron}' never fires; no day has that date") from None
    except (CronSimError, ValueError, AssertionError) as error:
        if _readable([*parts[:3], "*", parts[4]]) and _readable(["0", "0", "1", parts[3], "*"]):
            raise BadSchedule(f"'{cron}' never fires; no day has that date") from error
        said = str(error) if isinstance(error, CronSimError) else "one of its fields"
        raise BadSchedule(f"'{cron}' is no cron expression: {said.replace('Bad ', 'cannot read the ')}") from error


def _readable(parts: list[str]) -> bool:
    try:
        CronSim(" ".join(parts), datetime(2000, 1, 1))
    except (CronSimError, ValueError, AssertionError):
        return False
    return True


def _check_country(code: str) -> None:
    # Loaded on use: most recipes have no schedule.
    import holidays

    if code not in holidays.list_supported_countries(include_aliases=False):
        raise BadSchedule(f"'!{code}_HOLIDAY': no public holidays are known for {code}; use an ISO 3166 code such as PL")
