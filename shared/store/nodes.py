"""What a person sees of a run: its nodes, their status and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from shared.planning.stages import PlannedNode
from shared.store.database import Tx


def insert(tx: Tx, run: str, nodes: Sequence[PlannedNode]) -> None:
    """Adds the nodes of a run, which has none yet, in recipe order."""
    with tx.cursor() as cursor, cursor.copy("COPY nodes (run_id, node, ordinal, type, generation, stage) FROM STDIN") as copy:
        for ordinal, node in enumerate(nodes):
            copy.write_row((run, node.id, ordinal, node.type, node.generation, node.stage or None))


def there(tx: Tx, run: str) -> bool:
    """The run's nodes are known."""
    return tx.execute("SELECT 1 AS there FROM nodes WHERE run_id = %(run)s LIMIT 1", {"run": run}).fetchone() is not None


def place(tx: Tx, run: str, nodes: Sequence[PlannedNode], reasons: Mapping[str, str | None]) -> None:
    """Says which stage computes each node, and why there, now that there is a plan. `reasons`: by node."""
    tx.execute(
        """
        UPDATE nodes n SET stage = planned.stage, engine_why = planned.why
          FROM unnest(%(nodes)s::text[], %(stages)s::integer[], %(reasons)s::text[]) AS planned (node, stage, why)
         WHERE n.run_id = %(run)s AND n.node = planned.node
        """,
        {
            "run": run,
            "nodes": [node.id for node in nodes],
            "stages": [node.stage for node in nodes],
            "reasons": [reasons[node.id] for node in nodes],
        },
    )


def set_status(tx: Tx, run: str, nodes: Iterable[str], status: str, *, error: Mapping[str, Any] | None = None) -> None:
    tx.execute(
        """
        UPDATE nodes SET status = %(status)s, error = %(error)s,
               started_at = CASE WHEN %(status)s = 'RUNNING' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
               finished_at = CASE WHEN %(status)s IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED') THEN clock_timestamp() END
         WHERE run_id = %(run)s AND node = ANY(%(nodes)s)
        """,
        {"run": run, "nodes": list(nodes), "status": status, "error": Jsonb(dict(error)) if error else None},
    )


def bring_back(tx: Tx, run: str, stages: Sequence[int] | None) -> None:
    """WAITING again, with nothing counted: the nodes that those stages compute; all of the run where it is to be planned anew (None)."""
    tx.execute(
        """
        UPDATE nodes SET status = 'WAITING', figures = '{}', error = NULL, started_at = NULL, finished_at = NULL
         WHERE run_id = %(run)s AND (%(stages)s::integer[] IS NULL OR stage = ANY(%(stages)s))
        """,
        {"run": run, "stages": list(stages) if stages is not None else None},
    )


def complete(tx: Tx, run: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """COMPLETED, with what was counted, for every node named."""
    tx.execute(
        """
        UPDATE nodes n SET status = 'COMPLETED', figures = f.figures, error = NULL, finished_at = clock_timestamp()
          FROM unnest(%(nodes)s::text[], %(figures)s::jsonb[]) AS f (node, figures)
         WHERE n.run_id = %(run)s AND n.node = f.node
        """,
        {"run": run, "nodes": list(figures), "figures": [Jsonb(dict(value)) for value in figures.values()]},
    )
