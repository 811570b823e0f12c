"""Dates and times: their parts, their beginnings, and moves by days and months. Time zones are UTC's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.values import TIMESTAMP, Value, filled

MICROSECONDS = {"SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6, "DAY": 86400 * 10**6, "WEEK": 7 * 86400 * 10**6}
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}

PARTS: dict[str, Callable[[Value], Value]] = {
    "YEAR": pc.year,
    "QUARTER": pc.quarter,
    "MONTH": pc.month,
    "DAY": pc.day,
    "WEEK": pc.iso_week,
    "DOY": pc.day_of_year,
    "DOW": lambda value: pc.day_of_week(value, count_from_zero=True, week_start=7),
    "DAYOFWEEK": lambda value: pc.day_of_week(value, count_from_zero=True, week_start=7),
    "ISODOW": lambda value: pc.day_of_week(value, count_from_zero=False, week_start=1),
    "HOUR": pc.hour,
    "MINUTE": pc.minute,
}
BEGINNINGS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})


def part(value: Value, unit: str) -> Value:
    if pa.types.is_date(value.type):
        value = pc.cast(value, TIMESTAMP)
    return pc.cast(PARTS[unit](value), pa.int64())


def beginning(value: Value, unit: str) -> Value:
    """The start of the year, month … as a timestamp."""
    if pa.types.is_date(value.type):
        value = pc.cast(value, TIMESTAMP)
    return pc.floor_temporal(value, unit=unit.lower(), week_starts_monday=True)


def days_later(day: Value, days: Value) -> Value:
    count = pc.cast(day, pa.int32())
    return pc.cast(pc.cast(pc.add(pc.cast(count, pa.int64()), pc.cast(days, pa.int64())), pa.int32()), pa.date32())


def days_between(late: Value, early: Value) -> Value:
    return pc.subtract(*(pc.cast(pc.cast(day, pa.int32()), pa.int64()) for day in (late, early)))


def moved(value: Value, count: int, unit: str) -> Value:
    """By an interval; a date becomes a timestamp. The 31st, a month later, is the month's last day."""
    moment = pc.cast(value, TIMESTAMP) if pa.types.is_date(value.type) else value
    if unit in MICROSECONDS:
        return pc.add_checked(moment, pa.scalar(count * MICROSECONDS[unit], pa.duration("us")))
    if isinstance(moment, pa.Scalar):
        return moved(pa.array([moment.as_py()], moment.type), count, unit)[0]
    days = np.asarray(filled(moment, 0).cast(TIMESTAMP).to_numpy(), dtype="datetime64[us]")
    month = days.astype("datetime64[M]")
    within = (days - month.astype("datetime64[us]")).astype("int64")
    there = month + count * MONTHS[unit]
    last = ((there + 1).astype("datetime64[D]") - there.astype("datetime64[D]")).astype("int64") - 1
    day, time = np.divmod(within, MICROSECONDS["DAY"])
    made = there.astype("datetime64[us]") + np.minimum(day, last) * np.timedelta64(1, "D") + time.astype("timedelta64[us]")
    return pa.array(made, TIMESTAMP, mask=np.isnat(days)).cast(moment.type)
