"""One connection of its own: it listens to the doorbell, holds the leader's advisory lock, and tells others that this scheduler lives."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib.metadata import version
from uuid import uuid4

import psycopg
from psycopg import sql

from shared.process import traces
from shared.store import workers
from shared.store.database import Database
from shared.store.installation import LEADER_LOCK
from shared.store.runs import DOORBELL

HEARTBEAT_S = 3.0
_VERSION = version("penstock")

# The lock's key is a 64-bit number, of which pg_locks shows the halves.
_END_SILENT_LEADER = """
    SELECT pg_terminate_backend(l.pid)
      FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN workers w ON w.name = a.application_name
     WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.objid::bigint = hashtext(%(lock)s)::bigint & 4294967295 AND w.seen_at < clock_timestamp() - %(patience)s
"""


class Session:
    """Made when PostgreSQL answers; thrown away when it stops to. The lock belongs to the connection, so it cannot outlive its holder.

    A holder that is there and does nothing (a paused process, a machine that hangs) is silent for longer than `patience`: then another
    scheduler ends its session. Should it wake up, it finds that out and has to win the lock again.
    """

    def __init__(self, database: Database, name: str, patience: timedelta) -> None:
        self._name, self._boot, self._patience = name, str(uuid4()), patience
        self._heartbeat_s = min(HEARTBEAT_S, patience.total_seconds() / 3)
        self._connection = database.dedicated()
        self._leads = False
        self._next_heartbeat = 0.0
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(DOORBELL)))

    def leads(self) -> bool:
        if time.monotonic() >= self._next_heartbeat:
            workers.register(
                self._connection,
                name=self._name,
                boot=self._boot,
                service="scheduler",
                labels=(),
                slots=0,
                memory_bytes=None,
                version=_VERSION,
                dropped=traces.lost(),
            )
            self._next_heartbeat = time.monotonic() + self._heartbeat_s
            if not self._leads:
                self._connection.execute(_END_SILENT_LEADER, {"lock": LEADER_LOCK, "patience": self._patience})
        if not self._leads:
            row = self._connection.execute("SELECT pg_try_advisory_lock(hashtext(%(lock)s)) AS leads", {"lock": LEADER_LOCK}).fetchone()
            self._leads = bool(row and row["leads"])
        return self._leads

    def wait(self, seconds: float) -> None:
        """Until the bell rings or the time is over."""
        for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass

    def close(self) -> None:
        try:
            self._connection.close()
        except psycopg.Error:
            return
