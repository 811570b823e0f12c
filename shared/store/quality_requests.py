"""Checks that are asked for apart from runs: what a run has written that nobody checks, and which datasets are asked for already."""

from __future__ import annotations

from typing import Any

from shared.store.database import Tx


def written(tx: Tx, run: str) -> list[dict[str, Any]]:
    """Sinks of a run, as in its stored programs, whose rows are written and which no check of the run looks at."""
    rows = tx.execute(
        """
        SELECT one.sink FROM stages s JOIN programs p ON p.run_id = s.run_id AND p.stage = s.stage,
               jsonb_array_elements(coalesce(p.program -> 'sinks', '[]')) AS one (sink)
         WHERE s.run_id = %(run)s AND s.kind = 'work' AND s.status = 'COMPLETED'
           AND NOT EXISTS (SELECT FROM stages c WHERE c.run_id = s.run_id AND c.kind = 'check' AND one.sink ->> 'node' = ANY(c.nodes))
         ORDER BY s.stage
        """,
        {"run": run},
    )
    return [row["sink"] for row in rows]


def waits(tx: Tx, namespace: str, dataset: str) -> bool:
    """A profile of that dataset is asked for and not there yet."""
    row = tx.execute(
        """
        SELECT 1 AS waits FROM requests
         WHERE kind IN ('check', 'profile') AND state IN ('PENDING', 'RUNNING') AND namespace = %(namespace)s
           AND args ->> 'dataset' = %(dataset)s AND args ->> 'ruleSet' IS NULL AND expires_at > clock_timestamp() LIMIT 1
        """,
        {"namespace": namespace, "dataset": dataset},
    ).fetchone()
    return row is not None
