"""What is at work: who leads, what waits, what runs where, and which versions. Reads only, by partial indexes of what is open; how many
runs have ended makes no difference.
"""

from __future__ import annotations

from typing import Any

from psycopg import errors

from shared.store.database import Tx

# Held by the scheduler that leads, for as long as its session lives.
LEADER_LOCK = "penstock.leader"


def leader(tx: Tx) -> str | None:
    """The name of the scheduler that leads; None where none does."""
    row = tx.execute(
        """
        SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.objid::bigint = hashtext(%(lock)s)::bigint & 4294967295 LIMIT 1
        """,
        {"lock": LEADER_LOCK},
    ).fetchone()
    return row["name"] if row is not None else None


def open_runs(tx: Tx) -> dict[str, Any]:
    """{queued, dependent, running, oldest_s}: how many wait for their turn, wait for other pipelines, and run; for how long the first of
    those that wait for their turn has (None: none does).
    """
    row = tx.execute(
        """
        SELECT count(*) FILTER (WHERE status = 'QUEUED' AND NOT waits) AS queued, count(*) FILTER (WHERE waits) AS dependent,
               count(*) FILTER (WHERE status = 'RUNNING') AS running,
               extract(epoch FROM clock_timestamp() - min(queued_at) FILTER (WHERE status = 'QUEUED' AND NOT waits))::float8 AS oldest_s
          FROM (SELECT r.status, r.queued_at, r.status = 'QUEUED' AND EXISTS (SELECT FROM waits w WHERE w.run_id = r.id) AS waits
                  FROM runs r WHERE r.status IN ('QUEUED', 'RUNNING')) open
        """
    ).fetchone()
    assert row is not None
    return row


def open_stages(tx: Tx) -> dict[str, int]:
    """How many are RELEASED, RUNNING and RETRYING."""
    rows = tx.execute("SELECT status, count(*) AS n FROM stages WHERE status IN ('RELEASED', 'RUNNING', 'RETRYING') GROUP BY status")
    return {"RELEASED": 0, "RUNNING": 0, "RETRYING": 0} | {row["status"]: row["n"] for row in rows}


def busy(tx: Tx) -> dict[str, int]:
    """How many stages each process runs now, by its name."""
    rows = tx.execute("SELECT worker, count(*) AS n FROM stages WHERE status = 'RUNNING' AND worker IS NOT NULL GROUP BY worker")
    return {row["worker"]: row["n"] for row in rows}


def versions(tx: Tx) -> dict[str, str | None]:
    """{postgresql, schema}: of the server, and the newest migration; None where this role may not read that."""
    server = tx.execute("SELECT current_setting('server_version') AS version").fetchone()
    assert server is not None
    try:
        with tx.transaction():
            row = tx.execute(r"SELECT max(migration_id) AS newest FROM _yoyo_migration WHERE migration_id ~ '^\d'").fetchone()
    except (errors.UndefinedTable, errors.InsufficientPrivilege):
        row = None
    return {"postgresql": server["version"], "schema": row["newest"] if row is not None else None}
