"""Run -> plan -> stages: admits queued runs, has missing facts surveyed, plans, and releases the first stages; and goes on with runs of
which a stage waited for a connection.
"""

from __future__ import annotations

import logging
import time

import psycopg

from services.scheduler.admission import admit
from services.scheduler.recipes import Connectors, Recipe, load, replaying
from services.scheduler.reuse import keyed, reuse
from services.scheduler.settings import Settings
from services.scheduler.windows import windows
from shared.dispatch.advance import advance
from shared.dispatch.connecting import next_in_line
from shared.dispatch.in_turn import in_turn
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.messages import StageMessage
from shared.planning.cached import MARKED, made_of_for_kept
from shared.planning.cursors import bounds
from shared.planning.errors import PlanProblem
from shared.planning.measured import key_of, measured_facts
from shared.planning.needs import needs as needed
from shared.planning.needs import survey
from shared.planning.reasons import reasons
from shared.planning.stages import PlannedNode, StageId
from shared.runs.states import RunStatus
from shared.store import connections, facts, measured, nodes, plans, runs, sequences, stages
from shared.store.database import Database, Tx
from shared.store.runs import LockedRun

PLAN_AT_ONCE = 20
# Of one turn of the scheduler's loop, so that the rest of it has its turn, too.
TURN_S = 1.0
log = logging.getLogger("scheduler")


def expand(database: Database, settings: Settings) -> tuple[list[StageMessage], bool]:
    """What can be started, planned or connected now, for a second or so. Returns what to send, and whether there may be more to do."""
    until = time.monotonic() + TURN_S
    with database.transaction() as tx:
        started = admit(tx, settings)
        waiting = runs.unplanned(tx, PLAN_AT_ONCE)
        connecting = next_in_line(tx)
    if waiting or started:
        kill_point("scheduler.admitted")
    messages: list[StageMessage] = []
    planned = 0
    for run_id in waiting:
        if time.monotonic() >= until:
            break
        with in_turn(database, run_id) as tx:
            messages += plan_run(tx, run_id, settings)
        planned += 1
        kill_point("scheduler.planned")
    # A run that was asked for again has its plan, and stages that wait for a connection were told to.
    for run_id in dict.fromkeys((*connecting, *started)):
        with in_turn(database, run_id) as tx:
            if (run := runs.lock(tx, run_id, wait=False)) is not None and run.planning in {"surveying", "planned"}:
                released = advance(tx, run)
                runs.save(tx, run)
                messages += released
    # Where nothing came of a whole turn, others hold those runs.
    return messages, planned < len(waiting) or (len(waiting) == PLAN_AT_ONCE and bool(messages))


def plan_run(tx: Tx, run_id: str, settings: Settings) -> list[StageMessage]:
    """Surveys or plans one run under its row lock. What is wrong with its recipe, or with the world, fails the run with that sentence.

    Does nothing where somebody holds its row, and raises what passes by itself: a lock that others hold, a deadlock, a server that is away.
    """
    run = runs.lock(tx, run_id, wait=False)
    if run is None or run.status is not RunStatus.RUNNING or run.planning not in {"none", "stale", "surveyed"}:
        return []
    if run.cancel_reason is not None:
        messages = advance(tx, run)
        runs.save(tx, run)
        return messages
    said = list(run.said)
    try:
        recipe = load(tx, run.resource_uid, run.version, settings, run.run_values)
        if run.replay is not None:
            recipe = replaying(tx, recipe, run.replay)
        _add_nodes(tx, run, recipe)
        # A statement that PostgreSQL refuses takes back what was planned, not the lock, so that the run can still be told to fail.
        with tx.transaction():
            connectors = recipe.connectors(tx)
            recipe.check(connectors)
            messages = _survey_or_plan(tx, run, recipe, connectors, settings)
    except PenstockError as error:
        _fail(tx, run, error)
        messages = []
    except Exception as error:
        if _passes(error):
            raise
        # A bug in the planner must end this run, not the scheduler: the run says so, and the trace goes to the log and to Sentry.
        log.exception("planning run %s failed", run_id)
        run.said = said
        _fail(
            tx, run, PenstockError(f"the planner failed on this recipe ({type(error).__name__}: {error}); this is a bug, please report it")
        )
        messages = []
    runs.save(tx, run)
    return messages


def _passes(error: Exception) -> bool:
    """By its class of SQLSTATE: connection, rollback, resources, operators, system; or a lock. Nothing is wrong with the run."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate[:2] in {"08", "40", "53", "57", "58"} or error.sqlstate == "55P03"


def _survey_or_plan(tx: Tx, run: LockedRun, recipe: Recipe, connectors: Connectors, settings: Settings) -> list[StageMessage]:
    limits = connections.limits(tx)
    for connector, most in sorted(connectors.limits.items()):
        if limits.get(connector) != most:
            connections.set_limit(tx, connector, most)
    pipeline = recipe.pipeline
    needs, ends = needed(pipeline, connectors.types), bounds(pipeline, connectors.types)
    keys, end_keys = [need.key for need in needs], [need.key for need in ends]
    if run.planning == "stale":
        facts.forget(tx, keys)
    # Where a window ends, and whether files are those that kept rows were made of, is looked up for each run anew.
    made_of = made_of_for_kept(pipeline)
    anew = {need.key for need in needs if connectors.types[need.connector] == MARKED and made_of.intersection(need.nodes)}
    own = {**facts.surveyed_for(tx, keys + end_keys, run.id), **recipe.facts(needs)}
    known = {**facts.fresh(tx, set(keys) - anew, settings.facts_max_age), **own}
    missing = tuple(need for need in (*needs, *ends) if need.key not in known)
    before = len(stages.of_run(tx, run.id))
    if missing:
        plan = survey(pipeline, missing, first_stage=before + 1)
        runs.set_planning(tx, run, "surveying")
    else:
        begin = sequences.hold(tx, run.id, run.namespace, run.pipeline, recipe.sequences)
        figures = measured_facts(pipeline, measured.recent(tx, key_of(pipeline), settings.measured_max_age))
        found = {key: fact for key, fact in known.items() if key not in end_keys}
        read = windows(tx, run, pipeline, {need.key: need for need in ends}, known)
        try:
            plan = recipe.plan(tx, connectors.types, found | figures, before + 1, begin, read)
        except PlanProblem:
            if not (old := [key for key in keys if key not in own]):
                raise
            # What was known from before may not be so any more: nobody is told that it cannot be planned before somebody has looked.
            facts.forget(tx, old)
            return _survey_or_plan(tx, run, recipe, connectors, settings)
        plan = keyed(run, recipe, connectors, plan, found)
        slots = int(pipeline.settings.get("maxParallelNodes", settings.max_parallel_nodes))
        timeout = float(pipeline.settings.get("timeout", settings.run_timeout.total_seconds()))
        runs.set_planning(tx, run, "planned", max_parallel_nodes=slots, timeout_s=timeout)
        plans.insert(tx, run.id, plan)
        nodes.place(tx, run.id, plan.nodes, reasons(plan))
        run.say("run.planned", stages=len(plan.stages), warnings=list(plan.warnings))
    stages.insert(tx, run.id, plan.stages)
    if not missing:
        reuse(tx, run, plan)
    messages = advance(tx, run)
    kill_point("scheduler.surveying" if missing else "scheduler.planning")
    return messages


def _add_nodes(tx: Tx, run: LockedRun, recipe: Recipe) -> None:
    if not nodes.there(tx, run.id):
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
