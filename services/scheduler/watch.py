"""File and Kafka triggers whose time has come: a worker is asked to look, since the scheduler loads no drivers."""

from __future__ import annotations

from services.scheduler.settings import Settings
from shared.dispatch import watching
from shared.store import triggers
from shared.store.database import Database

AT_ONCE = 50


def ask_due(database: Database, settings: Settings) -> bool:
    """True while there may be more to ask for."""
    more = False
    for type_ in watching.TYPES:
        with database.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = '10s'")
            held = triggers.due(tx, type_, AT_ONCE)
            for trigger in held:
                watching.ask(tx, trigger, every=settings.watch_every, within=settings.watch_within)
        more = more or len(held) == AT_ONCE
    return more
