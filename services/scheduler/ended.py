"""What follows from the end of a run, drawn once for each end: a table of conclusions, in the order in which they are drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable

import psycopg

from services.scheduler.after import after
from services.scheduler.backfills import told
from services.scheduler.dependencies import dependents
from services.scheduler.notify import tell
from services.scheduler.settings import Settings
from shared.errors import UnavailableError
from shared.kill_points import kill_point
from shared.store import endings
from shared.store.database import Database, Tx
from shared.store.endings import Ending

AT_ONCE = 100
log = logging.getLogger("scheduler")
# Each writes only to the store, in the transaction that takes the ending away: so it happens once.
CONCLUSIONS: tuple[Callable[[Tx, Ending, Settings], None], ...] = (told, dependents, after, tell)


def conclude(database: Database, settings: Settings) -> bool:
    """True while there may be more."""
    with database.transaction() as tx:
        tx.execute("SET LOCAL idle_in_transaction_session_timeout = '10s'")
        if not endings.mine(tx):
            return False
        found = endings.take(tx, AT_ONCE)
        done = [ending.id for ending in found if _concluded(tx, ending, settings)]
        endings.drop(tx, done)
        if done:
            kill_point("scheduler.concluding")
    return len(found) == AT_ONCE and bool(done)


def _concluded(tx: Tx, ending: Ending, settings: Settings) -> bool:
    """False where something stands in the way of this one: it is tried again, and the doctor tells of it when it takes long."""
    try:
        with tx.transaction():
            for conclusion in CONCLUSIONS:
                conclusion(tx, ending, settings)
    except (UnavailableError, psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:
        # One recipe that cannot be read must not hold up what follows from all other runs.
        log.exception("what follows from the end of run %s could not be done", ending.run)
        return False
    return True
