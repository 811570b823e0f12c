"""How an attempt ends: completed, failed, lost or cancelled. Each is one transaction; each returns the messages to send after its commit.

All return None when the epoch is no longer the newest: then nothing was recorded, and whatever the attempt left behind is litter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.dispatch.advance import advance, fail_stage, release
from shared.dispatch.claims import Claim
from shared.engines.work import Outcome
from shared.errors import PenstockError
from shared.messages import StageMessage
from shared.rules.facets import facets
from shared.runs import gates, ledger
from shared.runs.retry import JITTER, MAX_LOST, Policy, affords, next_wait
from shared.runs.states import RunStatus, StageStatus
from shared.store import cursors, datasets, facts, kept, measured, nodes, quality, runs, sequences, stages
from shared.store.database import Tx
from shared.store.runs import LockedRun
from shared.store.stages import StageRow
from shared.store.text import fitting

# Errors after which the world is looked at again, and how often for one run. A source that changes again and again while it is read
# will not be caught up with; a column that is missing may have been renamed since the facts were found, or never have been there.
REPLANS = {"source_changed": 3, "connector_not_found": 1, "connector_bad_query": 1}


def complete(
    tx: Tx,
    claim: Claim,
    outcome: Outcome,
    *,
    duration_ms: int,
    peak_memory_bytes: int | None,
    goes_on: Callable[[LockedRun], None] = lambda run: None,
) -> list[StageMessage] | None:
    """Outcome, figures, datasets, facts, verdicts and events, and the release of what is now ready: all or nothing.

    A stage whose figures do not balance fails, whatever it has done; so does a gate that holds its rows back, with its verdicts on record.
    `goes_on`: called once what is ready is released, while the run's row is held and its events are not written yet.
    """
    run = _held(tx, claim)
    if run is None:
        return None
    # Values of rows are in it, also in what the gate and the events say.
    verdicts = fitting(outcome.quality)
    wrong = _unbalanced(outcome) or gates.held_back(claim.program, verdicts)
    if not stages.settle(
        tx,
        claim.run,
        claim.stage,
        claim.epoch,
        StageStatus.FAILED if wrong else StageStatus.COMPLETED,
        error=wrong,
        duration_ms=duration_ms,
        peak_memory_bytes=peak_memory_bytes,
    ):
        return None
    datasets.insert(tx, claim.run, claim.stage, outcome.epoch, outcome.datasets)
    if claim.kind == "work":
        figures = {node: _figures(outcome.figures.get(node, {}), duration_ms if len(claim.nodes) == 1 else None) for node in claim.nodes}
        nodes.complete(tx, claim.run, figures)
        if wrong:
            # With its figures in place: they are what a person has to look at.
            fail_stage(tx, run, _row(claim, StageStatus.FAILED), wrong)
            return _finish(tx, run, claim, goes_on)
        _number(tx, claim, figures)
        _go_on(tx, run, claim)
        _keep(tx, run, claim, outcome, figures)
        for node, figure in figures.items():
            run.say("node.status", node=node, stage=claim.stage, epoch=claim.epoch, status="COMPLETED", **figure)
        if outcome.epoch == claim.epoch:
            # One that was adopted took an earlier attempt's time.
            measured.record(tx, claim.program.get("measures", {}), duration_ms / 1000)
    if outcome.facts is not None:
        facts.record(tx, claim.program, outcome.facts)
    if verdicts is not None:
        quality.insert(tx, claim.run, claim.stage, claim.namespace, verdicts)
        run.say(
            "quality.result",
            node=next(iter(claim.nodes), None),
            stage=claim.stage,
            epoch=claim.epoch,
            **{key: verdicts[key] for key in ("dataset", "ruleSet", "score", "passed", "failed")},
            facets=facets(verdicts, claim.program["rules"]),
        )
    if wrong:
        fail_stage(tx, run, _row(claim, StageStatus.FAILED), wrong)
    return _finish(tx, run, claim, goes_on)


def _figures(counted: Mapping[str, Any], duration_ms: int | None) -> dict[str, Any]:
    return {**counted, "durationMs": duration_ms, "balanced": ledger.balanced(counted)}


def _number(tx: Tx, claim: Claim, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """What the stage's sequences took, and what its sinks gave out (`Program.sequences`)."""
    for node, sequence in claim.program.get("sequences", {}).items():
        if node in figures:
            rows = figures[node].get("rowsOut")
            if rows is None:
                raise PenstockError(
                    f"the rows that {node} numbered were not counted, so the sequence cannot go on; this is a bug in Penstock"
                )
            following = sequence["start"] + rows * sequence["increment"]
            sequences.take(tx, claim.run, claim.namespace, claim.pipeline, node, following)
        if sequence["writes"]:
            sequences.give_out(tx, claim.run, claim.namespace, claim.pipeline, [node])


def _go_on(tx: Tx, run: LockedRun, claim: Claim) -> None:
    """Cursors whose windows the stage's sinks have now, with those of other stages (`Program.cursors`)."""
    for node, cursor in claim.program.get("cursors", {}).items():
        if cursor["sinks"]:
            value = cursors.recorded(tx, claim.run, claim.namespace, claim.pipeline, node, cursor["sinks"])
            if value is not None:
                run.say("cursor.moved", node=node, stage=claim.stage, epoch=claim.epoch, value=value)


def _keep(tx: Tx, run: LockedRun, claim: Claim, outcome: Outcome, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """What later runs may reuse: made of the very files that the plan knew, and of all their rows: rejected ones are told of each time."""
    cache = claim.program.get("cache")
    if cache is None or outcome.rejects or any(figure.get("rowsRejected") for figure in figures.values()):
        return
    if all(outcome.markers.get(node) == marker for node, marker in cache["markers"].items()):
        kept.put(
            tx,
            claim.run,
            claim.stage,
            outcome.epoch,
            resource_uid=run.resource_uid,
            nodes=claim.nodes,
            key=cache["key"],
            datasets=outcome.datasets,
            figures=figures,
        )


def _unbalanced(outcome: Outcome) -> dict[str, Any] | None:
    try:
        ledger.check(outcome.figures)
    except ledger.Unbalanced as error:
        return error.to_json()
    return None


def fail(
    tx: Tx, claim: Claim, error: Mapping[str, Any], *, duration_ms: int | None, peak_memory_bytes: int | None
) -> list[StageMessage] | None:
    """The attempt's own error (`PenstockError.to_json`): retried by the recipe's policy if transient, else the stage is FAILED."""
    run = _held(tx, claim)
    if run is None:
        return None
    if run.cancel_reason is not None:
        return cancelled(tx, claim)
    figures: dict[str, Any] = {"duration_ms": duration_ms, "peak_memory_bytes": peak_memory_bytes}
    if error.get("retryable") and _store_restarted(tx, claim):
        # Our own PostgreSQL went down under the attempt, and perhaps the connector is in that very server: not the stage's fault.
        return lose(tx, claim, f"the platform's PostgreSQL restarted during the attempt ({error.get('message')})", counts=False)
    policy = Policy.from_json(claim.policy)
    spent = stages.spent(tx, claim.run, claim.stage) if policy.budget is not None else timedelta(0)
    wait = next_wait(policy, error, claim.retries, random.random(), spent)
    if wait is not None:
        if not stages.settle(tx, claim.run, claim.stage, claim.epoch, StageStatus.RETRYING, error=error, retry_in=wait, **figures):
            return None
        _say_retry(tx, run, claim, str(error.get("message")), wait, error=error)
        return _finish(tx, run, claim)
    unbounded = replace(policy, budget=None)
    if policy.budget is not None and error.get("code") != "timeout" and next_wait(unbounded, error, claim.retries, 0.0) is not None:
        error = {**error, "message": f"{error.get('message')}; {_out_of_time(claim)}"}
    outdated = str(error.get("code")) in REPLANS
    if outdated and _replan(tx, run, claim, error):
        return _finish(tx, run, claim)
    if outdated:
        # Too late for this run: something of it is done. The next one looks for itself.
        facts.forget_of(tx, {entry["connector"] for part in ("reads", "sinks") for entry in claim.program.get(part, ())})
    if not stages.settle(tx, claim.run, claim.stage, claim.epoch, StageStatus.FAILED, error=error, **figures):
        return None
    kept.forget_reused(tx, claim.run, {int(key.partition(":")[0]) for key in claim.inputs})
    fail_stage(tx, run, _row(claim, StageStatus.FAILED), error)
    return _finish(tx, run, claim)


def hold_back(tx: Tx, claim: Claim, error: Mapping[str, Any], wait: timedelta) -> list[StageMessage] | None:
    """Nothing was done, since a connector is left alone for now: RETRYING, without an attempt and without a retry, until `wait` is over."""
    run = _held(tx, claim)
    if run is None:
        return None
    if run.cancel_reason is not None:
        return cancelled(tx, claim)
    policy = Policy.from_json(claim.policy)
    wait = wait * (1 + JITTER * random.random())
    if not affords(policy, claim.spent, wait):
        told = {**error, "code": "timeout", "message": f"{error.get('message')}; {_out_of_time(claim)}", "retryable": False}
        return fail(tx, claim, {**told, "node": claim.policy.get("timeoutNode")}, duration_ms=None, peak_memory_bytes=None)
    if not stages.hold_back(tx, claim.run, claim.stage, claim.epoch, error=error, wait=wait):
        return None
    _say_retry(tx, run, claim, str(error.get("message")), wait, reason="breaker", error=error)
    return _finish(tx, run, claim)


def _out_of_time(claim: Claim) -> str:
    return (
        f"there is no other attempt, since the {claim.policy['timeout']:g} s that node {claim.policy['timeoutNode']} may take, all attempts"
        " and the waits between them together, would be over"
    )


def lose(tx: Tx, claim: Claim, reason: str, *, counts: bool = True) -> list[StageMessage] | None:
    """The process that did the work is gone: released again at once, without counting a retry, up to five times in a row.

    `counts`: as one of the five. Not where it ended in good order, which tells nothing of the stage.
    """
    run = _held(tx, claim)
    if run is None:
        return None
    messages = lose_stage(tx, run, claim.stage, claim.epoch, reason, counts=counts)
    runs.save(tx, run)
    return messages


def lose_stage(tx: Tx, run: LockedRun, stage: int, epoch: int, reason: str, *, counts: bool = True) -> list[StageMessage]:
    """`lose` for whoever holds the run's row already and knows the attempt to be dead. Does not `save`."""
    rows = {row.stage: row for row in stages.of_run(tx, run.id)}
    row = rows[stage]
    if row.status is not StageStatus.RUNNING or row.epoch != epoch:
        return []
    stages.close_attempt(tx, run.id, stage, epoch, "LOST", reason)
    if run.cancel_reason is not None:
        _cancel_stage(tx, run, row)
        return advance(tx, run)
    if counts and row.lost + 1 >= MAX_LOST:
        error = {
            "code": "workers_lost",
            "message": f"{MAX_LOST} workers in a row were lost in this stage, last: {reason}; look at its memory and at the workers' logs",
            "node": None,
        }
        stages.end(tx, run.id, [stage], StageStatus.FAILED, error=error)
        fail_stage(tx, run, row, error)
        return advance(tx, run)
    for node in row.nodes:
        run.say("node.retry", node=node, stage=stage, epoch=epoch, reason="lost", message=reason)
    return release(tx, run, [stage], lost=counts)


def cancelled(tx: Tx, claim: Claim) -> list[StageMessage] | None:
    """The attempt stopped because its run is to stop."""
    run = _held(tx, claim)
    if run is None or not stages.settle(tx, claim.run, claim.stage, claim.epoch, StageStatus.CANCELLED):
        return None
    _mark_cancelled(tx, run, _row(claim, StageStatus.CANCELLED))
    return _finish(tx, run, claim)


def cancel_run(tx: Tx, run: LockedRun, reason: str) -> None:
    """Stops a run: what nobody works on ends now; what is running is told through its lease. Does nothing to a final run. Does not `save`.

    `reason`: cancelled, timed_out or replaced.
    """
    if run.status is RunStatus.QUEUED:
        # One that was asked for again has stages already.
        for row in stages.of_run(tx, run.id, unfinished=True):
            _cancel_stage(tx, run, row)
        status = RunStatus.TIMED_OUT if reason == "timed_out" else RunStatus.CANCELLED
        runs.transition(tx, run, status, error={"code": reason, "message": f"{reason.replace('_', ' ')} before it started"})
        return
    if run.status is not RunStatus.RUNNING or run.cancel_reason is not None:
        return
    runs.mark_cancelling(tx, run, reason)
    for row in stages.of_run(tx, run.id):
        if row.status in {StageStatus.WAITING, StageStatus.RELEASED, StageStatus.RETRYING}:
            _cancel_stage(tx, run, row)
    advance(tx, run)


def _cancel_stage(tx: Tx, run: LockedRun, row: StageRow) -> None:
    if stages.end(tx, run.id, [row.stage], StageStatus.CANCELLED):
        _mark_cancelled(tx, run, row)


def _mark_cancelled(tx: Tx, run: LockedRun, row: StageRow) -> None:
    if row.kind == "work":
        nodes.set_status(tx, run.id, row.nodes, "CANCELLED")
        for node in row.nodes:
            run.say("node.status", node=node, stage=row.stage, epoch=row.epoch, status="CANCELLED")


def _held(tx: Tx, claim: Claim) -> LockedRun | None:
    run = runs.lock(tx, claim.run)
    return run if run is not None and run.status is RunStatus.RUNNING else None


def _finish(tx: Tx, run: LockedRun, claim: Claim, goes_on: Callable[[LockedRun], None] = lambda run: None) -> list[StageMessage]:
    messages = advance(tx, run)
    goes_on(run)
    # Whoever waits for its connections is of another run, whose row cannot be had here: a scheduler looks.
    run.ring = run.ring or claim.limited
    runs.save(tx, run)
    return messages


def _row(claim: Claim, status: StageStatus) -> StageRow:
    return StageRow(claim.stage, claim.kind, status, (), claim.nodes, "", claim.epoch, 0)


def _say_retry(
    tx: Tx,
    run: LockedRun,
    claim: Claim,
    message: str,
    wait: timedelta,
    *,
    reason: str = "error",
    error: Mapping[str, Any] | None = None,
) -> None:
    if claim.kind == "work":
        nodes.set_status(tx, run.id, claim.nodes, "RETRYING", error=error)
    for node in claim.nodes:
        run.say(
            "node.retry",
            node=node,
            stage=claim.stage,
            epoch=claim.epoch,
            reason=reason,
            message=message,
            waitSeconds=round(wait.total_seconds(), 1),
        )


def _store_restarted(tx: Tx, claim: Claim) -> bool:
    row = tx.execute("SELECT pg_postmaster_start_time() AS at").fetchone()
    return row is not None and row["at"] != claim.server_started_at


def _replan(tx: Tx, run: LockedRun, claim: Claim, error: Mapping[str, Any]) -> bool:
    """Sends the run back to be surveyed and planned anew, if nothing of it was done yet; False when it cannot be.

    The stages of the outdated plan stay in the record as CANCELLED; the new plan's numbers go on after theirs, so that no epoch
    or staging folder is ever used twice.
    """
    rows = stages.of_run(tx, run.id)
    others = [row for row in rows if row.kind != "survey" and row.stage != claim.stage]
    started = any(row.status not in {StageStatus.WAITING, StageStatus.RELEASED, StageStatus.CANCELLED} for row in others)
    if started or stages.replanned(tx, run.id, REPLANS) >= REPLANS[error["code"]]:
        return False
    stages.settle(tx, run.id, claim.stage, claim.epoch, StageStatus.CANCELLED, error=error)
    stages.end(tx, run.id, [row.stage for row in others], StageStatus.CANCELLED, error=error)
    nodes.set_status(tx, run.id, [node for row in rows for node in row.nodes], "WAITING")
    runs.set_planning(tx, run, "stale")
    run.ring = True
    for node in claim.nodes:
        run.say("node.retry", node=node, stage=claim.stage, epoch=claim.epoch, reason="source_changed", message=str(error.get("message")))
    return True
