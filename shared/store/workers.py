"""Which worker and quality processes there are, and when each was last seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.store.database import Tx


def register(
    tx: Tx, *, name: str, boot: str, service: str, labels: Sequence[str], slots: int, memory_bytes: int | None, version: str
) -> None:
    """Called at start and again as the heartbeat: idempotent."""
    tx.execute(
        """
        INSERT INTO workers (name, boot, service, labels, slots, memory_bytes, version)
        VALUES (%(name)s, %(boot)s, %(service)s, %(labels)s, %(slots)s, %(memory)s, %(version)s)
        ON CONFLICT (name) DO UPDATE SET boot = excluded.boot, service = excluded.service, labels = excluded.labels, slots = excluded.slots,
            memory_bytes = excluded.memory_bytes, version = excluded.version, seen_at = clock_timestamp(),
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
        },
    )


def seen_within(tx: Tx, age: timedelta) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            "SELECT name, service, labels, slots, memory_bytes, version, started_at, seen_at FROM workers"
            " WHERE seen_at > clock_timestamp() - %(age)s ORDER BY name",
            {"age": age},
        )
    )
