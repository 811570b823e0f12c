"""A run that has ended goes back into the queue, because a person asked for some of its stages again."""

from __future__ import annotations

from shared.runs.restart import Again, CannotRestart, again
from shared.runs.states import RUN_FINAL, RunStatus
from shared.store import ended, nodes, runs, sequences
from shared.store.database import Tx
from shared.store.runs import LockedRun


def restart(
    tx: Tx,
    run: LockedRun,
    *,
    from_node: str | None,
    keep: bool,
    allow_duplicates: bool,
    by: str,
    reason: str | None = None,
) -> Again:
    """Does not `save`. What is kept of the run, and under which marker its sinks write, is `shared.runs.restart`'s to say.

    Raises CannotRestart, and changes nothing, for a run that has not ended, and for what `again` refuses.
    """
    if run.status not in RUN_FINAL:
        raise CannotRestart(f"the run is {run.status}; wait until it has ended, or cancel it first")
    if run.status is RunStatus.SKIPPED:
        raise CannotRestart("the run was skipped, so it has nothing that could be done again; start a new one")
    found = Again(())
    if run.planning in {"surveying", "planned"}:
        stages = ended.stages(tx, run.id, run.planning)
        found = again(stages, from_node=from_node, keep=keep, allow_duplicates=allow_duplicates)
        numbering = ended.numbering(tx, run.id, found.stages)
        if numbering:
            _hold(tx, run, numbering)
        ended.bring_back(tx, run.id, found.stages, found.anew)
    elif from_node is not None:
        raise CannotRestart(f"the run was never planned, so it cannot start from {from_node}; leave it out to plan it again")
    nodes.bring_back(tx, run.id, found.stages if run.planning == "planned" else None)
    runs.requeue(
        tx,
        run,
        {"from": from_node or "failed", "stages": list(found.stages), "keep": keep, "allowDuplicates": allow_duplicates, "by": by},
        reason=reason,
    )
    return found


def _hold(tx: Tx, run: LockedRun, numbering: list[str]) -> None:
    """Where the numbers begin stands in the plan: they must still be this run's to give."""
    if (other := runs.other_running(tx, run)) is not None:
        raise CannotRestart(f"run {other} of this pipeline numbers rows too ({', '.join(numbering)}); wait until it has ended")
    lost = sequences.not_held(tx, run.id, run.namespace, run.pipeline, numbering)
    if lost:
        raise CannotRestart(f"another run has numbered rows in {', '.join(lost)} since, so these numbers are taken; start a new run")
