"""Monthly partitions of everything that hangs on a run, made ahead of time."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg import sql

from shared.store.database import Tx
from shared.store.identifiers import least_id

MONTHS_AHEAD = 3


def ensure(tx: Tx, now: datetime) -> list[str]:
    """Makes the partitions of this month and the next three where they are missing; returns the names of those it made. Idempotent."""
    # One maker at a time: two that both see a partition missing would collide on its name.
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('penstock.partitions'))")
    parents = [
        row["relname"]
        for row in tx.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'p' AND n.nspname = current_schema() ORDER BY 1"
        )
    ]
    present = {row["relname"] for row in tx.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}
    made = []
    for ahead in range(MONTHS_AHEAD + 1):
        start, end = _month(now, ahead), _month(now, ahead + 1)
        for parent in parents:
            name = f"{parent}_{start:%Y%m}"
            if name in present:
                continue
            tx.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(name), sql.Identifier(parent), sql.Literal(least_id(start)), sql.Literal(least_id(end))
                )
            )
            made.append(name)
    return made


def _month(now: datetime, ahead: int) -> datetime:
    months = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
