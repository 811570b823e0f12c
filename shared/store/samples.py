"""First rows and column figures of node outputs, as people look at them. Losing one costs a look, never a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.text import fitting


@dataclass(frozen=True, slots=True)
class Sample:
    """`rows`: by column name, masked; `profile`: figures of columns, None where they were not to be had for nothing."""

    run: str
    stage: int
    epoch: int
    node: str
    port: str
    rows: Sequence[dict[str, Any]]
    profile: Sequence[dict[str, Any]] | None


def insert(tx: Tx, samples: Sequence[Sample]) -> None:
    """Those of a newer attempt take the place of an older one's."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO samples AS s (run_id, stage, port, node, epoch, rows, profile) VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (run_id, stage, port) DO UPDATE SET node = excluded.node, epoch = excluded.epoch, rows = excluded.rows,
                profile = excluded.profile, at = clock_timestamp() WHERE s.epoch <= excluded.epoch
            """,
            [
                (s.run, s.stage, s.port, s.node, s.epoch, Jsonb(fitting(s.rows)), Jsonb(fitting(s.profile)) if s.profile else None)
                for s in samples
            ],
        )


def of_node(tx: Tx, run: str, node: str) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            "SELECT port, stage, epoch, rows, profile, at FROM samples WHERE run_id = %(run)s AND node = %(node)s ORDER BY stage, port",
            {"run": run, "node": node},
        )
    )
