"""The fire times of a schedule in a stretch of time, by the calendars of now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice, takewhile
from typing import Any

from shared.store.database import Tx
from shared.store.timetables import timetable


def fire_times(tx: Tx, namespace: str, config: Mapping[str, Any], after: datetime, until: datetime, most: int) -> list[datetime]:
    """Those after `after` up to `until`, in order, in UTC; at most `most`. `config`: {schedule, timezone, calendar, …}."""
    found = timetable(tx, namespace, config).fires(after)
    return list(islice(takewhile(lambda at: at <= until, found), most))


def start_of_interval(tx: Tx, namespace: str, config: Mapping[str, Any] | None, logical_date: datetime) -> datetime:
    """Of the data interval of a run: the fire time before its logical date, which it is itself where there is none."""
    return logical_date if config is None else timetable(tx, namespace, config).before(logical_date) or logical_date
