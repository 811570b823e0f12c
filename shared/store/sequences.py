"""Sequences that go on from run to run, without gaps and repeats.

A run holds a sequence from its planning to its end; other runs of the pipeline wait. What the run took is noted when the stage that
numbers is recorded, and given out for good in the transaction that records the first success of a sink it reached. So a run that fails
before that consumes nothing, and an attempt that is repeated begins at the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.errors import PenstockError
from shared.runs.states import RUN_FINAL
from shared.store.database import Tx


class SequenceHeld(PenstockError):
    """Another run has it; nothing was changed."""

    code = "sequence_held"


def values(tx: Tx, namespace: str, pipeline: str) -> dict[str, int]:
    """The number at which each node of the pipeline would go on; nodes that never numbered are not in it."""
    rows = tx.execute(
        "SELECT node, next_value FROM sequences WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s",
        {"namespace": namespace, "pipeline": pipeline},
    )
    return {row["node"]: row["next_value"] for row in rows}


def hold(tx: Tx, run: str, namespace: str, pipeline: str, starts: Mapping[str, int]) -> dict[str, int]:
    """Takes the sequences for a run and returns where each begins. `starts`: of those that never numbered.

    Asked again by the same run it gives the same numbers, unless a sink of it has been recorded meanwhile. Raises SequenceHeld, naming the
    run that has one of them and has not ended.
    """
    found: dict[str, int] = {}
    for node, start in starts.items():
        row = tx.execute(
            """
            INSERT INTO sequences AS s (namespace, pipeline, node, next_value, held_by)
            VALUES (%(namespace)s, %(pipeline)s, %(node)s, %(start)s, %(run)s)
            ON CONFLICT (namespace, pipeline, node) DO UPDATE SET held_by = %(run)s, pending = NULL, updated_at = clock_timestamp()
             WHERE s.held_by IS NULL OR s.held_by = %(run)s
                OR NOT EXISTS (SELECT FROM runs r WHERE r.id = s.held_by AND NOT r.status = ANY(%(final)s))
            RETURNING next_value
            """,
            {
                "namespace": namespace,
                "pipeline": pipeline,
                "node": node,
                "start": start,
                "run": run,
                "final": [status.value for status in RUN_FINAL],
            },
        ).fetchone()
        if row is None:
            raise SequenceHeld(f"another run that has not ended numbers rows in {node}; run it again when that has ended", node=node)
        found[node] = row["next_value"]
    return found


def of_pipeline(tx: Tx, namespace: str, pipeline: str) -> list[dict[str, Any]]:
    """{node, next_value, held_by, updated_at}; `held_by` only while that run has not ended."""
    return list(
        tx.execute(
            """
            SELECT s.node, s.next_value, r.id::text AS held_by, s.updated_at
              FROM sequences s LEFT JOIN runs r ON r.id = s.held_by AND NOT r.status = ANY(%(final)s)
             WHERE s.namespace = %(namespace)s AND s.pipeline = %(pipeline)s ORDER BY s.node
            """,
            {"namespace": namespace, "pipeline": pipeline, "final": [status.value for status in RUN_FINAL]},
        )
    )


def not_held(tx: Tx, run: str, namespace: str, pipeline: str, nodes: Iterable[str]) -> list[str]:
    """Those of the sequences that are not this run's any more. The others stay as they are until the transaction ends."""
    wanted = list(nodes)
    rows = tx.execute(
        """
        SELECT node FROM sequences
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = ANY(%(nodes)s) AND held_by = %(run)s FOR UPDATE
        """,
        {"namespace": namespace, "pipeline": pipeline, "nodes": wanted, "run": run},
    )
    held = {row["node"] for row in rows}
    return [node for node in wanted if node not in held]


def change(tx: Tx, namespace: str, pipeline: str, node: str, following: int) -> bool | None:
    """Has the next run begin there. False, and nothing changed, while a run has it; None where the node never numbered."""
    there = [row for row in of_pipeline(tx, namespace, pipeline) if row["node"] == node]
    if not there:
        return None
    row = tx.execute(
        """
        UPDATE sequences s SET next_value = %(following)s, held_by = NULL, pending = NULL, updated_at = clock_timestamp()
         WHERE s.namespace = %(namespace)s AND s.pipeline = %(pipeline)s AND s.node = %(node)s
           AND NOT EXISTS (SELECT FROM runs r WHERE r.id = s.held_by AND NOT r.status = ANY(%(final)s))
        RETURNING s.node
        """,
        {
            "namespace": namespace,
            "pipeline": pipeline,
            "node": node,
            "following": following,
            "final": [status.value for status in RUN_FINAL],
        },
    ).fetchone()
    return row is not None


def forget(tx: Tx, namespace: str, pipeline: str, node: str) -> bool | None:
    """Has the next run begin where the recipe says. False, and nothing changed, while a run has it; None where the node never numbered."""
    if not any(row["node"] == node for row in of_pipeline(tx, namespace, pipeline)):
        return None
    row = tx.execute(
        """
        DELETE FROM sequences s
         WHERE s.namespace = %(namespace)s AND s.pipeline = %(pipeline)s AND s.node = %(node)s
           AND NOT EXISTS (SELECT FROM runs r WHERE r.id = s.held_by AND NOT r.status = ANY(%(final)s))
        RETURNING s.node
        """,
        {"namespace": namespace, "pipeline": pipeline, "node": node, "final": [status.value for status in RUN_FINAL]},
    ).fetchone()
    return row is not None


def take(tx: Tx, run: str, namespace: str, pipeline: str, node: str, following: int) -> None:
    """Notes that the run has numbered up to, not with, `following`. Raises SequenceHeld where the run does not hold it any more."""
    _changed(
        node,
        tx.execute(
            """
            UPDATE sequences SET pending = %(following)s, updated_at = clock_timestamp()
             WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s RETURNING node
            """,
            {"namespace": namespace, "pipeline": pipeline, "node": node, "run": run, "following": following},
        ).fetchone(),
    )


def give_out(tx: Tx, run: str, namespace: str, pipeline: str, nodes: Iterable[str]) -> None:
    """A sink has the numbers that the run took: the next run goes on behind them. Repeating it changes nothing."""
    for node in nodes:
        _changed(
            node,
            tx.execute(
                """
                UPDATE sequences SET next_value = coalesce(pending, next_value), updated_at = clock_timestamp()
                 WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s
            RETURNING node
                """,
                {"namespace": namespace, "pipeline": pipeline, "node": node, "run": run},
            ).fetchone(),
        )


def _changed(node: str, row: dict[str, Any] | None) -> None:
    if row is None:
        raise SequenceHeld(f"the sequence of {node} is not this run's any more: somebody changed its state; run it again", node=node)
