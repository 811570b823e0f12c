"""Which days count: calendars as values, and the rule by which each leaves out a day. Pure, and without a day of their own: they are asked.

A day that a calendar includes counts for it, whatever else it says; one that it excludes does not. Several calendars are asked one after
the other: a day counts when it counts for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.triggers import holidays

NEXT, PREVIOUS, NONE = "next", "previous", "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a day does not count, or is said to count nevertheless. `version`: of the calendar; None for one that is built in."""

    name: str
    calendar: str
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.calendar}{f', version {self.version}' if self.version is not None else ''})"


@dataclass(frozen=True, slots=True)
class Calendar:
    """`name`: namespace/name of the document; `PL_HOLIDAY` of one that is built in, whose version is None. `subdivisions`: as DE-BY."""

    name: str
    version: int | None = None
    countries: tuple[str, ...] = ()
    subdivisions: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    dates: frozenset[date] = frozenset()
    include: frozenset[date] = frozenset()
    exclude: frozenset[date] = frozenset()
    shift: str = NONE
    half_days: frozenset[date] = frozenset()

    def off(self, day: date) -> Rule | None:
        """The rule that leaves the day out; None when it counts."""
        name = self._why(day)
        return Rule(name, self.name, self.version) if name else None

    def _why(self, day: date) -> str | None:
        if day in self.exclude:
            return "excluded"
        if day in self.include:
            return None
        if day in self.dates:
            return "day off"
        for country in self.countries:
            if name := _of(country, None, day):
                return name if self.version is None else f"{name}, {country}"
        for subdivision in self.subdivisions:
            country, _, part = subdivision.partition("-")
            if name := _of(country, part, day):
                return f"{name}, {subdivision}"
        for exchange in self.exchanges:
            if day.weekday() in holidays.weekend_of_exchange(exchange):
                return f"no trade at the weekend, {exchange}"
            if name := holidays.of_exchange(exchange, day.year)[0].get(day):
                return f"{name}, {exchange}"
        return None

    def included(self, day: date) -> Rule | None:
        """Says of a day that counts that it would not, were it not included."""
        if day in self.include and day not in self.exclude:
            return Rule("included", self.name, self.version)
        return None

    def half(self, day: date) -> Rule | None:
        """Says of a day that counts that work ends early."""
        if day in self.half_days:
            return Rule("half day", self.name, self.version)
        for exchange in self.exchanges:
            if name := holidays.of_exchange(exchange, day.year)[1].get(day):
                return Rule(f"half day, {name}, {exchange}", self.name, self.version)
        return None

    def weekend(self) -> frozenset[int]:
        """Weekdays on which nobody is at work, Monday is 0. Fires are not moved onto them; what fires on them by itself does."""
        countries = {*self.countries, *(one.partition("-")[0] for one in self.subdivisions)}
        found = [holidays.weekend(country) for country in sorted(countries)]
        found += [holidays.weekend_of_exchange(exchange) for exchange in self.exchanges]
        return frozenset().union(*found) if found else holidays.SATURDAY_AND_SUNDAY


def public(country: str) -> Calendar:
    """What `!PL_HOLIDAY` means."""
    return Calendar(f"{country}_HOLIDAY", countries=(country,))


def off(calendars: Iterable[Calendar], day: date) -> Rule | None:
    """The first rule that leaves the day out; None when it counts for all."""
    return next((rule for one in calendars if (rule := one.off(day)) is not None), None)


def _of(country: str, part: str | None, day: date) -> str | None:
    return holidays.of_country(country, part, day.year).get(day)
