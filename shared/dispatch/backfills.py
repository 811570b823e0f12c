"""Which fire times a backfill would run: asked before it begins, and the same question again when each date's turn has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.dispatch.fire_times import fire_times
from shared.errors import ConfigurationError
from shared.store import backfills, dependencies
from shared.store.database import Tx
from shared.triggers.backfill import Choice, choose, planned

MOST_DATES = 10_000


class NoSchedule(ConfigurationError):
    """A pipeline that has no fire times."""

    code = "no_schedule"


class BadRange(ConfigurationError):
    """Times that are no range, or hold too many fire times."""

    code = "bad_range"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A range of time, both ends included. `version`: the number that runs; None: of each date the one of then."""

    from_at: datetime
    to_at: datetime
    which: str
    version: int | None


def plan(tx: Tx, namespace: str, pipeline: str, wanted: Wanted) -> list[Choice]:
    """Every fire time of the range up to now, oldest first, with what becomes of it. Raises NoSchedule and BadRange."""
    schedule = dependencies.schedule_of(tx, namespace, pipeline)
    if schedule is None:
        raise NoSchedule(
            f"pipeline {namespace}/{pipeline} has no schedule, so it has no fire times to fill;"
            " give it one, or run it for single times (POST …/runs with logicalDate)"
        )
    if wanted.to_at < wanted.from_at:
        raise BadRange("'to' lies before 'from'; the range holds no time")
    row = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    until = min(wanted.to_at, row["now"].astimezone(UTC))
    # A fire time at its very beginning is one of the range.
    dates = fire_times(tx, namespace, schedule["config"], _before(wanted.from_at), until, MOST_DATES + 1)
    if len(dates) > MOST_DATES:
        raise BadRange(f"the range holds more than {MOST_DATES:,} fire times; the {MOST_DATES:,}th is {dates[-2].isoformat()}: end there")
    return planned(
        wanted.which,
        dates,
        backfills.past(tx, namespace, pipeline, dates),
        version=wanted.version,
        versions=backfills.versions(tx, namespace, pipeline) if wanted.version is None else (),
        handled_to=schedule["handled_to"] if schedule["active"] else None,
        behind=backfills.behind(tx, namespace, pipeline, dates),
    )


def still(tx: Tx, one: backfills.Backfill, date: datetime) -> Choice:
    """Whether a date is to be run, now that its turn has come: somebody else may have run it since."""
    past = backfills.past(tx, one.namespace, one.pipeline, [date]).get(date, ())
    return choose(one.which, date, past, behind=bool(backfills.behind(tx, one.namespace, one.pipeline, [date])))


def _before(at: datetime) -> datetime:
    # Fire times are whole minutes, and are looked for by the second.
    return datetime.fromtimestamp(at.timestamp() - 1, UTC)
