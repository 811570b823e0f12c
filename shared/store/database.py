"""Connections to the store: a pool, transactions, and one sentence for when it is away.

Every function of this package takes a transaction made here. Rows come as dicts; times are aware UTC datetimes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from shared.errors import UnavailableError
from shared.store.definitions import Definitions, InRows

RECENT_S = 1.0
# A process that is paused in the middle of a transaction keeps the rows that it holds from all others for so long.
PAUSED_AT_MOST_S = 60


class Tx(Connection[DictRow]):
    """`definitions`: where the texts of documents that this transaction saves and reads are kept."""

    definitions: Definitions = InRows()


class StoreUnavailable(UnavailableError):
    """PostgreSQL did not answer; nothing was changed, or the commit's fate is unknown."""

    code = "store_unavailable"
    retry_on = "connection"


def connection_options(name: str, settings: str = "", *, paused_s: int = PAUSED_AT_MOST_S) -> dict[str, Any]:
    # Keep-alives find a dead peer in seconds; UTC so that what we show is what is stored.
    return {
        "row_factory": dict_row,
        "connect_timeout": 3,
        "application_name": name,
        "options": f"-c timezone=UTC -c lock_timeout=30s -c idle_in_transaction_session_timeout={paused_s}s {settings}",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }


class Database:
    """A pool that opens lazily, so that a service starts while PostgreSQL is away.

    `few_statements`: it says the same few statements over and over, by key: they are planned once, not for each run's partition anew.
    `paused_s`: how long a transaction may do nothing before the server ends it.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        size: int = 4,
        wait_s: float = 5.0,
        few_statements: bool = False,
        paused_s: int = PAUSED_AT_MOST_S,
        definitions: Definitions | None = None,
    ) -> None:
        self.url, self.name, self._definitions = url, name, definitions or InRows()
        self._used_at: WeakKeyDictionary[Tx, float] = WeakKeyDictionary()
        self._pool: ConnectionPool[Tx] = ConnectionPool(
            url,
            kwargs=connection_options(name, "-c plan_cache_mode=force_generic_plan" if few_statements else "", paused_s=paused_s),
            connection_class=Tx,
            configure=self._configure,
            min_size=0,
            max_size=size,
            max_idle=300,
            timeout=wait_s,
            reconnect_timeout=30,
            open=False,
            check=self._check,
        )

    def _configure(self, connection: Tx) -> None:
        connection.definitions = self._definitions

    def _check(self, connection: Tx) -> None:
        """A dead connection must not be handed out after PostgreSQL was restarted. That costs a round trip, so not for one just used."""
        if time.monotonic() - self._used_at.get(connection, -RECENT_S) >= RECENT_S:
            ConnectionPool.check_connection(connection)

    @contextmanager
    def transaction(self, *, of_one: bool = False) -> Iterator[Tx]:
        """Commits at the end, rolls back on any error. Raises StoreUnavailable when PostgreSQL is away, the connection
        breaks, or the transaction was the one to end of two that waited for one another.

        `of_one`: each statement is a transaction by itself, which saves two round trips where there is only one.
        """
        try:
            if self._pool.closed:
                # Raises where it was closed for good, as a process ends.
                self._pool.open()
            with self._pool.connection() as connection:
                if not of_one:
                    yield connection
                else:
                    connection.autocommit = True
                    try:
                        yield connection
                    finally:
                        if not connection.closed:
                            connection.autocommit = False
            self._used_at[connection] = time.monotonic()
        except (PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout) as error:
            # It is there, and said no.
            if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled | psycopg.errors.ProgramLimitExceeded):
                raise
            if isinstance(error, psycopg.errors.DeadlockDetected):
                # It answered, too, but the same once more succeeds, as when it was away.
                raise StoreUnavailable(
                    "two calls changed the same rows at once, and this one was ended; nothing was changed, so send it again"
                ) from error
            raise StoreUnavailable(
                f"the platform's PostgreSQL did not answer ({_first_line(error)}); start it, or check PENSTOCK_DATABASE_URL"
            ) from error

    def dedicated(self) -> Tx:
        """A connection outside the pool, in autocommit: for LISTEN and for advisory locks, which belong to one session."""
        try:
            connection = Tx.connect(self.url, autocommit=True, **connection_options(self.name))
        except psycopg.OperationalError as error:
            raise StoreUnavailable(f"the platform's PostgreSQL did not answer ({_first_line(error)})") from error
        self._configure(connection)
        return connection

    def close(self) -> None:
        self._pool.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
