"""Runs in the store, as the scheduler would have planned them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.dispatch.advance import advance
from shared.messages import StageMessage
from shared.planning.stages import PlannedNode, Stage, StageId
from shared.runs.states import RunStatus
from shared.store import nodes, runs, stages
from shared.store.database import Database
from shared.store.identifiers import new_id


def stage(number: int, inputs: Sequence[int] = (), *, policy: dict[str, Any] | None = None, queue: str = "stages", **program: Any) -> Stage:
    """A work stage whose one node is named n1, n2, …"""
    return Stage(
        StageId(number), "work", (f"n{number}",), tuple(StageId(i) for i in inputs), 1, "duckdb", program, queue=queue, policy=policy or {}
    )


def start_run(database: Database, *planned: Stage) -> tuple[str, list[StageMessage]]:
    """Makes the run RUNNING and releases what is ready; the messages are not sent."""
    run_id = new_id()
    with database.transaction() as tx:
        runs.create(
            tx,
            run=run_id,
            namespace="default",
            pipeline="p",
            resource_uid=new_id(),
            version=1,
            git_commit_sha=None,
            trigger={"type": "manual"},
            parameters={},
            logical_date=datetime.now(UTC),
            reason=None,
            created_by="test",
        )
        run = runs.lock(tx, run_id)
        assert run is not None
        runs.transition(tx, run, RunStatus.RUNNING)
        runs.set_planning(tx, run, "planned", max_parallel_nodes=16, timeout_s=600)
        nodes.insert(tx, run_id, [PlannedNode(s.nodes[0], "filter", s.generation, s.id) for s in planned])
        stages.insert(tx, run_id, planned)
        messages = advance(tx, run)
        runs.save(tx, run)
    return run_id, messages


def status(database: Database, run: str) -> str:
    with database.transaction() as tx:
        row = tx.execute("SELECT status FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    return str(row["status"]) if row else "absent"


def stage_row(database: Database, run: str, number: int) -> dict[str, Any]:
    with database.transaction() as tx:
        row = tx.execute("SELECT * FROM stages WHERE run_id = %(run)s AND stage = %(stage)s", {"run": run, "stage": number}).fetchone()
    assert row is not None
    return row


def events(database: Database, run: str) -> list[dict[str, Any]]:
    with database.transaction() as tx:
        return list(tx.execute("SELECT seq, type, node, stage, epoch, data FROM events WHERE run_id = %(run)s ORDER BY seq", {"run": run}))
