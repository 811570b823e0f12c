"""The data interval of a run begins at the fire time before it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from shared.pipelines.language.interval import interval_start

WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize(
    ("schedule", "logical", "start"),
    [
        (None, "2026-03-29T02:00:00+02:00", "2026-03-29T02:00:00+02:00"),
        ("0 2 * * *", "2026-03-28T02:00:00+01:00", "2026-03-27T02:00:00+01:00"),
        # Two in the morning is not there that night: it fires at three.
        ("0 2 * * *", "2026-03-29T03:00:00+02:00", "2026-03-28T02:00:00+01:00"),
        ("0 2 * * *", "2026-03-30T02:00:00+02:00", "2026-03-29T03:00:00+02:00"),
        ("@daily", "2026-03-30T00:00:00+02:00", "2026-03-29T00:00:00+01:00"),
        # Half past two is there twice that night: it fires at the first.
        ("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-24T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-26T02:30:00+01:00", "2026-10-25T02:30:00+02:00"),
        ("@hourly", "2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00"),
        ("@hourly", "2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00+01:00"),
        # Made by hand in between.
        ("0 2 * * *", "2026-07-03T17:12:13+00:00", "2026-07-03T02:00:00+02:00"),
        # Friday before, since the weekend has none.
        ("0 2 * * 1-5", "2026-03-30T02:00:00+02:00", "2026-03-27T02:00:00+01:00"),
        # 1 and 3 May are holidays, and a weekend lies between.
        ("0 2 * * 1-5 !PL_HOLIDAY", "2026-05-04T02:00:00+02:00", "2026-04-30T02:00:00+02:00"),
        ("0 2 30 2 *", "2026-05-04T02:00:00+02:00", "2026-05-04T02:00:00+02:00"),
    ],
)
def test_it_begins_at_the_fire_time_before(schedule: str | None, logical: str, start: str) -> None:
    found = interval_start(schedule, WARSAW, datetime.fromisoformat(logical))
    assert found == datetime.fromisoformat(start)
