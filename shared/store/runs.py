"""Runs. The run row is the lock: whoever changes anything of a run holds its row, and says what changed as events.

`lock` gives a `LockedRun`; functions of this package add events to it; `save` writes them, numbered without a gap, and wakes the listeners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.runs.states import RUN_FINAL, RUN_STEPS, RunStatus, check_step
from shared.store import dead_letters, endings, events
from shared.store.database import Tx
from shared.store.events import Event

# Listened to by schedulers: there is a run to claim or to plan.
DOORBELL = "penstock_scheduler"


@dataclass(slots=True)
class LockedRun:
    """A run whose row this transaction holds. `said` are events not yet written.

    `replay`: what it replays, where it does: {of, node, kind, letters, retryCount}, its trigger. `request_id`: of the call that made it;
    `traceparent`: its span.
    """

    id: str
    namespace: str
    pipeline: str
    resource_uid: str
    version: int
    status: RunStatus
    planning: str
    max_parallel_nodes: int | None
    parameters: dict[str, Any]
    run_values: dict[str, Any] | None
    logical_date: datetime
    last_seq: int
    cancel_reason: str | None
    replay: dict[str, Any] | None = None
    request_id: str | None = None
    traceparent: str | None = None
    said: list[Event] = field(default_factory=list)
    ring: bool = False

    def say(self, type_: str, *, node: str | None = None, stage: int | None = None, epoch: int | None = None, **data: Any) -> None:
        self.said.append(Event(type_, node, stage, epoch, data))


# Runs that are told as JSON, each as `create` says it: the rows of a table expression `new`; and what makes them, with their first events.
NEW = """
    SELECT n.* FROM jsonb_to_recordset(%(new)s) AS n (run uuid, namespace text, pipeline text, resource_uid uuid, version integer,
        git_commit_sha text, trigger jsonb, parameters jsonb, logical_date timestamptz, interval_start timestamptz,
        run_values jsonb, reason text, created_by text, request_id text, traceparent text)
"""
MAKES = """
    run AS (
        INSERT INTO runs (id, namespace, pipeline, resource_uid, version, git_commit_sha, status, trigger, parameters, logical_date,
                          data_interval_start, data_interval_end, run_values, reason, created_by, request_id, traceparent, last_seq)
        SELECT run, namespace, pipeline, resource_uid, version, git_commit_sha, 'QUEUED', trigger, parameters, logical_date,
               interval_start, logical_date, run_values, reason, created_by, request_id, traceparent, 1 FROM new
    ), event AS (
        INSERT INTO events (run_id, seq, type, v, data)
        SELECT run, 1, 'run.queued', %(event_version)s, jsonb_build_object('version', version, 'trigger', trigger)
               || CASE WHEN request_id IS NULL THEN '{}' ELSE jsonb_build_object('requestId', request_id) END FROM new
    )
"""
_RING = "SELECT pg_notify(%(doorbell)s, run::text), pg_notify(%(channel)s, run::text) FROM new"
_CREATE = f"WITH new AS ({NEW}), {MAKES} {_RING}"


def made(new: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of NEW and MAKES."""
    return {"new": Jsonb(list(new)), "event_version": events.VERSION}


def create_all(tx: Tx, new: Sequence[Mapping[str, Any]]) -> None:
    """Makes runs QUEUED with their first events, in one statement, and rings the schedulers. Each as `create` says it, as JSON has it."""
    tx.execute(_CREATE, {**made(new), "doorbell": DOORBELL, "channel": events.CHANNEL})


def create(
    tx: Tx,
    *,
    run: str,
    namespace: str,
    pipeline: str,
    resource_uid: str,
    version: int,
    git_commit_sha: str | None,
    trigger: Mapping[str, Any],
    parameters: Mapping[str, Any],
    logical_date: datetime,
    reason: str | None,
    created_by: str,
    interval_start: datetime | None = None,
    run_values: Mapping[str, Any] | None = None,
    request_id: str | None = None,
    traceparent: str | None = None,
) -> None:
    """One run. `run` is a UUIDv7 from `identifiers.new_id`. `interval_start`: the fire time before the logical date, where there is one.
    `run_values`: `RunValues.to_json`, None for a recipe without parameters and templates. `request_id`: of the call that asks for it,
    `traceparent`: its span.
    """
    create_all(
        tx,
        [
            {
                "run": run,
                "namespace": namespace,
                "pipeline": pipeline,
                "resource_uid": resource_uid,
                "version": version,
                "git_commit_sha": git_commit_sha,
                "trigger": dict(trigger),
                "parameters": dict(parameters),
                "logical_date": logical_date.isoformat(),
                "interval_start": (interval_start or logical_date).isoformat(),
                "run_values": dict(run_values) if run_values is not None else None,
                "reason": reason,
                "created_by": created_by,
                "request_id": request_id,
                "traceparent": traceparent,
            }
        ],
    )


_LOCK = """
    SELECT id::text AS id, namespace, pipeline, resource_uid::text AS resource_uid, version, status, planning, max_parallel_nodes,
           parameters, run_values, logical_date, last_seq, cancel_reason, request_id, traceparent,
           CASE WHEN trigger ->> 'type' = 'replay' THEN trigger END AS replay
      FROM runs WHERE id = %(run)s FOR UPDATE
"""


def lock(tx: Tx, run: str, *, wait: bool = True) -> LockedRun | None:
    """Takes the run's row, waiting for whoever holds it; None when there is no such run, or, without `wait`, where somebody holds it."""
    row = tx.execute(_LOCK if wait else f"{_LOCK} SKIP LOCKED", {"run": run}).fetchone()
    return LockedRun(**{**row, "status": RunStatus(row["status"])}) if row else None


def save(tx: Tx, run: LockedRun) -> None:
    """Writes what was said about a locked run. Call once, last, in the transaction that holds it."""
    if run.said:
        events.append(tx, run.id, run.last_seq + 1, run.said)
        run.last_seq += len(run.said)
        run.said = []
    if run.ring:
        ring(tx, run.id)


def ring(tx: Tx, run: str) -> None:
    tx.execute("SELECT pg_notify(%(doorbell)s, %(run)s)", {"doorbell": DOORBELL, "run": run})


def transition(tx: Tx, run: LockedRun, to: RunStatus, *, error: Mapping[str, Any] | None = None) -> None:
    """Moves a locked run to another state, with its times and its event. Raises IllegalTransition."""
    check_step(RUN_STEPS, run.status, to)
    final = to in RUN_FINAL
    tx.execute(
        """
        UPDATE runs SET status = %(to)s, error = %(error)s, waiting_for = NULL,
               started_at = CASE WHEN %(starts)s THEN clock_timestamp() ELSE started_at END,
               -- Known only of a run that was planned before; of others it is set with the plan.
               deadline_at = CASE WHEN %(starts)s THEN clock_timestamp() + make_interval(secs => timeout_s) ELSE deadline_at END,
               finished_at = CASE WHEN %(final)s THEN clock_timestamp() END
         WHERE id = %(run)s
        """,
        {"run": run.id, "to": to, "error": Jsonb(dict(error)) if error else None, "starts": to is RunStatus.RUNNING, "final": final},
    )
    run.status = to
    if final and run.replay is not None:
        dead_letters.replay_ended(tx, run.id, succeeded=to is RunStatus.SUCCEEDED)
    if final:
        endings.add(tx, run.id, run.namespace, run.pipeline, to.value)
        run.say("run.finished", status=to.value, error=dict(error) if error else None)
        # What waits for a slot, or for this pipeline's turn, can be looked at again.
        run.ring = True
    elif to is RunStatus.RUNNING:
        run.say("run.started", status=to.value)


def set_planning(tx: Tx, run: LockedRun, planning: str, *, max_parallel_nodes: int | None = None, timeout_s: float | None = None) -> None:
    """none or stale -> surveying -> surveyed -> planned. The time limit counts from startedAt, whenever it becomes known."""
    tx.execute(
        """
        UPDATE runs SET planning = %(planning)s, max_parallel_nodes = coalesce(%(slots)s, max_parallel_nodes),
               timeout_s = coalesce(%(timeout)s, timeout_s),
               deadline_at = coalesce(deadline_at, started_at + make_interval(secs => %(timeout)s))
         WHERE id = %(run)s
        """,
        {"run": run.id, "planning": planning, "slots": max_parallel_nodes, "timeout": timeout_s},
    )
    run.planning = planning
    run.max_parallel_nodes = max_parallel_nodes or run.max_parallel_nodes


def trigger(tx: Tx, run: str) -> dict[str, Any]:
    """What asked for it, and how: {type, …}."""
    row = tx.execute("SELECT trigger FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    return dict(row["trigger"]) if row else {}


def requeue(tx: Tx, run: LockedRun, restart: Mapping[str, Any], *, reason: str | None = None) -> None:
    """A run that has ended waits for its turn again; `restart` says in its event what was asked for. Raises IllegalTransition."""
    check_step(RUN_STEPS, run.status, RunStatus.QUEUED)
    tx.execute(
        """
        UPDATE runs SET status = 'QUEUED', queued_at = clock_timestamp(), finished_at = NULL,
               -- Not planned yet: what is known of its sources may be what was wrong.
               planning = CASE WHEN planning IN ('none', 'surveyed') THEN 'stale' ELSE planning END, deadline_at = NULL, error = NULL,
               waiting_for = NULL, cancel_requested_at = NULL, cancel_reason = NULL
         WHERE id = %(run)s
        """,
        {"run": run.id},
    )
    run.status, run.cancel_reason, run.ring = RunStatus.QUEUED, None, True
    run.say("run.queued", version=run.version, restart=dict(restart), reason=reason)


def other_unfinished(tx: Tx, run: LockedRun) -> str | None:
    """Another run of its pipeline that has not ended, and may have begun before this one begins again."""
    row = tx.execute(
        """
        SELECT id::text AS id FROM runs
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND status IN ('RUNNING', 'QUEUED') AND id <> %(run)s LIMIT 1
        """,
        {"namespace": run.namespace, "pipeline": run.pipeline, "run": run.id},
    ).fetchone()
    return row["id"] if row else None


def mark_cancelling(tx: Tx, run: LockedRun, reason: str) -> None:
    """Notes that the run is to stop; whoever holds one of its stages sees it at the next renewal of the lease."""
    tx.execute(
        """
        UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), cancel_reason = %(reason)s
         WHERE id = %(run)s
        """,
        {"run": run.id, "reason": reason},
    )
    run.cancel_reason = reason


def wait_for(tx: Tx, waits: Mapping[str, tuple[str, str]]) -> None:
    """Says why queued runs do not start, by run its reason and detail; writes only what has changed."""
    tx.execute(
        """
        UPDATE runs SET waiting_for = w.waiting FROM unnest(%(runs)s::uuid[], %(waits)s::jsonb[]) AS w (run, waiting)
         WHERE id = w.run AND waiting_for IS DISTINCT FROM w.waiting AND status = 'QUEUED'
        """,
        {"runs": list(waits), "waits": [Jsonb({"reason": reason, "detail": detail}) for reason, detail in waits.values()]},
    )


def tell_unserved(tx: Tx, live_within: timedelta) -> None:
    """Says of each running run whether a stage of it waits for a worker with a label that no live one carries. Changes nothing else, and
    writes only where that has changed.
    """
    tx.execute(
        """
        WITH unserved AS (
            SELECT DISTINCT ON (s.run_id) s.run_id, jsonb_build_object('reason', 'worker', 'detail', format(
                       'stage %%s (%%s) asks for a worker with the label %%s, and no live one carries it;'
                       ' start one with PENSTOCK_WORKER_LABELS=%%s', s.stage, array_to_string(s.nodes, ', '), s.label, s.label)) AS waiting
              FROM stages s
             WHERE s.status = 'RELEASED' AND s.label IS NOT NULL
               AND NOT EXISTS (SELECT FROM workers w WHERE w.service = 'worker' AND s.label = ANY(w.labels)
                                  AND w.seen_at > clock_timestamp() - %(live)s)
             ORDER BY s.run_id, s.stage
        ), told AS (
            SELECT o.id, u.waiting FROM runs o LEFT JOIN unserved u ON u.run_id = o.id
             WHERE o.status = 'RUNNING' AND (u.waiting IS NOT NULL OR o.waiting_for ->> 'reason' = 'worker')
               AND o.waiting_for IS DISTINCT FROM u.waiting
               -- Whoever holds several of them may be waiting for one that is held here.
               FOR UPDATE OF o SKIP LOCKED
        )
        UPDATE runs r SET waiting_for = told.waiting FROM told WHERE r.id = told.id
        """,
        {"live": live_within},
    )


def label(tx: Tx, run: LockedRun, put: Mapping[str, str], remove: Sequence[str], *, most: int) -> bool:
    """Puts and removes labels of a locked run; False, and nothing, where it would have more than `most`. They are no step of the run, so
    there is no event.
    """
    row = tx.execute("SELECT labels FROM runs WHERE id = %(run)s", {"run": run.id}).fetchone()
    assert row is not None
    after = {name: value for name, value in (row["labels"] | dict(put)).items() if name not in remove}
    if len(after) > most:
        return False
    if after != row["labels"]:
        tx.execute("UPDATE runs SET labels = %(labels)s WHERE id = %(run)s", {"run": run.id, "labels": Jsonb(after)})
    return True


def any_queued(tx: Tx) -> bool:
    return tx.execute("SELECT 1 AS queued FROM runs WHERE status = 'QUEUED' LIMIT 1").fetchone() is not None


def queued(tx: Tx, *, each: int, limit: int) -> list[dict[str, Any]]:
    """The runs that came into the queue first, at most `each` of one pipeline, locked; those that wait for other pipelines stand in no
    queue yet, and those that somebody else holds are passed over.

    {id, namespace, pipeline, resource_uid, version, run_values (as text), asked_by, missed, queued_at, reason, detail, in_line}: by whom
    it was asked for, whether its fire time was missed before, why it waits as was said last, and how many are in the queue in all.
    """
    return list(
        tx.execute(
            """
            WITH line AS (
                SELECT id, queued_at, row_number() OVER (PARTITION BY namespace, pipeline ORDER BY queued_at, id) AS place
                  FROM runs WHERE status = 'QUEUED' AND NOT EXISTS (SELECT FROM waits w WHERE w.run_id = runs.id)
            ), first AS (SELECT id FROM line WHERE place <= %(each)s ORDER BY queued_at, id LIMIT %(limit)s)
            -- Nothing that is JSON: in each turn of the scheduler hundreds of them are read, and of a few more is asked.
            SELECT id::text AS id, namespace, pipeline, resource_uid::text AS resource_uid, version, run_values::text AS run_values,
                   trigger ->> 'type' AS asked_by, trigger ? 'catchUp' AS missed, queued_at,
                   waiting_for ->> 'reason' AS reason, waiting_for ->> 'detail' AS detail, (SELECT count(*) FROM line) AS in_line FROM runs
             WHERE id IN (SELECT id FROM first) AND status = 'QUEUED' ORDER BY queued_at, id FOR UPDATE SKIP LOCKED
            """,
            {"each": each, "limit": limit},
        )
    )


def rest_waits(tx: Tx, looked_at: Sequence[str], reason: str, detail: str) -> None:
    """Says why the queued runs that were not even looked at wait; writes only what has changed. Those that somebody else holds, who may
    be waiting for one that is held here, are passed over.
    """
    tx.execute(
        """
        UPDATE runs SET waiting_for = %(waiting)s WHERE id IN (
            SELECT id FROM runs
             WHERE status = 'QUEUED' AND NOT id = ANY(%(looked_at)s::uuid[]) AND waiting_for IS DISTINCT FROM %(waiting)s
               AND NOT EXISTS (SELECT FROM waits w WHERE w.run_id = runs.id) FOR UPDATE SKIP LOCKED)
        """,
        {"looked_at": list(looked_at), "waiting": Jsonb({"reason": reason, "detail": detail})},
    )


def unplanned(tx: Tx, limit: int) -> list[str]:
    """Running runs that wait for the scheduler: never planned, or all their surveys are in."""
    rows = tx.execute(
        "SELECT id::text AS id FROM runs WHERE status = 'RUNNING' AND planning IN ('none', 'stale', 'surveyed')"
        " ORDER BY queued_at, id LIMIT %(limit)s",
        {"limit": limit},
    )
    return [row["id"] for row in rows]


def running(tx: Tx) -> list[dict[str, Any]]:
    """Every RUNNING run: id, namespace, pipeline, started_at, and whether it `replays` rejected rows, or a fire time that has passed."""
    return list(
        tx.execute(
            "SELECT id::text AS id, namespace, pipeline, started_at,"
            " coalesce(trigger ->> 'type' IN ('replay', 'backfill'), false) OR trigger ? 'catchUp' AS replays"
            " FROM runs WHERE status = 'RUNNING'"
        )
    )


def overdue(tx: Tx) -> list[str]:
    """Runs past their time limit, by database time, that nobody has told to stop yet."""
    rows = tx.execute(
        "SELECT id::text AS id FROM runs WHERE status IN ('QUEUED', 'RUNNING') AND deadline_at < now() AND cancel_reason IS NULL"
    )
    return [row["id"] for row in rows]


def there(tx: Tx, among: Sequence[str]) -> set[str]:
    """Those of the ids that are runs."""
    rows = tx.execute("SELECT id::text AS id FROM runs WHERE id = ANY(%(among)s::uuid[])", {"among": list(among)})
    return {row["id"] for row in rows}


def ended(tx: Tx, among: Sequence[str], *, stay: bool = False) -> list[dict[str, Any]]:
    """{id, status, finished_at, resource_uid, version, run_values} of those runs that are final.

    `stay`: and that remain so until the transaction ends; those that somebody holds are left out.
    """
    found = (
        "SELECT id::text AS id, status, finished_at, resource_uid::text AS resource_uid, version, run_values FROM runs"
        " WHERE id = ANY(%(among)s::uuid[]) AND finished_at IS NOT NULL"
    )
    return list(tx.execute(f"{found} FOR UPDATE SKIP LOCKED" if stay else found, {"among": list(among)}))
