"""Every change of a run, append-only, written in the transaction it tells of and numbered under the run's row lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx

VERSION = 1
# Listened to by API processes; the payload is the run's id.
CHANNEL = "penstock_events"


@dataclass(frozen=True, slots=True)
class Event:
    """`type`: run.queued, run.started, run.finished, node.status, node.progress, node.retry, quality.result, breaker.changed."""

    type: str
    node: str | None = None
    stage: int | None = None
    epoch: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


def append(tx: Tx, run: str, first_seq: int, events: Sequence[Event]) -> None:
    """Inserts events as first_seq, first_seq + 1, …, says so in the run's row, which the caller holds, and rings the listeners."""
    tx.execute(
        """
        WITH told AS (
            INSERT INTO events (run_id, seq, type, v, node, stage, epoch, data)
            SELECT %(run)s, seq, type, %(v)s, node, stage, epoch, data
              FROM unnest(%(seq)s::bigint[], %(type)s::text[], %(node)s::text[], %(stage)s::integer[], %(epoch)s::integer[],
                          %(data)s::jsonb[]) AS e (seq, type, node, stage, epoch, data)
        ), counted AS (
            UPDATE runs SET last_seq = %(last)s WHERE id = %(run)s
        )
        SELECT pg_notify(%(channel)s, %(run)s::text)
        """,
        {
            "run": run,
            "v": VERSION,
            "last": first_seq + len(events) - 1,
            "channel": CHANNEL,
            "seq": list(range(first_seq, first_seq + len(events))),
            "type": [event.type for event in events],
            "node": [event.node for event in events],
            "stage": [event.stage for event in events],
            "epoch": [event.epoch for event in events],
            "data": [Jsonb(event.data) for event in events],
        },
    )


def after(tx: Tx, run: str, seq: int, limit: int = 1000) -> list[dict[str, Any]]:
    """Events with a number greater than seq, in order: {seq, at, type, v, node, stage, epoch, data}."""
    return list(
        tx.execute(
            """
            SELECT seq, at, type, v, node, stage, epoch, data FROM events
             WHERE run_id = %(run)s AND seq > %(seq)s ORDER BY seq LIMIT %(limit)s
            """,
            {"run": run, "seq": seq, "limit": limit},
        )
    )
