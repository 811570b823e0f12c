"""Stages that wait for a connector's circuit breaker, when that is closed by hand."""

from __future__ import annotations

from shared.breakers import Change
from shared.runs.states import RunStatus
from shared.store import runs, stages
from shared.store.database import Database


def released(database: Database, change: Change, message: str) -> None:
    """Tells the runs that wait for it, and lets them go on. Each run in a transaction of its own; the sweep releases the stages."""
    with database.transaction() as tx:
        waiting = stages.runs_held_back(tx, change.connector)
    for run_id in waiting:
        with database.transaction() as tx:
            run = runs.lock(tx, run_id)
            if run is not None and run.status is RunStatus.RUNNING:
                run.say("breaker.changed", message=message, connector=change.connector, before=change.before, after=change.after)
                runs.save(tx, run)
    with database.transaction() as tx:
        stages.wake(tx, change.connector)
