"""Log lines of runs. Written in batches, read by id; the id orders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class LogLine:
    """`level` is a Python level name. No secrets: the message was masked where the secrets were."""

    run: str
    at: datetime
    level: str
    message: str
    stage: int | None = None
    epoch: int | None = None
    node: str | None = None
    worker: str | None = None


def insert(tx: Tx, lines: Sequence[LogLine]) -> None:
    """All lines in one statement, in their order; of runs whose partition is gone, an error."""
    if not lines:
        return
    # Ids of a run become visible in their order: who follows a run reads on from the last id it saw, and must not have passed a line
    # that another worker numbered before and commits after. In order of run, so that two writers never wait in a ring.
    tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(run, 3)) FROM unnest(%(runs)s::text[]) AS run",
        {"runs": sorted({line.run for line in lines})},
    )
    tx.execute(
        """
        INSERT INTO logs (run_id, at, level, stage, epoch, node, worker, message)
        SELECT run, at, level, stage, epoch, node, worker, message
          FROM unnest(%(run)s::uuid[], %(at)s::timestamptz[], %(level)s::text[], %(stage)s::integer[], %(epoch)s::integer[],
                      %(node)s::text[], %(worker)s::text[], %(message)s::text[])
               WITH ORDINALITY AS l (run, at, level, stage, epoch, node, worker, message, ordinal)
         ORDER BY ordinal
        """,
        {
            "run": [line.run for line in lines],
            "at": [line.at for line in lines],
            "level": [line.level for line in lines],
            "stage": [line.stage for line in lines],
            "epoch": [line.epoch for line in lines],
            "node": [line.node for line in lines],
            "worker": [line.worker for line in lines],
            # PostgreSQL's text has no NUL; a log line with one is still a log line.
            "message": [line.message.replace("\x00", "\N{REPLACEMENT CHARACTER}") for line in lines],
        },
    )


def after(tx: Tx, run: str, last_id: int, limit: int = 1000) -> list[dict[str, Any]]:
    """Lines with an id greater than last_id, in order: {id, at, level, stage, epoch, node, worker, message}."""
    return list(
        tx.execute(
            """
            SELECT id, at, level, stage, epoch, node, worker, message FROM logs
             WHERE run_id = %(run)s AND id > %(last)s ORDER BY id LIMIT %(limit)s
            """,
            {"run": run, "last": last_id, "limit": limit},
        )
    )
