"""Deliveries that share a run: once the time of the oldest is over, all that wait become one, under the row of their trigger.

Each of them is a row from the moment its sender was told so; whoever dies in here leaves them waiting, and so does what may pass.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from services.scheduler.apart import AWAY
from services.scheduler.settings import Settings
from services.scheduler.turn import turn
from shared.dispatch.fire_times import start_of_interval
from shared.dispatch.starting import Asked, Version, start
from shared.errors import PenstockError
from shared.pipelines.language import Unsettled
from shared.pipelines.validation import schedule_of
from shared.store import deliveries, resources, triggers
from shared.store.database import Database, Tx
from shared.store.identifiers import new_id
from shared.store.triggers import Trigger

# Triggers in one transaction, and deliveries in one run.
AT_ONCE, MOST = 20, 1000
# Until what could not start a run is tried again.
AFTER_A_FAILURE = timedelta(seconds=30)
log = logging.getLogger("scheduler")


def close_batches(database: Database, settings: Settings) -> bool:
    """True while there may be more."""
    with turn(database) as tx:
        held = triggers.take(tx, deliveries.to_close(tx, AT_ONCE))
        more = [_close(tx, trigger, settings) for trigger in held]
    return any(more)


def _close(tx: Tx, trigger: Trigger, settings: Settings) -> bool:
    """True where there were more than one run takes."""
    try:
        with tx.transaction():
            taken = _take(tx, trigger, settings)
    except AWAY:
        raise
    except Exception as error:
        # Their senders were told that they are taken: they wait until it is mended, and hold up no other trigger's.
        log.exception("%s/%s: what %s was sent waits, its run cannot be made", trigger.namespace, trigger.pipeline, trigger.name)
        said = error if isinstance(error, PenstockError) else PenstockError(f"its run cannot be made: {error}")
        deliveries.put_off(tx, trigger.id, AFTER_A_FAILURE)
        triggers.troubled(tx, trigger, said.to_json())
        return False
    triggers.troubled(tx, trigger, None)
    return taken == MOST


def _take(tx: Tx, trigger: Trigger, settings: Settings) -> int:
    """How many have their run now, or are refused since the recipe wants to be told what no delivery says."""
    run = new_id()
    taken = deliveries.take_pending(tx, trigger.id, run, MOST)
    # Another scheduler was faster.
    if not taken:
        return 0
    try:
        _start(tx, trigger, run, taken, settings)
    except Unsettled as error:
        log.warning("%s/%s: what %s was sent could not start a run: %s", trigger.namespace, trigger.pipeline, trigger.name, error.message)
        deliveries.refuse(tx, trigger.id, taken, error.to_json())
        triggers.refused(tx, trigger, taken[0], error.to_json())
    return len(taken)


def _start(tx: Tx, trigger: Trigger, run: str, taken: list[str], settings: Settings) -> None:
    triggers.fired(tx, trigger, taken[0], run=run, outcome="run", detail={"deliveries": len(taken)})
    row = resources.at_version(tx, "Pipeline", trigger.namespace, trigger.pipeline, trigger.version)
    assert row is not None
    at = datetime.now(UTC)
    asked = Asked(
        {"type": "webhook", "name": trigger.name, "deliveries": len(taken)},
        at,
        start_of_interval(tx, trigger.namespace, schedule_of(row["document"]), at),
        created_by="webhook",
    )
    start(tx, Version.of(row), asked, settings.template_env, run=run)
