"""Which queued runs start: oldest first, within PIPELINE_MAX_CONCURRENT_EXECUTIONS for each live scheduler, and as each pipeline's
concurrencyPolicy says. Those that wait say why.

`decide` is pure; `admit` asks the store and does what was decided.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from services.scheduler import lineage
from services.scheduler.dependencies import settle
from services.scheduler.recipes import load
from services.scheduler.settings import Settings
from shared.dispatch import results
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.runs.states import RunStatus
from shared.store import runs, workers
from shared.store.database import Tx

ADMISSION_LOCK = "penstock.admission"
AT_ONCE = 1000
LIVE_WITHIN = timedelta(seconds=15)
log = logging.getLogger("scheduler")


@dataclass(frozen=True, slots=True)
class Asking:
    """A queued run. `fired`: by a schedule, which does not wait where the policy forbids. `replays`: rejected rows of another run, or a
    fire time that has passed (a backfill, or catchUp: all); it makes no run give way, and gives way to none. `queued_at`: since when.
    """

    id: str
    pipeline: tuple[str, str]
    fired: bool = False
    replays: bool = False
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Of a queued run's own version: its concurrencyPolicy, and what its runs cannot have at once whatever that says, as the reason to
    wait and what the other run does with it.
    """

    concurrency: str = "Forbid"
    alone: tuple[str, str] | None = None


@dataclass(slots=True)
class Decision:
    """`waits`: of a queued run, reason and detail. `skip`: of a queued run, why. `replace`: running ones that are to make room."""

    start: list[str] = field(default_factory=list)
    waits: dict[str, tuple[str, str]] = field(default_factory=dict)
    skip: dict[str, str] = field(default_factory=dict)
    replace: list[str] = field(default_factory=list)


def decide(
    queue: Iterable[Asking],
    running: Iterable[tuple[str, tuple[str, str]]],
    limit: int,
    policy_of: Callable[[str], Policy],
    replays: Collection[str] = (),
    started: Mapping[str, datetime] = MappingProxyType({}),
) -> Decision:
    """`queue`: oldest first. `running`: id and pipeline of each. `policy_of` is asked only where the pipeline is busy. `replays`: those of
    the running that replay rejected rows, or belong to a backfill. `started`: since when those run that are known of.
    """
    busy: dict[tuple[str, str], list[str]] = {}
    kept = set(replays)
    count = 0
    for run, pipeline in running:
        busy.setdefault(pipeline, []).append(run)
        count += 1
    made = Decision()
    for one in queue:
        others = busy.get(one.pipeline, [])
        policy = policy_of(one.id) if others else Policy("Allow")
        give_way = [run for run in others if run not in kept]
        # Nothing ran at the fire time of one that waited, for its place or another pipeline, together with those that have it now.
        then = [run for run in give_way if run in started and one.queued_at is not None and started[run] < one.queued_at]
        if policy.concurrency == "Forbid" and one.fired and then:
            made.skip[one.id] = f"run {then[0]} of this pipeline was still running (concurrencyPolicy: Forbid)"
        elif policy.concurrency == "Replace" and give_way and not one.replays and not set(others) & set(made.start):
            made.replace += give_way
            made.waits[one.id] = (
                "pipeline",
                f"run {give_way[0]} of this pipeline is being ended to make room (concurrencyPolicy: Replace)",
            )
        elif policy.concurrency != "Allow":
            made.waits[one.id] = (
                "pipeline",
                f"run {others[0]} of this pipeline is still running (concurrencyPolicy: {policy.concurrency})",
            )
        elif policy.alone is not None:
            reason, does = policy.alone
            made.waits[one.id] = (reason, f"run {others[0]} {does}")
        elif count >= limit:
            made.waits[one.id] = ("concurrency", full(count, limit))
        else:
            made.start.append(one.id)
            busy.setdefault(one.pipeline, []).append(one.id)
            kept |= {one.id} if one.replays else set()
            count += 1
    return made


def full(count: int, limit: int) -> str:
    return f"{count} runs are running, the limit is {limit} (PIPELINE_MAX_CONCURRENT_EXECUTIONS)"


def admit(tx: Tx, settings: Settings) -> list[str]:
    """QUEUED -> RUNNING. Returns those that were started; some of them may have a plan already, because they were run before."""
    if not runs.any_queued(tx):
        return []
    # The limit is counted and used under one lock, so that two schedulers cannot both take the last place.
    if not (tx.execute("SELECT pg_try_advisory_xact_lock(hashtext(%(l)s)) AS mine", {"l": ADMISSION_LOCK}).fetchone() or {}).get("mine"):
        return []
    settle(tx, settings)
    there = runs.running(tx)
    running = [(row["id"], (row["namespace"], row["pipeline"])) for row in there]
    schedulers = sum(row["service"] == "scheduler" for row in workers.seen_within(tx, LIVE_WITHIN))
    limit = settings.max_concurrent_runs * max(1, schedulers)
    # Of each pipeline as many as could start, so that a long queue of one does not hide the others.
    rows = {row["id"]: row for row in runs.queued(tx, each=max(1, limit - len(running)), limit=AT_ONCE)}
    asking = [_asking(row) for row in rows.values()]
    made = decide(
        asking,
        running,
        limit,
        lambda run: _policy(tx, rows[run], settings),
        {row["id"] for row in there if row["replays"]},
        {row["id"]: row["started_at"] for row in there if row["started_at"] is not None},
    )
    started = [run for run in made.start if _move(tx, run, RunStatus.RUNNING)]
    lineage.begun(tx, started, settings)
    for run, why in made.skip.items():
        _move(tx, run, RunStatus.SKIPPED, {"code": "skipped", "message": why})
    _replace(tx, made.replace)
    _tell(tx, rows, made.waits)
    left = len(running) + len(started)
    if any(row["in_line"] > len(rows) for row in rows.values()):
        rest = ("concurrency", full(left, limit)) if left >= limit else ("pipeline", "older runs of it are first")
        runs.rest_waits(tx, list(rows), *rest)
    return started


def _tell(tx: Tx, rows: Mapping[str, Mapping[str, Any]], waits: Mapping[str, tuple[str, str]]) -> None:
    """Why they wait, where it is not said yet: of a long queue that is little from one turn to the next."""
    new = {run: why for run, why in waits.items() if (rows[run]["reason"], rows[run]["detail"]) != why}
    if new:
        runs.wait_for(tx, new)


def _asking(row: Mapping[str, Any]) -> Asking:
    # One that was missed comes in its turn: all of them are wanted, and the next fire time must not be skipped for its sake.
    asked_by, missed = row["asked_by"], row["missed"]
    passed = missed or asked_by in {"replay", "backfill"}
    return Asking(row["id"], (row["namespace"], row["pipeline"]), asked_by == "schedule" and not missed, passed, row["queued_at"])


def _move(tx: Tx, run_id: str, to: RunStatus, error: Mapping[str, Any] | None = None) -> bool:
    run = runs.lock(tx, run_id)
    if run is None or run.status is not RunStatus.QUEUED:
        return False
    runs.transition(tx, run, to, error=error)
    runs.save(tx, run)
    kill_point("scheduler.admitting")
    return True


def _replace(tx: Tx, which: Sequence[str]) -> None:
    for run_id in dict.fromkeys(which):
        if (run := runs.lock(tx, run_id)) is not None:
            results.cancel_run(tx, run, "replaced")
            runs.save(tx, run)


def _policy(tx: Tx, row: Mapping[str, Any], settings: Settings) -> Policy:
    values = json.loads(row["run_values"]) if row["run_values"] is not None else None
    try:
        recipe = load(tx, row["resource_uid"], row["version"], settings, values)
    except PenstockError:
        # It cannot run at all; it is let in to be told so.
        return Policy("Allow")
    for node in recipe.sequences:
        return Policy(recipe.concurrency, ("sequence", f"numbers rows in {node}; runs that share a sequence go one by one"))
    for node in recipe.cursors:
        return Policy(recipe.concurrency, ("cursor", f"reads what is new in {node}; runs that share a cursor go one by one"))
    return Policy(recipe.concurrency)
