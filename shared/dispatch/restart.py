"""A run that has ended goes back into the queue, because a person asked for some of its stages again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.engines.program import CheckProgram
from shared.pipelines.language import InvalidDocument
from shared.pipelines.model import RuleSet
from shared.pipelines.validation import stored_rule_set
from shared.planning.attach import of_rows
from shared.planning.errors import PlanProblem
from shared.planning.renewed import renewed
from shared.runs.restart import Again, CannotRestart, Ended, after, again
from shared.runs.states import RUN_FINAL, RunStatus
from shared.store import cursors, dead_letters, ended, nodes, resources, runs, sequences
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
    if run.replay is not None and dead_letters.held(tx, run.id) < run.replay["letters"]:
        raise CannotRestart("the rows that this run replayed are no longer with it; replay them again (penstock dead-letters replay)")
    found = Again(())
    if run.planning in {"surveying", "planned"}:
        stages = ended.stages(tx, run.id, run.planning)
        found = again(stages, from_node=from_node, keep=keep, allow_duplicates=allow_duplicates)
        _hold(tx, run, ended.numbering(tx, run.id, found.stages), ended.going_on(tx, run.id, found.stages))
        ended.bring_back(tx, run.id, found.stages, found.anew)
        _renew_rules(tx, run, stages, found.stages)
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


def _renew_rules(tx: Tx, run: LockedRun, stages: Sequence[Ended], which: Sequence[int]) -> None:
    """Checks go by their rule sets as they are now; one whose set is gone by what it was planned with."""
    inputs = {stage.stage: stage.inputs for stage in stages}
    waited = {at for stage in stages for at in stage.inputs}
    working = {stage.stage for stage in stages if stage.kind == "work"}.intersection(which)
    inserting = ended.inserting(tx, run.id)
    for stage, program in ended.checks(tx, run.id, which).items():
        planned = CheckProgram.from_json(program)
        text = resources.current_document(tx, "DataQualityRuleSet", run.namespace, str(planned.rule_set))
        if text is not None:
            rules = _readable(text, str(planned.rule_set))
            rules = _of_rows(planned, rules) if run.replay is not None else rules
            ahead = bool(working & after(stages, inputs[stage]))
            now = renewed(planned, rules, waited=stage in waited, ahead=ahead, inserts=planned.this.node in inserting).to_json()
            ended.renew(tx, run.id, stage, {**program, **now})


def _of_rows(planned: CheckProgram, rules: RuleSet) -> RuleSet:
    """Those of the rules that a replay is held against."""
    try:
        found = of_rows(rules, {port for read in planned.reads for _, port in read.datasets})
    except PlanProblem as problem:
        raise CannotRestart(problem.message) from problem
    return found if found is not None else replace(rules, rules=())


def _readable(text: str, name: str) -> RuleSet:
    try:
        return stored_rule_set(text)
    except InvalidDocument as error:
        raise CannotRestart(f"this release refuses rule set {name}: {error.message}; correct it, and apply it again") from error


def _hold(tx: Tx, run: LockedRun, numbering: Sequence[str], going_on: Mapping[str, bool]) -> None:
    """Where numbers begin, and which rows are new, stands in the plan: they must still be this run's to give and to take."""
    if not numbering and not going_on:
        return
    if (other := runs.other_unfinished(tx, run)) is not None:
        does = f"numbers rows too ({', '.join(numbering)})" if numbering else f"reads what is new too ({', '.join(going_on)})"
        raise CannotRestart(f"run {other} of this pipeline {does}; wait until it has ended")
    lost = sequences.not_held(tx, run.id, run.namespace, run.pipeline, numbering)
    if lost:
        raise CannotRestart(f"another run has numbered rows in {', '.join(lost)} since, so these numbers are taken; start a new run")
    held = cursors.held(tx, run.id, run.namespace, run.pipeline, going_on)
    for node, reads in going_on.items():
        if node not in held:
            raise CannotRestart(f"another run has read what is new in {node} since, or somebody set its cursor; start a new run")
        if reads and not held[node]:
            raise CannotRestart(
                f"what was new in {node} has been taken over, and its cursor has moved; set that back (penstock state) and start a new run"
            )
