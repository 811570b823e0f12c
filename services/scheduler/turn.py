"""A transaction of the scheduler's own, in which it holds rows that other schedulers want, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.store.database import Database, Tx

# A scheduler that is paused while it holds rows keeps them from the others for so long, which then take over.
PAUSED_AT_MOST = "10s"


@contextmanager
def turn(database: Database) -> Iterator[Tx]:
    with database.transaction() as tx:
        tx.execute("SELECT set_config('idle_in_transaction_session_timeout', %(paused)s, true)", {"paused": PAUSED_AT_MOST})
        yield tx
