"""Which worker and quality processes there are, and when each was last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx


def register(
    tx: Tx,
    *,
    name: str,
    boot: str,
    service: str,
    labels: Sequence[str],
    slots: int,
    memory_bytes: int | None,
    version: str,
    dropped: Mapping[str, int] | None = None,
) -> None:
    """Called at start and again as the heartbeat: idempotent. `dropped`: since it began, what it could not tell of runs, by kind."""
    tx.execute(
        """
        INSERT INTO workers (name, boot, service, labels, slots, memory_bytes, version, dropped)
        VALUES (%(name)s, %(boot)s, %(service)s, %(labels)s, %(slots)s, %(memory)s, %(version)s, %(dropped)s)
        ON CONFLICT (name) DO UPDATE SET boot = excluded.boot, service = excluded.service, labels = excluded.labels, slots = excluded.slots,
            memory_bytes = excluded.memory_bytes, version = excluded.version, dropped = excluded.dropped, seen_at = clock_timestamp(),
            started_at = CASE WHEN workers.boot = excluded.boot THEN workers.started_at ELSE clock_timestamp() END
        """,
        {
            "name": name,
            "boot": boot,
            "service": service,
            "labels": list(labels),
            "slots": slots,
            "memory": memory_bytes,
            "version": version,
            "dropped": Jsonb(dict(dropped or {})),
        },
    )


def seen_within(tx: Tx, age: timedelta) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            "SELECT name, service, labels, slots, memory_bytes, version, dropped, started_at, seen_at FROM workers"
            " WHERE seen_at > clock_timestamp() - %(age)s ORDER BY name",
            {"age": age},
        )
    )


def prune(tx: Tx) -> None:
    """Processes that nobody has seen for a week."""
    tx.execute("DELETE FROM workers WHERE seen_at < clock_timestamp() - interval '7 days'")
