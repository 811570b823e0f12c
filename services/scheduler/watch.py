"""File and Kafka triggers whose time has come: a worker is asked to look, since the scheduler loads no drivers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import psycopg

from services.scheduler.settings import Settings
from shared.dispatch import watching
from shared.errors import PenstockError, UnavailableError
from shared.store import triggers
from shared.store.database import Database, Tx
from shared.store.triggers import Trigger

AT_ONCE = 50
log = logging.getLogger("scheduler")


def ask_due(database: Database, settings: Settings) -> bool:
    """True while there may be more to ask for."""
    more = False
    for type_ in watching.TYPES:
        with database.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = '10s'")
            held = triggers.due(tx, type_, AT_ONCE)
            for trigger in held:
                _ask(tx, trigger, settings)
        more = more or len(held) == AT_ONCE
    return more


def _ask(tx: Tx, trigger: Trigger, settings: Settings) -> None:
    try:
        with tx.transaction():
            watching.ask(tx, trigger, every=settings.watch_every, within=settings.watch_within)
    except (psycopg.OperationalError, psycopg.InterfaceError, UnavailableError):
        raise
    except Exception as error:
        # One that today's code cannot read must not hold up all others; its row says so.
        log.exception("trigger %s of %s/%s cannot be asked for", trigger.name, trigger.namespace, trigger.pipeline)
        said = error if isinstance(error, PenstockError) else PenstockError(f"its settings cannot be used: {error}; correct them")
        triggers.looked(tx, trigger, look_at=datetime.now(UTC) + watching.AFTER_A_FAILURE, problem=said.to_json())
