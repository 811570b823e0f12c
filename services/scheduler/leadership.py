"""One connection of its own: it listens to the doorbell, holds the leader's advisory lock, and tells others that this scheduler lives."""

from __future__ import annotations

import time
from uuid import uuid4

import psycopg
from psycopg import sql

from shared.store import workers
from shared.store.database import Database
from shared.store.runs import DOORBELL

LEADER_LOCK = "penstock.leader"
HEARTBEAT_S = 3.0


class Session:
    """Made when PostgreSQL answers; thrown away when it stops to. The lock belongs to the connection, so it cannot outlive its holder."""

    def __init__(self, database: Database, name: str) -> None:
        self._name, self._boot = name, str(uuid4())
        self._connection = database.dedicated()
        self._leads = False
        self._next_heartbeat = 0.0
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(DOORBELL)))

    def leads(self) -> bool:
        if time.monotonic() >= self._next_heartbeat:
            workers.register(
                self._connection, name=self._name, boot=self._boot, service="scheduler", labels=(), slots=0, memory_bytes=None, version="1"
            )
            self._next_heartbeat = time.monotonic() + HEARTBEAT_S
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
