"""Runs that wait for other pipelines: let go when those are ready, ended when they cannot be any more. And pipelines that nothing but
their dependencies starts.

The end of a run marks whoever waits for it; who is marked, new, or past his time is judged once, from the runs that there are. What
follows from one that has failed is drawn in the same turn down to the last descendant.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from services.scheduler.apart import apart, started
from services.scheduler.settings import Settings
from shared.dispatch.starting import Asked, Version
from shared.runs.states import RunStatus
from shared.store import dependencies, endings, resources, runs, triggers
from shared.store.database import Tx
from shared.store.endings import Ending
from shared.store.identifiers import new_id
from shared.store.triggers import DEPENDENCY, Trigger
from shared.triggers.dependencies import Standing, Verdict, Wait, judge
from shared.triggers.told import told

AT_ONCE = 500
# So many times AT_ONCE runs are judged in one transaction.
MOST_ROUNDS = 20
log = logging.getLogger("scheduler")


def dependents(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion from the end of a run."""
    dependencies.forget(tx, [ending.run])
    end = dependencies.end_of(tx, ending.run)
    if end is not None and end["trigger"].get("type") != "replay":
        interval = end["data_interval_start"] or end["logical_date"]
        _reach(tx, ending.namespace, ending.pipeline, end["logical_date"], interval, settings)


def settle(tx: Tx, settings: Settings) -> None:
    """Judges the waiting runs of which something has changed. Does nothing while another scheduler marks them, or judges them."""
    if not endings.mine(tx):
        return
    for _ in range(MOST_ROUNDS):
        found = dependencies.take(tx, AT_ONCE)
        if not found:
            return
        states = dependencies.states(tx, (wait for waits in found.values() for wait in waits))
        now = _now(tx)
        verdicts = {run: judge(waits, states, now) for run, waits in found.items()}
        dependencies.forget(tx, [run for run, verdict in verdicts.items() if verdict.standing is Standing.MET])
        waiting = {run: verdict for run, verdict in verdicts.items() if verdict.standing is Standing.COMING}
        dependencies.settled(tx, waiting)
        runs.wait_for(tx, {run: ("dependency", verdict.why) for run, verdict in waiting.items()})
        for run, verdict in verdicts.items():
            if verdict.over:
                _end(tx, run, verdict, settings)


def _end(tx: Tx, run_id: str, verdict: Verdict, settings: Settings) -> None:
    run = runs.lock(tx, run_id)
    assert run is not None
    dependencies.forget(tx, [run_id])
    to = RunStatus.FAILED if verdict.failed else RunStatus.SKIPPED
    runs.transition(tx, run, to, error={"code": verdict.code, "message": verdict.why})
    runs.save(tx, run)
    # Whoever waits for this one need not wait until its end is concluded: it is judged in the next round of this turn.
    end = dependencies.end_of(tx, run_id) or {}
    dependencies.touch(tx, run.namespace, run.pipeline, run.logical_date)
    # What breaks is tried again when its end is concluded; it must not hold up who asks to be let in.
    with apart(tx, f"what follows from the end of run {run_id} of {run.namespace}/{run.pipeline}"):
        _reach(tx, run.namespace, run.pipeline, run.logical_date, end.get("data_interval_start") or run.logical_date, settings)


def _reach(tx: Tx, namespace: str, pipeline: str, date: datetime, interval: datetime, settings: Settings) -> None:
    """What a run of a date, good or bad, means for those below."""
    dependencies.touch(tx, namespace, pipeline, date)
    for trigger in dependencies.started_by(tx, namespace, pipeline):
        waits = list(_asked_of(tx, trigger, date))
        verdict = judge(waits, dependencies.states(tx, waits), _now(tx))
        if verdict.standing is Standing.MET:
            _start(tx, trigger, date, interval, waits, settings)
        elif verdict.over:
            error = {"code": verdict.code, "message": verdict.why}
            if dependencies.fired(tx, trigger, date, run=None, outcome="lost", detail=error):
                _reach(tx, trigger.namespace, trigger.pipeline, date, interval, settings)


def _asked_of(tx: Tx, trigger: Trigger, date: datetime) -> Iterable[Wait]:
    """A pipeline without fire times of its own takes those of what it waits for."""
    for one in dependencies.of(tx, trigger.namespace, trigger.pipeline):
        yield Wait(one.dependency, one.upstream, one.condition, one.mode, one.on_timeout, (date,))


def _start(tx: Tx, trigger: Trigger, date: datetime, interval: datetime, waits: list[Wait], settings: Settings) -> None:
    """Raises DefinitionMissing; then nothing of it has happened once the caller's savepoint is undone."""
    run = new_id()
    names = sorted({wait.upstream for wait in waits})
    if not dependencies.fired(tx, trigger, date, run=run, outcome="run", detail={"upstreams": names}):
        return
    row = resources.at_version(tx, "Pipeline", trigger.namespace, trigger.pipeline, trigger.version)
    assert row is not None
    asked = Asked({"type": DEPENDENCY, "upstreams": names}, date, interval, created_by=DEPENDENCY)
    error = started(tx, Version.of(row), asked, settings.template_env, run)
    if error is not None:
        log.warning("%s/%s could not start for %s: %s", trigger.namespace, trigger.pipeline, told(date), error.message)
        triggers.refused(tx, trigger, told(date), error.to_json())
        triggers.looked(tx, trigger, look_at=None, problem=error.to_json())


def _now(tx: Tx) -> datetime:
    row = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    return row["now"].astimezone(UTC)  # type: ignore[no-any-return]
