"""What happens to a run when one of its stages has ended: release what is ready, or end the run. The caller holds the run's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.dispatch.connecting import Door
from shared.messages import StageMessage
from shared.process import traces
from shared.runs.states import STAGE_IN_FLIGHT, RunStatus, StageStatus
from shared.store import nodes, runs, stages
from shared.store.database import Tx
from shared.store.runs import LockedRun
from shared.store.stages import StageRow

# A survey or a check holds no slot of maxParallelNodes: neither is a node of the recipe.
_SLOTTED = "work"


def ready(rows: Sequence[StageRow]) -> list[StageRow]:
    """Stages that wait for nothing any more, in plan order; pure. Stages that are not among `rows` are taken to be COMPLETED."""
    pending = {row.stage for row in rows if row.status is not StageStatus.COMPLETED}
    return [row for row in rows if row.status is StageStatus.WAITING and pending.isdisjoint(row.inputs)]


def within_slots(
    rows: Sequence[StageRow], candidates: Sequence[StageRow], slots: int | None, admits: Callable[[StageRow], bool] = lambda _: True
) -> list[StageRow]:
    """The candidates that may start now, when `slots` stages of the run may be released or running at once; pure.

    `admits` is asked of those that have a slot; one that it refuses leaves the slot to the next.
    """
    free = slots - sum(row.kind == _SLOTTED and row.status in STAGE_IN_FLIGHT for row in rows) if slots is not None else len(candidates)
    chosen = []
    for row in candidates:
        slotted = row.kind == _SLOTTED
        if (not slotted or free > 0) and admits(row):
            chosen.append(row)
            free -= slotted
    return chosen


def startable(tx: Tx, run: LockedRun, rows: Sequence[StageRow], candidates: Sequence[StageRow]) -> list[StageRow]:
    """The candidates that may start now, within the run's slots and its connectors' connections; who lacks one of these stands in line."""
    door = Door(tx, run.id, candidates)
    chosen = within_slots(rows, candidates, run.max_parallel_nodes, door.admits)
    door.close()
    return chosen


def descendants(rows: Sequence[StageRow], stage: int) -> list[StageRow]:
    """All stages that need `stage`, directly or not, in plan order; pure."""
    reached = {stage}
    for row in rows:
        if reached.intersection(row.inputs):
            reached.add(row.stage)
    return [row for row in rows if row.stage in reached and row.stage != stage]


def advance(tx: Tx, run: LockedRun) -> list[StageMessage]:
    """Releases what is ready and free to start; ends the run when nothing is left to do. Does not `save`."""
    if run.status is not RunStatus.RUNNING:
        return []
    # What needs a stage that failed, or was cancelled, has ended with it: so whoever still waits, waits for unfinished stages only.
    rows = stages.of_run(tx, run.id, unfinished=True)
    if run.cancel_reason is None:
        messages = release(tx, run, [row.stage for row in startable(tx, run, rows, ready(rows))])
        if messages:
            return messages
    if not rows:
        _end(tx, run, stages.of_run(tx, run.id))
    return []


def release(tx: Tx, run: LockedRun, which: Sequence[int], *, lost: bool = False) -> list[StageMessage]:
    """Opens the next epoch of those stages and returns their messages, to be sent after the commit."""
    if not which:
        return []
    released = stages.release(tx, run.id, which, lost=lost)
    span = traces.of_run(run.id, run.traceparent)
    return [StageMessage(run.id, row["stage"], row["epoch"], row["queue"], span) for row in sorted(released, key=lambda row: row["stage"])]


def _end(tx: Tx, run: LockedRun, rows: Sequence[StageRow]) -> None:
    failed = next((row for row in rows if row.status is StageStatus.FAILED), None)
    if run.cancel_reason is not None:
        status = RunStatus.TIMED_OUT if run.cancel_reason == "timed_out" else RunStatus.CANCELLED
        runs.transition(tx, run, status, error={"code": run.cancel_reason, "message": _CANCELLED[run.cancel_reason]})
    elif failed is not None:
        runs.transition(tx, run, RunStatus.FAILED, error=_first_error(tx, run.id))
    elif run.planning == "surveying":
        runs.set_planning(tx, run, "surveyed")
        run.ring = True
    elif run.planning == "planned":
        runs.transition(tx, run, RunStatus.SUCCEEDED)


_CANCELLED = {
    "cancelled": "cancelled on request",
    "timed_out": "the run took longer than its timeout; raise spec.timeout, or find out in its stages what took so long",
    "replaced": "replaced by a newer run of this pipeline (concurrencyPolicy: Replace)",
}


def _first_error(tx: Tx, run: str) -> dict[str, Any]:
    row = tx.execute(
        "SELECT stage, nodes, error FROM stages WHERE run_id = %(run)s AND status = 'FAILED' ORDER BY finished_at, stage LIMIT 1",
        {"run": run},
    ).fetchone()
    assert row is not None
    error: dict[str, Any] = dict(row["error"] or {})
    return {**error, "stage": row["stage"], "node": error.get("node") or next(iter(row["nodes"]), None)}


def fail_stage(tx: Tx, run: LockedRun, stage: StageRow, error: Mapping[str, Any]) -> None:
    """What follows from a stage that is FAILED: its nodes fail, and all that needed it is skipped, in one step.

    Of a check those fail that it kept from being computed: what it looked at is done.
    """
    rows = stages.of_run(tx, run.id)
    unreachable = descendants(rows, stage.stage)
    # Those that were done before, and kept when the run was asked for again, are not among them.
    skipped = set(stages.end(tx, run.id, [row.stage for row in unreachable], StageStatus.SKIPPED))
    lost_nodes = [node for row in unreachable if row.kind == "work" and row.stage in skipped for node in row.nodes]
    culprit = error.get("node")
    charged = [culprit] if culprit in stage.nodes else list(stage.nodes)
    beside = [node for node in stage.nodes if node not in charged]
    if stage.kind == "check":
        charged, beside = [node for node in charged if node in lost_nodes], []
    _mark(tx, run, charged, "FAILED", stage, error)
    _mark(tx, run, beside, "SKIPPED", stage)
    if stage.kind == "survey":
        # Without its facts the run cannot be planned: what the recipe holds beside will not run.
        known = tx.execute("SELECT node FROM nodes WHERE run_id = %(run)s AND status = 'WAITING'", {"run": run.id})
        lost_nodes = [row["node"] for row in known]
    _mark(tx, run, [node for node in lost_nodes if node not in charged], "SKIPPED", stage)


def _mark(tx: Tx, run: LockedRun, which: Sequence[str], status: str, stage: StageRow, error: Mapping[str, Any] | None = None) -> None:
    if not which:
        return
    nodes.set_status(tx, run.id, which, status, error=error)
    for node in which:
        run.say("node.status", node=node, stage=stage.stage, epoch=stage.epoch, status=status, error=dict(error) if error else None)
