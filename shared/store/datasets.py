"""Which staged files are data: those that a committed attempt named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from shared.datasets import Dataset
from shared.store.database import Tx

# The epoch of files that no attempt of this run has written.
OF_ANOTHER_RUN = 0


def insert(tx: Tx, run: str, stage: int, epoch: int, datasets: Sequence[Dataset]) -> None:
    if not datasets:
        return
    with tx.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO datasets (run_id, stage, port, epoch, uri, columns, rows, size_bytes) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (run_id, stage, port) DO UPDATE SET epoch = excluded.epoch, uri = excluded.uri, columns = excluded.columns,
                rows = excluded.rows, size_bytes = excluded.size_bytes, created_at = clock_timestamp(), deleted_at = NULL
            """,
            [(run, stage, d.port, epoch, d.uri, Jsonb([c.to_json() for c in d.columns]), d.rows, d.size_bytes) for d in datasets],
        )


# What the stages `inputs` of a table `c` have staged, as an array in SQL: each as `Dataset.to_json` says it, with its stage.
OF_INPUTS = """
    ARRAY(SELECT jsonb_build_object('stage', d.stage, 'port', d.port, 'uri', d.uri, 'columns', d.columns, 'rows', d.rows,
                                    'sizeBytes', d.size_bytes)
            FROM datasets d WHERE d.run_id = %(run)s AND d.stage = ANY(c.inputs))
"""


def by_port(staged: Iterable[Mapping[str, Any]]) -> dict[str, Dataset]:
    """The elements of OF_INPUTS, keyed "stage:port"."""
    return {f"{one['stage']}:{one['port']}": Dataset.from_json(dict(one)) for one in staged}


def kept(tx: Tx, run: str, limit: int) -> list[dict[str, Any]]:
    """{stage, port, uri, rows} of what a run has staged and is still there, in the order of its stages."""
    return tx.execute(
        """
        SELECT stage, port, uri, rows FROM datasets WHERE run_id = %(run)s AND deleted_at IS NULL ORDER BY stage, port LIMIT %(limit)s
        """,
        {"run": run, "limit": limit},
    ).fetchall()


def mark_deleted(tx: Tx, runs: Iterable[str]) -> None:
    """Their files are gone."""
    tx.execute(
        "UPDATE datasets SET deleted_at = clock_timestamp() WHERE run_id = ANY(%(runs)s::uuid[]) AND deleted_at IS NULL",
        {"runs": list(runs)},
    )
