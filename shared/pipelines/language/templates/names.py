"""The names that every template may use, from the moment that a run is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from shared.pipelines.value_types import Type, Value

NAMES: dict[str, Type] = {
    "today": Type.DATE,
    "yesterday": Type.DATE,
    "now": Type.TIMESTAMP,
    "run_id": Type.STRING,
    "data_interval_start": Type.TIMESTAMP,
    "data_interval_end": Type.TIMESTAMP,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a run is for. `interval_start` is the fire time before `logical_date`, which is the interval's end; equal where there is none.

    `zone`: the pipeline's; the day begins and ends there.
    """

    run_id: str
    logical_date: datetime
    interval_start: datetime
    zone: tzinfo

    def values(self) -> dict[str, Value]:
        now = self.logical_date.astimezone(self.zone)
        return {
            "today": now.date(),
            # The day before on the calendar, however many hours that day had.
            "yesterday": now.date() - timedelta(days=1),
            "now": now,
            "run_id": self.run_id,
            "data_interval_start": self.interval_start.astimezone(self.zone),
            "data_interval_end": now,
        }
