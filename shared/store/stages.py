"""Stages of a run and the attempts at them. Every function here is called by whoever holds the run's row.

`epoch` rises at each release and is the fencing token: an update that names an older epoch changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.engines.connections import connections
from shared.planning.stages import Stage
from shared.runs.queues import FIRST, of_plan
from shared.runs.states import STAGE_FINAL, STAGE_STEPS, StageStatus, sources
from shared.store import datasets
from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class StageRow:
    """What decisions about a run need to know of a stage; figures and programs are elsewhere.

    `limited`: those of its connectors that allow only so many connections at once, each as often as it connects to it.
    """

    stage: int
    kind: str
    status: StageStatus
    inputs: tuple[int, ...]
    nodes: tuple[str, ...]
    queue: str
    epoch: int
    lost: int
    limited: tuple[str, ...] = ()


def insert(tx: Tx, run: str, stages: Sequence[Stage]) -> None:
    """Adds planned stages, all WAITING, with their programs apart."""
    columns = "run_id, stage, part, kind, nodes, inputs, generation, engine, queue, label, policy, connectors"
    with tx.cursor() as cursor:
        with cursor.copy(f"COPY stages ({columns}) FROM STDIN") as copy:
            for s in stages:
                queue = of_plan(f"{s.queue}.{s.label}" if s.label else s.queue, int(s.program.get("format", FIRST)))
                inputs = [int(stage) for stage in s.inputs]
                named = list(connections(s.kind, s.program))
                copy.write_row(
                    (run, s.id, s.part, s.kind, list(s.nodes), inputs, s.generation, s.engine, queue, s.label, Jsonb(s.policy), named)
                )
        with cursor.copy("COPY programs (run_id, stage, program) FROM STDIN") as copy:
            for s in stages:
                copy.write_row((run, s.id, Jsonb(s.program)))


def adopt(tx: Tx, run: str, stage: int, other: str) -> None:
    """A stage that waits is COMPLETED in its first epoch by what the run `other` had done; that is its attempt, and who made it."""
    tx.execute(
        """
        WITH adopted AS (
            UPDATE stages SET status = 'COMPLETED', epoch = 1, started_at = clock_timestamp(), finished_at = clock_timestamp()
             WHERE run_id = %(run)s AND stage = %(stage)s AND status = ANY(%(from)s) AND epoch = 0
            RETURNING run_id, stage, epoch
        )
        INSERT INTO attempts (run_id, stage, epoch, worker, finished_at, outcome)
        SELECT run_id, stage, epoch, %(worker)s, clock_timestamp(), 'COMPLETED' FROM adopted
        """,
        {"run": run, "stage": stage, "worker": f"run {other}", "from": sources(STAGE_STEPS, StageStatus.COMPLETED)},
    )


def of_run(tx: Tx, run: str, *, unfinished: bool = False) -> list[StageRow]:
    """All stages in plan order, or those that are in no final state."""
    rows = tx.execute(
        """
        SELECT stage, kind, status, inputs, nodes, queue, epoch, lost,
               CASE WHEN connectors = '{}' THEN connectors
                    ELSE ARRAY(SELECT c FROM unnest(connectors) AS c JOIN connector_limits l ON l.connector = c) END AS limited
          FROM stages
         WHERE run_id = %(run)s AND NOT status = ANY(%(without)s) ORDER BY stage, part
        """,
        {"run": run, "without": [status.value for status in STAGE_FINAL] if unfinished else []},
    )
    return [
        StageRow(
            r["stage"],
            r["kind"],
            StageStatus(r["status"]),
            tuple(r["inputs"]),
            tuple(r["nodes"]),
            r["queue"],
            r["epoch"],
            r["lost"],
            tuple(r["limited"]),
        )
        for r in rows
    ]


def release(tx: Tx, run: str, stages: Iterable[int], *, lost: bool = False) -> list[dict[str, Any]]:
    """Opens the next epoch of each stage: {stage, epoch, queue}. `lost` counts the attempt that went away."""
    return list(
        tx.execute(
            """
            UPDATE stages SET status = 'RELEASED', epoch = epoch + 1, released_at = clock_timestamp(), leased_until = NULL, retry_at = NULL,
                   worker = NULL, boot = NULL, lost = lost + %(lost)s, waiting_since = NULL, waiting_for = NULL
             WHERE run_id = %(run)s AND stage = ANY(%(stages)s) AND status = ANY(%(from)s)
            RETURNING stage, epoch, queue
            """,
            {"run": run, "stages": list(stages), "lost": int(lost), "from": sources(STAGE_STEPS, StageStatus.RELEASED)},
        )
    )


def is_released(tx: Tx, run: str, stage: int, epoch: int) -> bool:
    """That epoch of the stage waits for somebody to claim it."""
    row = tx.execute(
        "SELECT 1 AS waits FROM stages WHERE run_id = %(run)s AND stage = %(stage)s AND epoch = %(epoch)s AND status = 'RELEASED'",
        {"run": run, "stage": stage, "epoch": epoch},
    ).fetchone()
    return row is not None


_CLAIM = """
    WITH claimed AS (
        UPDATE stages SET status = 'RUNNING', worker = %(worker)s, boot = %(boot)s, leased_until = clock_timestamp() + %(lease)s,
               started_at = coalesce(started_at, clock_timestamp())
         WHERE run_id = %(run)s AND status = 'RELEASED' AND {which}
        RETURNING run_id, stage, epoch, kind, nodes, inputs, policy, rerun, retries, lost, clock_timestamp() - started_at AS spent,
                  cardinality(connectors) > 0 AND EXISTS (SELECT FROM connector_limits l WHERE l.connector = ANY(connectors)) AS limited
    ), attempt AS (
        INSERT INTO attempts (run_id, stage, epoch, worker) SELECT run_id, stage, epoch, %(worker)s FROM claimed
        RETURNING started_at
    )
    SELECT c.*, a.started_at AS at, p.program, pg_postmaster_start_time() AS server_started_at, {staged} AS staged
      FROM claimed c CROSS JOIN attempt a JOIN programs p ON p.run_id = %(run)s AND p.stage = c.stage
"""
_CLAIM_ONE = _CLAIM.format(which="stage = %(stage)s AND epoch = %(epoch)s", staged=datasets.OF_INPUTS)
_FIRST = """
    SELECT stage, part FROM stages
     WHERE run_id = %(run)s AND status = 'RELEASED' AND queue = ANY(%(queues)s) ORDER BY stage, part LIMIT 1
"""
_CLAIM_FIRST = _CLAIM.format(which=f"(stage, part) = ({_FIRST})", staged=datasets.OF_INPUTS)


def claim(tx: Tx, run: str, stage: int, epoch: int, *, worker: str, boot: str, lease: timedelta) -> dict[str, Any] | None:
    """RELEASED -> RUNNING for exactly one claimant, with a lease by database time; None when the epoch is stale or somebody has it."""
    return tx.execute(_CLAIM_ONE, {"run": run, "stage": stage, "epoch": epoch, "worker": worker, "boot": boot, "lease": lease}).fetchone()


def claim_first(tx: Tx, run: str, queues: Sequence[str], *, worker: str, boot: str, lease: timedelta) -> dict[str, Any] | None:
    """The same for the first in plan order that waits in one of those queues; None when there is none."""
    return tx.execute(_CLAIM_FIRST, {"run": run, "queues": list(queues), "worker": worker, "boot": boot, "lease": lease}).fetchone()


def settle(
    tx: Tx,
    run: str,
    stage: int,
    epoch: int,
    to: StageStatus,
    *,
    error: Mapping[str, Any] | None = None,
    duration_ms: int | None = None,
    peak_memory_bytes: int | None = None,
    retry_in: timedelta | None = None,
) -> bool:
    """Ends the attempt `epoch` of a stage; False, and nothing changed, when that attempt no longer holds it."""
    row = tx.execute(
        """
        WITH settled AS (
            UPDATE stages SET status = %(to)s, error = %(error)s, duration_ms = %(duration)s, peak_memory_bytes = %(peak)s,
                   retry_at = clock_timestamp() + %(retry_in)s, retries = retries + CASE WHEN %(to)s = 'RETRYING' THEN 1 ELSE 0 END,
                   finished_at = CASE WHEN %(to)s <> 'RETRYING' THEN clock_timestamp() END, leased_until = NULL,
                   lost = CASE WHEN %(to)s IN ('RETRYING', 'COMPLETED') THEN 0 ELSE lost END
             WHERE run_id = %(run)s AND stage = %(stage)s AND epoch = %(epoch)s AND status = 'RUNNING' AND status = ANY(%(from)s)
            RETURNING run_id, stage, epoch
        )
        UPDATE attempts a SET finished_at = clock_timestamp(), outcome = %(to)s, error = %(error)s
          FROM settled s WHERE a.run_id = %(run)s AND a.stage = s.stage AND a.epoch = s.epoch
        RETURNING a.stage
        """,
        {
            "run": run,
            "stage": stage,
            "epoch": epoch,
            "to": to.value,
            "error": Jsonb(dict(error)) if error else None,
            "duration": duration_ms,
            "peak": peak_memory_bytes,
            "retry_in": retry_in,
            "from": sources(STAGE_STEPS, to),
        },
    ).fetchone()
    return row is not None


def hold_back(tx: Tx, run: str, stage: int, epoch: int, *, error: Mapping[str, Any], wait: timedelta) -> bool:
    """RUNNING -> RETRYING for a stage with which nothing was done yet: no attempt is on record for it, and its time has not begun if there
    was none before. False, and nothing changed, when that epoch no longer holds it.
    """
    row = tx.execute(
        """
        WITH held AS (
            UPDATE stages s SET status = 'RETRYING', error = %(error)s, retry_at = clock_timestamp() + %(wait)s, leased_until = NULL,
                   worker = NULL, boot = NULL,
                   started_at = CASE WHEN EXISTS (
                       -- Those before a person asked for the stage again had ended by then.
                       SELECT FROM attempts a WHERE a.run_id = %(run)s AND a.stage = s.stage AND a.epoch < s.epoch
                                                AND a.finished_at >= s.started_at
                   ) THEN started_at END
             WHERE run_id = %(run)s AND stage = %(stage)s AND epoch = %(epoch)s AND status = 'RUNNING' AND status = ANY(%(from)s)
            RETURNING run_id, stage, epoch
        )
        DELETE FROM attempts a USING held h WHERE a.run_id = %(run)s AND a.stage = h.stage AND a.epoch = h.epoch RETURNING a.stage
        """,
        {
            "run": run,
            "stage": stage,
            "epoch": epoch,
            "error": Jsonb(dict(error)),
            "wait": wait,
            "from": sources(STAGE_STEPS, StageStatus.RETRYING),
        },
    ).fetchone()
    return row is not None


def wake(tx: Tx, connector: str) -> int:
    """Stages of all runs that were held back for a connector (namespace/name) are due now. Without their runs' locks: being due earlier
    is no change of state, and one that is being changed is left alone.
    """
    return tx.execute(
        """
        WITH held AS (
            SELECT run_id, stage, part FROM stages
             WHERE status = 'RETRYING' AND error ->> 'code' = 'breaker_open' AND error ->> 'connector' = %(connector)s
               FOR UPDATE SKIP LOCKED
        )
        UPDATE stages s SET retry_at = clock_timestamp() FROM held h
         WHERE s.run_id = h.run_id AND s.stage = h.stage AND s.part = h.part
        """,
        {"connector": connector},
    ).rowcount


def runs_held_back(tx: Tx, connector: str) -> list[str]:
    """Runs that have stages as `wake` would wake them."""
    rows = tx.execute(
        """
        SELECT DISTINCT run_id::text AS run FROM stages
         WHERE status = 'RETRYING' AND error ->> 'code' = 'breaker_open' AND error ->> 'connector' = %(connector)s
        """,
        {"connector": connector},
    )
    return [row["run"] for row in rows]


def spent(tx: Tx, run: str, stage: int) -> timedelta:
    """Since its first attempt began."""
    row = tx.execute(
        "SELECT clock_timestamp() - started_at AS spent FROM stages WHERE run_id = %(run)s AND stage = %(stage)s",
        {"run": run, "stage": stage},
    ).fetchone()
    return row["spent"] if row is not None and row["spent"] is not None else timedelta(0)


def close_attempt(tx: Tx, run: str, stage: int, epoch: int, outcome: str, message: str) -> None:
    """Ends the record of an attempt whose worker cannot do it any more."""
    tx.execute(
        """
        UPDATE attempts SET finished_at = clock_timestamp(), outcome = %(outcome)s, error = %(error)s
         WHERE run_id = %(run)s AND stage = %(stage)s AND epoch = %(epoch)s AND finished_at IS NULL
        """,
        {"run": run, "stage": stage, "epoch": epoch, "outcome": outcome, "error": Jsonb({"code": outcome.lower(), "message": message})},
    )


def end(tx: Tx, run: str, stages: Iterable[int], to: StageStatus, *, error: Mapping[str, Any] | None = None) -> list[int]:
    """Moves stages that nobody runs to a final state; returns those that moved."""
    rows = tx.execute(
        """
        UPDATE stages SET status = %(to)s, error = coalesce(%(error)s, error), finished_at = clock_timestamp(), leased_until = NULL,
               retry_at = NULL, waiting_since = NULL, waiting_for = NULL
         WHERE run_id = %(run)s AND stage = ANY(%(stages)s) AND status = ANY(%(from)s)
        RETURNING stage
        """,
        {
            "run": run,
            "stages": list(stages),
            "to": to.value,
            "from": sources(STAGE_STEPS, to),
            "error": Jsonb(dict(error)) if error else None,
        },
    )
    return [row["stage"] for row in rows]


def renew(tx: Tx, held: Sequence[tuple[str, int, int]], lease: timedelta) -> dict[tuple[str, int, int], str | None]:
    """Prolongs leases in one statement, waiting for nobody; maps each (run, stage, epoch) that is still held to its run's cancel_reason.

    Absent ones are lost. A row that is being changed just now, its end recorded perhaps, counts as it was before and is not prolonged: the
    leases of the others must not run out for it.
    """
    rows = tx.execute(
        """
        WITH held AS MATERIALIZED (
            SELECT * FROM unnest(%(runs)s::uuid[], %(stages)s::integer[], %(epochs)s::integer[]) AS h (run_id, stage, epoch)
        ), free AS (
            SELECT s.run_id, s.stage, s.part FROM stages s JOIN held h ON s.run_id = h.run_id AND s.stage = h.stage AND s.epoch = h.epoch
             WHERE s.status = 'RUNNING' FOR NO KEY UPDATE OF s SKIP LOCKED
        ), renewed AS (
            UPDATE stages s SET leased_until = clock_timestamp() + %(lease)s FROM free f
             WHERE s.run_id = f.run_id AND s.stage = f.stage AND s.part = f.part
        )
        SELECT s.run_id::text AS run_id, s.stage, s.epoch, r.cancel_reason
          FROM held h JOIN stages s ON s.run_id = h.run_id AND s.stage = h.stage AND s.epoch = h.epoch JOIN runs r ON r.id = h.run_id
         WHERE s.status = 'RUNNING'
        """,
        {"runs": [h[0] for h in held], "stages": [h[1] for h in held], "epochs": [h[2] for h in held], "lease": lease},
    )
    return {(row["run_id"], row["stage"], row["epoch"]): row["cancel_reason"] for row in rows}


def is_held(tx: Tx, run: str, stage: int, epoch: int) -> bool:
    """Somebody works on that epoch of the stage, and none newer was released."""
    row = tx.execute(
        "SELECT 1 AS held FROM stages WHERE run_id = %(run)s AND stage = %(stage)s AND epoch = %(epoch)s AND status = 'RUNNING'",
        {"run": run, "stage": stage, "epoch": epoch},
    ).fetchone()
    return row is not None


def replanned(tx: Tx, run: str, codes: Iterable[str]) -> int:
    """How often the run was sent back to be planned anew by errors of these codes: each time one attempt was cancelled with one."""
    row = tx.execute(
        "SELECT count(*)::integer AS times FROM attempts"
        " WHERE run_id = %(run)s AND outcome = 'CANCELLED' AND error ->> 'code' = ANY(%(codes)s)",
        {"run": run, "codes": list(codes)},
    ).fetchone()
    return int(row["times"]) if row is not None else 0


def epochs(tx: Tx, runs: Iterable[str]) -> dict[str, dict[int, int]]:
    """The newest epoch of each stage, of each of those runs."""
    found: dict[str, dict[int, int]] = {run: {} for run in runs}
    rows = tx.execute(
        "SELECT run_id::text AS run, stage, max(epoch) AS epoch FROM stages WHERE run_id = ANY(%(runs)s::uuid[]) GROUP BY run_id, stage",
        {"runs": list(found)},
    )
    for row in rows:
        found[row["run"]][row["stage"]] = row["epoch"]
    return found


def expire_leases(tx: Tx, worker: str, boot: str) -> int:
    """Ends the leases that an earlier process of the same name left behind, so that the sweep need not wait for them."""
    return tx.execute(
        "UPDATE stages SET leased_until = clock_timestamp() WHERE worker = %(worker)s AND boot <> %(boot)s AND status = 'RUNNING'",
        {"worker": worker, "boot": boot},
    ).rowcount


def overdue(tx: Tx, grace: timedelta, patience: timedelta, run: str | None = None) -> list[dict[str, Any]]:
    """Stages, of all runs or of one, that the sweep must look at.

    {run, stage, queue, epoch, why}; why: lease (expired), retry (due), release (not started within grace), stuck (not even within
    patience).
    """
    return list(
        tx.execute(
            """
            SELECT s.run_id::text AS run, s.stage, s.queue, s.epoch,
                   CASE WHEN s.status = 'RUNNING' THEN 'lease' WHEN s.status = 'RETRYING' THEN 'retry'
                        WHEN s.released_at < clock_timestamp() - %(patience)s THEN 'stuck' ELSE 'release' END AS why
              FROM stages s
             WHERE (%(run)s::uuid IS NULL OR s.run_id = %(run)s)
               AND ((s.status = 'RUNNING' AND s.leased_until < clock_timestamp())
                 OR (s.status = 'RETRYING' AND s.retry_at <= clock_timestamp())
                 OR (s.status = 'RELEASED' AND s.released_at < clock_timestamp() - %(grace)s))
             ORDER BY s.run_id, s.stage
            """,
            {"grace": grace, "patience": patience, "run": run},
        )
    )


def idle_runs(tx: Tx) -> list[str]:
    """Running, planned or surveying runs none of whose stages is in flight or waiting for a retry: something was not released."""
    rows = tx.execute(
        """
        SELECT r.id::text AS id FROM runs r
         WHERE r.status = 'RUNNING' AND r.planning IN ('surveying', 'planned')
           AND NOT EXISTS (SELECT FROM stages s WHERE s.run_id = r.id AND s.status IN ('RELEASED', 'RUNNING', 'SUBMITTED', 'RETRYING'))
        """
    )
    return [row["id"] for row in rows]
