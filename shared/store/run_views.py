"""Runs as people look at them: everything of one run, pages of runs, log lines. Reads only."""

from __future__ import annotations

from typing import Any

from shared.store.database import Tx

_RUN = """
    SELECT id::text AS id, namespace, pipeline, version, git_commit_sha, status, trigger, parameters, logical_date,
           data_interval_start, data_interval_end, reason, created_by, created_at,
           started_at, finished_at, cancel_requested_at, request_id, waiting_for, error, planning, max_parallel_nodes, last_seq
      FROM runs
"""


def run(tx: Tx, run_id: str) -> dict[str, Any] | None:
    return tx.execute(_RUN + " WHERE id = %(run)s", {"run": run_id}).fetchone()


def ended(tx: Tx, run_id: str) -> dict[str, Any] | None:
    """{status, ended_for}: for how long it has been over, by the store's clock."""
    return tx.execute(
        "SELECT status, clock_timestamp() - coalesce(finished_at, created_at) AS ended_for FROM runs WHERE id = %(run)s", {"run": run_id}
    ).fetchone()


def page(
    tx: Tx, *, before: str | None, limit: int, namespaces: list[str] | None, namespace: str | None, pipeline: str | None, status: str | None
) -> list[dict[str, Any]]:
    """Newest first, from before an id (ids are in order of time)."""
    return list(
        tx.execute(
            _RUN
            + """
             WHERE (%(before)s::uuid IS NULL OR id < %(before)s) AND (%(namespaces)s::text[] IS NULL OR namespace = ANY(%(namespaces)s))
               AND (%(namespace)s::text IS NULL OR namespace = %(namespace)s) AND (%(pipeline)s::text IS NULL OR pipeline = %(pipeline)s)
               AND (%(status)s::text IS NULL OR status = %(status)s)
             ORDER BY id DESC LIMIT %(limit)s
            """,
            {"before": before, "limit": limit, "namespaces": namespaces, "namespace": namespace, "pipeline": pipeline, "status": status},
        )
    )


def nodes(tx: Tx, run_id: str) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            """
            SELECT n.node, n.type, n.status, n.generation, n.stage, n.figures, n.error, n.started_at, n.finished_at, s.engine,
                   (SELECT count(*) FROM attempts a WHERE a.run_id = n.run_id AND a.stage = n.stage) AS attempts
              FROM nodes n LEFT JOIN stages s ON s.run_id = n.run_id AND s.stage = n.stage
             WHERE n.run_id = %(run)s ORDER BY n.ordinal
            """,
            {"run": run_id},
        )
    )


def stages(tx: Tx, run_id: str) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            """
            SELECT stage, kind, engine, nodes, generation, inputs, status, epoch, retries, retry_at, duration_ms,
                   peak_memory_bytes, worker, error, rerun, waiting_for, started_at, finished_at
              FROM stages WHERE run_id = %(run)s ORDER BY stage, part
            """,
            {"run": run_id},
        )
    )


def attempts(tx: Tx, run_id: str, stage: int) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            """
            SELECT epoch, worker, started_at, finished_at, outcome, error FROM attempts
             WHERE run_id = %(run)s AND stage = %(stage)s ORDER BY epoch
            """,
            {"run": run_id, "stage": stage},
        )
    )


def all_attempts(tx: Tx, run_id: str, limit: int) -> list[dict[str, Any]]:
    """At any stage, in order of time; the newest, if there are more."""
    newest = tx.execute(
        """
        SELECT a.stage, s.kind, s.engine, s.nodes, a.epoch, a.worker, a.started_at, a.finished_at, a.outcome, a.error
          FROM attempts a JOIN stages s ON s.run_id = a.run_id AND s.stage = a.stage
         WHERE a.run_id = %(run)s ORDER BY a.started_at DESC, a.stage DESC, a.epoch DESC LIMIT %(limit)s
        """,
        {"run": run_id, "limit": limit},
    ).fetchall()
    return newest[::-1]


def program(tx: Tx, run_id: str, stage: int) -> dict[str, Any] | None:
    """What a stage does, as it was planned."""
    row = tx.execute(
        "SELECT program FROM programs WHERE run_id = %(run)s AND stage = %(stage)s", {"run": run_id, "stage": stage}
    ).fetchone()
    return row["program"] if row is not None else None


def logs(tx: Tx, run_id: str, after: int, limit: int = 1000) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            "SELECT id, at, level, stage, epoch, node, worker, message FROM logs"
            " WHERE run_id = %(run)s AND id > %(after)s ORDER BY id LIMIT %(limit)s",
            {"run": run_id, "after": after, "limit": limit},
        )
    )
