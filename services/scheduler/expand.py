"""Run -> plan -> stages: admits queued runs within the limits, has missing facts surveyed, plans, and releases the first stages."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.scheduler.recipes import Recipe, load
from services.scheduler.settings import Settings
from shared.dispatch import results
from shared.dispatch.advance import advance
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.messages import StageMessage
from shared.planning.measured import key_of, measured_facts
from shared.planning.needs import needs as needed
from shared.planning.needs import survey
from shared.planning.stages import PlannedNode, StageId
from shared.runs.states import RunStatus
from shared.store import facts, measured, nodes, plans, runs, sequences, stages, workers
from shared.store.database import Database, Tx
from shared.store.runs import LockedRun

ADMISSION_LOCK = "penstock.admission"
ADMIT_AT_ONCE = 100
PLAN_AT_ONCE = 20
LIVE_WITHIN = timedelta(seconds=15)
log = logging.getLogger("scheduler")


def expand(database: Database, settings: Settings) -> list[StageMessage]:
    """Everything that can be started or planned now. Returns what to send."""
    with database.transaction() as tx:
        admit(tx, settings)
        waiting = runs.unplanned(tx, PLAN_AT_ONCE)
    if waiting:
        kill_point("scheduler.admitted")
    messages: list[StageMessage] = []
    for run_id in waiting:
        with database.transaction() as tx:
            messages += plan_run(tx, run_id, settings)
        kill_point("scheduler.planned")
    return messages


def admit(tx: Tx, settings: Settings) -> None:
    """QUEUED -> RUNNING, oldest first, within PIPELINE_MAX_CONCURRENT_EXECUTIONS for each live scheduler; says why the others wait."""
    if tx.execute("SELECT 1 AS queued FROM runs WHERE status = 'QUEUED' LIMIT 1").fetchone() is None:
        return
    # The limit is counted and used under one lock, so that two schedulers cannot both take the last place.
    if not (tx.execute("SELECT pg_try_advisory_xact_lock(hashtext(%(l)s)) AS mine", {"l": ADMISSION_LOCK}).fetchone() or {}).get("mine"):
        return
    running = runs.running(tx)
    schedulers = sum(row["service"] == "scheduler" for row in workers.seen_within(tx, LIVE_WITHIN))
    limit = settings.max_concurrent_runs * max(1, schedulers)
    busy = {(run["namespace"], run["pipeline"]): run["id"] for run in running}
    count = len(running)
    for row in runs.queued(tx, ADMIT_AT_ONCE):
        if count >= limit:
            runs.wait_for(
                tx, row["id"], "concurrency", f"{count} runs are running, the limit is {limit} (PIPELINE_MAX_CONCURRENT_EXECUTIONS)"
            )
            continue
        pipeline = (row["namespace"], row["pipeline"])
        policy, numbering = _concurrency(tx, row, settings) if pipeline in busy else ("Allow", ())
        if policy == "Allow" and numbering:
            runs.wait_for(
                tx, row["id"], "sequence", f"run {busy[pipeline]} numbers rows in {numbering[0]}; runs that share a sequence go one by one"
            )
            continue
        if policy != "Allow":
            if policy == "Replace" and (other := runs.lock(tx, busy[pipeline])) is not None:
                results.cancel_run(tx, other, "replaced")
                runs.save(tx, other)
            runs.wait_for(
                tx, row["id"], "pipeline", f"run {busy[pipeline]} of this pipeline is still running (concurrencyPolicy: {policy})"
            )
            continue
        run = runs.lock(tx, row["id"])
        if run is None:
            continue
        runs.transition(tx, run, RunStatus.RUNNING)
        runs.save(tx, run)
        kill_point("scheduler.admitting")
        busy[pipeline] = run.id
        count += 1


def _concurrency(tx: Tx, row: Mapping[str, Any], settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The recipe's policy, and its nodes whose numbers go on from run to run."""
    try:
        recipe = load(tx, row["resource_uid"], row["version"], settings, row["run_values"])
        return recipe.concurrency, tuple(recipe.sequences)
    except PenstockError:
        # It cannot run at all; it is let in to be told so.
        return "Allow", ()


def plan_run(tx: Tx, run_id: str, settings: Settings) -> list[StageMessage]:
    """Surveys or plans one run under its row lock. What is wrong with its recipe, or with the world, fails the run with that sentence."""
    run = runs.lock(tx, run_id)
    if run is None or run.status is not RunStatus.RUNNING or run.planning not in {"none", "stale", "surveyed"}:
        return []
    if run.cancel_reason is not None:
        messages = advance(tx, run)
        runs.save(tx, run)
        return messages
    said = list(run.said)
    try:
        recipe = load(tx, run.resource_uid, run.version, settings, run.run_values)
        _add_nodes(tx, run, recipe)
        # A statement that PostgreSQL refuses takes back what was planned, not the lock, so that the run can still be told to fail.
        with tx.transaction():
            recipe.check(tx)
            messages = _survey_or_plan(tx, run, recipe, settings)
    except PenstockError as error:
        _fail(tx, run, error)
        messages = []
    except Exception as error:
        # A bug in the planner must end this run, not the scheduler: the run says so, and the trace goes to the log and to Sentry.
        log.exception("planning run %s failed", run_id)
        run.said = said
        _fail(
            tx, run, PenstockError(f"the planner failed on this recipe ({type(error).__name__}: {error}); this is a bug, please report it")
        )
        messages = []
    runs.save(tx, run)
    return messages


def _survey_or_plan(tx: Tx, run: LockedRun, recipe: Recipe, settings: Settings) -> list[StageMessage]:
    pipeline, connector_types = recipe.pipeline, recipe.connector_types(tx)
    needs = needed(pipeline, connector_types)
    keys = [need.key for need in needs]
    if run.planning == "stale":
        facts.forget(tx, keys)
    known = {**facts.fresh(tx, keys, settings.facts_max_age), **facts.surveyed_for(tx, keys, run.id)}
    missing = tuple(need for need in needs if need.key not in known)
    before = len(stages.of_run(tx, run.id))
    if missing:
        plan = survey(pipeline, missing, first_stage=before + 1)
        runs.set_planning(tx, run, "surveying")
    else:
        begin = sequences.hold(tx, run.id, run.namespace, run.pipeline, recipe.sequences)
        figures = measured_facts(pipeline, measured.recent(tx, key_of(pipeline), settings.measured_max_age))
        plan = recipe.plan(tx, known | figures, before + 1, begin)
        slots = int(pipeline.settings.get("maxParallelNodes", settings.max_parallel_nodes))
        timeout = float(pipeline.settings.get("timeout", settings.run_timeout.total_seconds()))
        runs.set_planning(tx, run, "planned", max_parallel_nodes=slots, timeout_s=timeout)
        plans.insert(tx, run.id, plan)
        nodes.place(tx, run.id, plan.nodes)
        run.say("run.planned", stages=len(plan.stages), warnings=list(plan.warnings))
    stages.insert(tx, run.id, plan.stages)
    messages = advance(tx, run)
    kill_point("scheduler.surveying" if missing else "scheduler.planning")
    return messages


def _add_nodes(tx: Tx, run: LockedRun, recipe: Recipe) -> None:
    if run.planning == "none":
        generation = {node: level for level, level_nodes in enumerate(recipe.generations, start=1) for node in level_nodes}
        planned = [PlannedNode(node.id, node.type, generation[node.id], StageId(0)) for node in recipe.pipeline.nodes]
        nodes.insert(tx, run.id, planned)


def _fail(tx: Tx, run: LockedRun, error: PenstockError) -> None:
    everything = [row["node"] for row in tx.execute("SELECT node FROM nodes WHERE run_id = %(run)s", {"run": run.id})]
    guilty = [node for node in everything if node == error.node]
    for which, status, cause in ((guilty, "FAILED", error.to_json()), ([n for n in everything if n not in guilty], "SKIPPED", None)):
        nodes.set_status(tx, run.id, which, status, error=cause)
        for node in which:
            run.say("node.status", node=node, status=status, error=cause)
    runs.transition(tx, run, RunStatus.FAILED, error=error.to_json())
