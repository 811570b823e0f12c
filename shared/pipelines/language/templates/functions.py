"""The functions there are: what each takes, what type it gives, and what it does. `env` is not among them, since it takes a bare name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shared.pipelines.language.templates.problems import TemplateProblem
from shared.pipelines.value_types import Type

ENV = "env"
DAY = (Type.DATE, Type.TIMESTAMP)
# What strftime of every platform and locale writes alike.
_DIRECTIVES = "YmdHMSyjfBbAaGVuwIpzZ%"


@dataclass(frozen=True, slots=True)
class Function:
    """`takes`: name and types of each argument. `gives` None: the type of the first argument."""

    takes: tuple[tuple[str, tuple[Type, ...]], ...]
    gives: Type | None
    call: Callable[..., Any]


def _day(d: date) -> date:
    return d.date() if isinstance(d, datetime) else d


def _date_add(d: date, days: int) -> date:
    moved = (d.replace(tzinfo=None) if isinstance(d, datetime) else d) + timedelta(days=days)
    if not isinstance(moved, datetime) or not isinstance(d, datetime):
        return moved
    # The same time on the clock of that zone; one that the clock skips that day is the hour after it.
    return datetime.fromtimestamp(moved.replace(tzinfo=d.tzinfo).timestamp(), d.tzinfo)


def _month_end(d: date) -> date:
    first = _day(d).replace(day=1)
    # The first of the next month may lie beyond the calendar's last day.
    return (
        date(9999, 12, 31) if (first.year, first.month) == (9999, 12) else (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    )


def _format_date(d: date, pattern: str) -> str:
    check_pattern(pattern)
    # strftime of the platform does not fill years before 1000.
    return d.strftime(re.sub(r"%(.)", lambda found: f"{d.year:04}" if found[1] == "Y" else found[0], pattern))


def check_pattern(pattern: str) -> None:
    """Raises TemplateProblem for a directive that is not the same everywhere."""
    for found in re.finditer(r"%(.?)", pattern, re.DOTALL):
        if found[1] not in _DIRECTIVES or not found[1]:
            raise TemplateProblem(
                f"format_date knows no '{found[0]}'; there is {', '.join('%' + sign for sign in _DIRECTIVES)} (as Python's strftime)"
            )


_D = ("d", DAY)
FUNCTIONS: Mapping[str, Function] = {
    "date_add": Function((_D, ("days", (Type.INTEGER,))), None, _date_add),
    "month_start": Function((_D,), Type.DATE, lambda d: _day(d).replace(day=1)),
    "month_end": Function((_D,), Type.DATE, _month_end),
    "week_start": Function((_D,), Type.DATE, lambda d: _day(d) - timedelta(days=_day(d).weekday())),
    "year_start": Function((_D,), Type.DATE, lambda d: _day(d).replace(month=1, day=1)),
    "format_date": Function((_D, ("pattern", (Type.STRING,))), Type.STRING, _format_date),
}
