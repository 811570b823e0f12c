"""Schedules whose time has come: each fire time becomes a run, or is recorded as missed, under the row of its trigger.

Any scheduler may do it: the row is held by one at a time, and a fire time that is on record is never run again.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from services.scheduler.settings import Settings
from shared.dispatch.starting import Asked, Version, start
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.pipelines.language.values import SCHEDULE
from shared.store import resources, timetables, triggers
from shared.store.database import Database, Tx
from shared.store.identifiers import new_id
from shared.store.triggers import Trigger
from shared.triggers.due import decide, jitter

# Of one transaction, so that a scheduler that dies in it leaves little to do again.
AT_ONCE = 50
# Of one trigger in one look.
MOST = 1000
log = logging.getLogger("scheduler")


def fire_due(database: Database, settings: Settings) -> bool:
    """True while there may be more to fire."""
    with database.transaction() as tx:
        # A scheduler that is paused here must not keep these rows from the others.
        tx.execute("SET LOCAL idle_in_transaction_session_timeout = '10s'")
        now = _now(tx)
        held = triggers.due(tx, SCHEDULE, AT_ONCE)
        for trigger in held:
            _fire(tx, trigger, now, settings)
    if held:
        kill_point("scheduler.fired")
    return len(held) == AT_ONCE


def _now(tx: Tx) -> datetime:
    """By the database's clock, which all schedulers share."""
    row = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    return row["now"].astimezone(UTC)  # type: ignore[no-any-return]


def _fire(tx: Tx, trigger: Trigger, now: datetime, settings: Settings) -> None:
    config = trigger.config
    table = timetables.timetable(tx, trigger.namespace, config)
    decided = decide(
        table.fires(trigger.handled_to),
        trigger.handled_to,
        now,
        catch_up=config["catchUp"],
        delay=jitter(trigger.id, config["jitterSeconds"]),
        most_late=settings.catch_up_per_minute,
        most=MOST,
    )
    problem: dict[str, Any] | None = None
    for fire in decided.missed:
        triggers.fired(tx, trigger, _key(fire), run=None, outcome="missed", detail={"catchUp": config["catchUp"]})
    for fire in decided.run:
        problem = _start(tx, trigger, fire, table.before(fire) or fire, settings)
    look_at = decided.look_at
    if look_at is not None and look_at <= now and config["catchUp"] == "all":
        look_at = now + timedelta(minutes=1)
    triggers.looked(tx, trigger, look_at=look_at, handled_to=decided.handled_to, problem=problem)
    kill_point("scheduler.firing")


def _start(tx: Tx, trigger: Trigger, fire: datetime, before: datetime, settings: Settings) -> dict[str, Any] | None:
    """A run for a fire time; what stands in its way, where something does. `before`: the fire before it."""
    run = new_id()
    if not triggers.fired(tx, trigger, _key(fire), run=run, outcome="run"):
        return None
    row = resources.at_version(tx, "Pipeline", trigger.namespace, trigger.pipeline, trigger.version)
    assert row is not None
    version = Version.of(row)
    asked = Asked({"type": SCHEDULE, "fireAt": _key(fire)}, fire, before, created_by=SCHEDULE)
    try:
        start(tx, version, asked, settings.template_env, run=run)
    except PenstockError as error:
        log.warning("%s/%s could not start for %s: %s", trigger.namespace, trigger.pipeline, _key(fire), error.message)
        triggers.refused(tx, trigger, _key(fire), error.to_json())
        return error.to_json()
    return None


def _key(fire: datetime) -> str:
    return fire.isoformat().replace("+00:00", "Z")
