"""Stages of a run that has ended, as they are looked at and brought back when a person asks for them again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from shared.runs.restart import Ended
from shared.runs.states import STAGE_STEPS, StageStatus, sources
from shared.store.database import Tx


def stages(tx: Tx, run: str, planning: str) -> list[Ended]:
    """In plan order: the surveys of a run that is `surveying`, all others of one that is `planned`.

    Those of a plan that was thrown away, because a source had changed, are not among them.
    """
    rows = tx.execute(
        """
        SELECT s.stage, s.status, s.inputs, s.nodes, s.kind,
               ARRAY(SELECT DISTINCT sink ->> 'writeMode'
                       FROM jsonb_array_elements(coalesce(p.program -> 'sinks', '[]')) AS sink) AS writes,
               -- Those of another run (epoch 0) may have gone with it.
               EXISTS (SELECT FROM datasets d WHERE d.run_id = %(run)s AND d.stage = s.stage
                                                AND (d.deleted_at IS NOT NULL OR d.epoch = 0)) AS gone,
               ARRAY(SELECT q.node FROM jsonb_object_keys(coalesce(p.program -> 'sequences', '{}')) AS numbered (node)
                       JOIN sequences q ON q.node = numbered.node AND q.held_by = s.run_id AND q.next_value = q.pending
                      WHERE q.node = ANY(s.nodes)) AS numbered,
               EXISTS (SELECT FROM dead_letters d WHERE d.run_id = %(run)s AND d.stage = s.stage AND d.epoch = s.epoch
                                                    AND d.replay_run IS NOT NULL) AS replayed,
               EXISTS (SELECT FROM dead_letters d WHERE d.run_id = %(run)s AND d.stage = s.stage AND d.epoch = s.epoch
                                                    AND d.state <> 'open') AS decided
          FROM stages s JOIN programs p ON p.run_id = %(run)s AND p.stage = s.stage
         WHERE s.run_id = %(run)s AND (s.kind = 'survey') = %(surveys)s
           AND NOT (s.status = 'CANCELLED' AND coalesce(s.error ->> 'code', '') = 'source_changed')
         ORDER BY s.stage
        """,
        {"run": run, "surveys": planning == "surveying"},
    )
    return [
        Ended(
            r["stage"],
            StageStatus(r["status"]),
            tuple(r["inputs"]),
            tuple(r["nodes"]),
            r["kind"],
            tuple(r["writes"]),
            r["gone"],
            tuple(r["numbered"]),
            r["replayed"],
            r["decided"],
        )
        for r in rows
    ]


def numbering(tx: Tx, run: str, among: Sequence[int]) -> list[str]:
    """Persistent sequences that those stages number, or whose numbers their sinks write."""
    rows = tx.execute(
        """
        SELECT DISTINCT node FROM programs p, jsonb_object_keys(coalesce(p.program -> 'sequences', '{}')) AS node
         WHERE p.run_id = %(run)s AND p.stage = ANY(%(stages)s) ORDER BY node
        """,
        {"run": run, "stages": list(among)},
    )
    return [row["node"] for row in rows]


def going_on(tx: Tx, run: str, among: Sequence[int]) -> dict[str, bool]:
    """Cursors that those stages read or move, and whether one of them tells the rows of its window from those of the last."""
    rows = tx.execute(
        """
        SELECT c.key AS node, bool_or((c.value ->> 'reads')::boolean) AS reads
          FROM programs p, jsonb_each(coalesce(p.program -> 'cursors', '{}')) AS c
         WHERE p.run_id = %(run)s AND p.stage = ANY(%(stages)s) GROUP BY c.key ORDER BY c.key
        """,
        {"run": run, "stages": list(among)},
    )
    return {row["node"]: row["reads"] for row in rows}


def checks(tx: Tx, run: str, among: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Programs of those stages that hold data against a rule set, by stage."""
    rows = tx.execute(
        """
        SELECT p.stage, p.program FROM programs p JOIN stages s ON s.run_id = p.run_id AND s.stage = p.stage
         WHERE p.run_id = %(run)s AND p.stage = ANY(%(stages)s) AND s.kind = 'check' ORDER BY p.stage
        """,
        {"run": run, "stages": list(among)},
    )
    return {row["stage"]: row["program"] for row in rows}


def inserting(tx: Tx, run: str) -> set[str]:
    """Sinks that add to what is there."""
    rows = tx.execute(
        """
        SELECT DISTINCT sink ->> 'node' AS node FROM programs p, jsonb_array_elements(coalesce(p.program -> 'sinks', '[]')) AS sink
         WHERE p.run_id = %(run)s AND sink ->> 'writeMode' = 'INSERT'
        """,
        {"run": run},
    )
    return {row["node"] for row in rows}


def renew(tx: Tx, run: str, stage: int, program: Mapping[str, Any]) -> None:
    """Another program for a stage that is to be done again."""
    tx.execute(
        "UPDATE programs SET program = %(program)s WHERE run_id = %(run)s AND stage = %(stage)s",
        {"run": run, "stage": stage, "program": Jsonb(dict(program))},
    )


def bring_back(tx: Tx, run: str, which: Collection[int], anew: Collection[int]) -> None:
    """WAITING, as if they had never begun, but for their epochs, which go on. What those that were done have told of rows is forgotten.

    The `rerun` of those that are done `anew` rises: their sinks write under another marker.
    """
    arguments = {"run": run, "stages": list(which), "anew": list(anew), "from": sources(STAGE_STEPS, StageStatus.WAITING)}
    for table in ("quality_results", "quality_scores", "quality_profiles", "dead_letters", "datasets"):
        tx.execute(
            # The names stand here.
            f"DELETE FROM {table} d USING stages s WHERE d.run_id = %(run)s AND s.run_id = %(run)s AND s.stage = d.stage"  # noqa: S608
            " AND s.stage = ANY(%(stages)s)",
            arguments,
        )
    tx.execute(
        """
        UPDATE stages SET status = 'WAITING', rerun = rerun + CASE WHEN stage = ANY(%(anew)s) THEN 1 ELSE 0 END, retries = 0, lost = 0,
               worker = NULL, boot = NULL, released_at = NULL, leased_until = NULL, retry_at = NULL, started_at = NULL, finished_at = NULL,
               duration_ms = NULL, peak_memory_bytes = NULL, error = NULL
         WHERE run_id = %(run)s AND stage = ANY(%(stages)s) AND status = ANY(%(from)s)
        """,
        arguments,
    )
