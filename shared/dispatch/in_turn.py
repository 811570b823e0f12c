"""Many runs, one after the other, by a scheduler: whose rows somebody holds for long is passed over and comes again the next time.

A paused worker may hold a run's row, or one that runs share, for a minute. All the others must not wait for that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from shared.store.database import Database, StoreUnavailable, Tx

log = logging.getLogger(__name__)

# Rows that runs share are held for milliseconds; many runs may wait for the same one.
_LOCK_WAIT = "500ms"


@contextmanager
def in_turn(database: Database, run: str) -> Iterator[Tx]:
    """A transaction for what is to be done of that run; ends without a word to the caller, and without any effect, where locks of others
    are in its way.
    """
    try:
        with database.transaction() as tx:
            tx.execute("SELECT set_config('lock_timeout', %(wait)s, true)", {"wait": _LOCK_WAIT})
            yield tx
    except psycopg.errors.LockNotAvailable as held:
        log.warning("run %s is passed over, somebody holds rows that it needs: %s", run, held)
    except StoreUnavailable as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        log.warning("run %s is passed over: %s", run, error.__cause__)
