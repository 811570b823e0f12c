"""File and Kafka triggers whose time has come: a worker is asked to look, since the scheduler loads no drivers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from services.scheduler.apart import AWAY
from services.scheduler.settings import Settings
from services.scheduler.turn import turn
from shared.dispatch import watching
from shared.errors import PenstockError
from shared.store import triggers
from shared.store.database import Database, Tx
from shared.store.triggers import Trigger

AT_ONCE = 50
log = logging.getLogger("scheduler")


def ask_due(database: Database, settings: Settings) -> bool:
    """True while there may be more to ask for."""
    with turn(database) as tx:
        held = triggers.due(tx, watching.TYPES, AT_ONCE)
        for trigger in held:
            _ask(tx, trigger, settings)
    return len(held) == AT_ONCE


def _ask(tx: Tx, trigger: Trigger, settings: Settings) -> None:
    try:
        with tx.transaction():
            watching.ask(tx, trigger, every=settings.watch_every, within=settings.watch_within)
    except AWAY:
        raise
    except Exception as error:
        # One that today's code cannot read must not hold up all others; its row says so.
        log.exception("trigger %s of %s/%s cannot be asked for", trigger.name, trigger.namespace, trigger.pipeline)
        said = error if isinstance(error, PenstockError) else PenstockError(f"its settings cannot be used: {error}; correct them")
        triggers.looked(tx, trigger, look_at=datetime.now(UTC) + watching.AFTER_A_FAILURE, problem=said.to_json())
