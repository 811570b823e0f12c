"""The fire times of a schedule in a stretch of time, as its trigger's row has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from shared.pipelines.language.interval import interval_start
from shared.triggers.fires import fires
from shared.triggers.schedule import schedule


def fire_times(config: Mapping[str, Any], after: datetime, until: datetime, most: int) -> list[datetime]:
    """Those after `after` up to `until`, in order, in UTC; at most `most`."""
    found = fires(schedule(config["schedule"]), ZoneInfo(config["timezone"]), after)
    return list(islice(takewhile(lambda at: at <= until, found), most))


def start_of_interval(config: Mapping[str, Any], fire: datetime) -> datetime:
    """The fire time before this one."""
    return interval_start(config["schedule"], ZoneInfo(config["timezone"]), fire)
