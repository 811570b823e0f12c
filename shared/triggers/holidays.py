"""Public holidays of countries and their parts, and the days on which exchanges do not trade: by year, as the law stood in that year.

The library `holidays` knows them; it is loaded on use, since most schedules skip none. Names are English where it has them,
else in the country's own language, whatever the language of this process.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

SATURDAY_AND_SUNDAY = frozenset({5, 6})


@lru_cache(maxsize=4096)
def of_country(country: str, part: str | None, year: int) -> dict[date, str]:
    """`country`: ISO 3166; `part`: its subdivision, None for the whole country."""
    import holidays

    return dict(holidays.country_holidays(country, subdiv=part, years=year, language=_language(holidays.country_holidays(country))))


@lru_cache(maxsize=1024)
def of_exchange(exchange: str, year: int) -> tuple[dict[date, str], dict[date, str]]:
    """Days without trade beside its weekends, and days on which trade ends early, as far as they are known."""
    import holidays

    language = _language(holidays.financial_holidays(exchange))
    closed = holidays.financial_holidays(exchange, years=year, language=language)
    if "half_day" not in type(closed).supported_categories:
        return dict(closed), {}
    return dict(closed), dict(holidays.financial_holidays(exchange, years=year, language=language, categories=("half_day",)))


@lru_cache(maxsize=512)
def weekend(country: str) -> frozenset[int]:
    """Weekdays, Monday is 0: Friday and Saturday in Egypt."""
    import holidays

    return frozenset(holidays.country_holidays(country).weekend)


@lru_cache(maxsize=128)
def weekend_of_exchange(exchange: str) -> frozenset[int]:
    import holidays

    return frozenset(holidays.financial_holidays(exchange).weekend)


def _language(of: HolidayBase) -> str | None:
    known = type(of).supported_languages
    return next((one for one in ("en_US", "en_GB", "en") if one in known), of.default_language)
