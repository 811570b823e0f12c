"""Runs as people look at them: everything of one run, pages of runs, log lines. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.identifiers import least_id

_RUN = """
    SELECT id::text AS id, namespace, pipeline, labels, version, git_commit_sha, status, trigger, parameters, logical_date,
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


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which runs are meant; what is None or empty leaves none out. `namespaces`: those that the caller may see. `since` and `until`: made
    at or after, and before. `labels`: all of them.
    """

    namespaces: Sequence[str] | None = None
    namespace: str | None = None
    pipeline: str | None = None
    statuses: Sequence[str] = ()
    trigger: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None


def page(tx: Tx, chosen: Chosen, *, before: str | None = None, limit: int) -> list[dict[str, Any]]:
    """Newest first, from before an id (ids are in order of time).

    Only what is asked for stands in the statement, so that it is planned for just that, and each filter has its index.
    """
    asked: dict[str, tuple[str, Any]] = {
        "before": ("id < %(before)s", before),
        "namespaces": ("namespace = ANY(%(namespaces)s)", None if chosen.namespaces is None else list(chosen.namespaces)),
        "namespace": ("namespace = %(namespace)s", chosen.namespace),
        "pipeline": ("pipeline = %(pipeline)s", chosen.pipeline),
        "statuses": ("status = ANY(%(statuses)s)", list(chosen.statuses) or None),
        "trigger": ("trigger ->> 'type' = %(trigger)s", chosen.trigger),
        "labels": ("labels <> '{}' AND labels @> %(labels)s", Jsonb(dict(chosen.labels)) if chosen.labels else None),
        "since": ("id >= %(since)s", least_id(chosen.since) if chosen.since is not None else None),
        "until": ("id < %(until)s", least_id(chosen.until) if chosen.until is not None else None),
    }
    given = {name: value for name, (_, value) in asked.items() if value is not None}
    conditions = " AND ".join(asked[name][0] for name in given)
    return list(
        tx.execute(f"{_RUN} {'WHERE ' + conditions if given else ''} ORDER BY runs.id DESC LIMIT %(limit)s", {**given, "limit": limit})
    )


def newest(tx: Tx, pipelines: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """{id, status} of the newest run of each of some pipelines, by (namespace, name); those that never ran are left out."""
    rows = tx.execute(
        """
        SELECT wanted.namespace, wanted.name, r.id::text AS id, r.status
          FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS wanted (namespace, name)
          CROSS JOIN LATERAL (SELECT id, status FROM runs
                               WHERE namespace = wanted.namespace AND pipeline = wanted.name ORDER BY id DESC LIMIT 1) r
        """,
        {"namespaces": [namespace for namespace, _ in pipelines], "names": [name for _, name in pipelines]},
    )
    return {(row["namespace"], row["name"]): {"id": row["id"], "status": row["status"]} for row in rows}


def succeeded_before(tx: Tx, run: Mapping[str, Any]) -> str | None:
    """The newest run of the same pipeline that was made before this one and succeeded; replays, which are of a part of it, do not count."""
    row = tx.execute(
        """
        SELECT id::text AS id FROM runs
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND id < %(id)s AND status = 'SUCCEEDED'
           AND trigger ->> 'type' IS DISTINCT FROM 'replay' ORDER BY runs.id DESC LIMIT 1
        """,
        {key: run[key] for key in ("namespace", "pipeline", "id")},
    ).fetchone()
    return row["id"] if row is not None else None


def programs(tx: Tx, run_id: str) -> dict[int, dict[str, Any]]:
    """What each stage does, as it was planned."""
    rows = tx.execute("SELECT stage, program FROM programs WHERE run_id = %(run)s ORDER BY stage", {"run": run_id})
    return {row["stage"]: row["program"] for row in rows}


def nodes(tx: Tx, run_id: str) -> list[dict[str, Any]]:
    """In recipe order. `attempts`: at the stage that computes it; while there is no plan, at its surveys."""
    return list(
        tx.execute(
            """
            SELECT n.node, n.type, n.status, n.generation, n.stage, n.figures, n.error, n.started_at, n.finished_at, s.engine, n.engine_why,
                   CASE WHEN n.stage IS NOT NULL
                        THEN (SELECT count(*) FROM attempts a WHERE a.run_id = n.run_id AND a.stage = n.stage)
                        ELSE (SELECT count(*) FROM attempts a JOIN stages k ON k.run_id = a.run_id AND k.stage = a.stage
                               WHERE a.run_id = n.run_id AND k.kind = 'survey' AND n.node = ANY(k.nodes)) END AS attempts
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


def running_s(tx: Tx, run_id: str) -> dict[int, float]:
    """Seconds since the attempt began that runs now, by stage."""
    rows = tx.execute(
        """
        SELECT s.stage, extract(epoch FROM clock_timestamp() - a.started_at)::float AS seconds
          FROM stages s JOIN attempts a ON a.run_id = s.run_id AND a.stage = s.stage AND a.epoch = s.epoch
         WHERE s.run_id = %(run)s AND s.status IN ('RUNNING', 'SUBMITTED')
        """,
        {"run": run_id},
    )
    return {row["stage"]: row["seconds"] for row in rows}


def earlier_stages(tx: Tx, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """{kind, engine, nodes, seconds} of each stage of the newest ten runs of the same version that went well, of fifty looked at."""
    rows = tx.execute(
        """
        SELECT id::text AS id FROM (
            SELECT id, version, status, trigger FROM runs
             WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND id < %(id)s ORDER BY id DESC LIMIT 50
        ) newest
         WHERE version = %(version)s AND status = 'SUCCEEDED' AND trigger ->> 'type' IS DISTINCT FROM 'replay' ORDER BY id DESC LIMIT 10
        """,
        {key: run[key] for key in ("namespace", "pipeline", "id", "version")},
    ).fetchall()
    return tx.execute(
        """
        SELECT kind, engine, nodes, duration_ms / 1000.0::float AS seconds FROM stages
         WHERE run_id = ANY(%(runs)s::uuid[]) AND status = 'COMPLETED' AND duration_ms IS NOT NULL
        """,
        {"runs": [row["id"] for row in rows]},
    ).fetchall()


def survey_attempts(tx: Tx, run_id: str, node: str) -> list[dict[str, Any]]:
    """At the surveys of a node, in order of time."""
    return tx.execute(
        """
        SELECT a.epoch, a.worker, a.started_at, a.finished_at, a.outcome, a.error
          FROM attempts a JOIN stages s ON s.run_id = a.run_id AND s.stage = a.stage
         WHERE a.run_id = %(run)s AND s.kind = 'survey' AND %(node)s = ANY(s.nodes) ORDER BY a.started_at, a.stage, a.epoch
        """,
        {"run": run_id, "node": node},
    ).fetchall()


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
