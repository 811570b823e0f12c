"""What is known of a run that has ended, for those who tell people of it. Reads only; each part by itself, since few ask for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.store.database import Tx
from shared.store.identifiers import least_id

# Of earlier runs so many are looked at for the one that ended last.
_LOOKED_BACK = 50
_MOST_REASONS = 10
_SLACK = timedelta(seconds=1)
# By which the clock of a host that makes runs may be behind the database's; ids are by the host's.
_SKEW = timedelta(days=1)


def run(tx: Tx, run_id: str) -> dict[str, Any] | None:
    """The run, and `node`: the one that failed first."""
    return tx.execute(
        """
        SELECT r.id::text AS id, r.namespace, r.pipeline, r.resource_uid::text AS resource_uid, r.version, r.status,
               r.trigger ->> 'type' AS trigger, r.logical_date, r.started_at, r.finished_at, r.error,
               coalesce(r.error ->> 'node', (SELECT n.node FROM nodes n WHERE n.run_id = r.id AND n.status = 'FAILED'
                                              ORDER BY n.finished_at NULLS LAST, n.ordinal LIMIT 1)) AS node,
               (SELECT n.error FROM nodes n WHERE n.run_id = r.id AND n.status = 'FAILED' AND n.error IS NOT NULL
                 ORDER BY n.finished_at NULLS LAST, n.ordinal LIMIT 1) AS node_error
          FROM runs r WHERE r.id = %(run)s
        """,
        {"run": run_id},
    ).fetchone()


def before(tx: Tx, run_id: str, namespace: str, pipeline: str, at: datetime) -> dict[str, Any] | None:
    """{status, at} of the end before the one at `at`, of this run (which may have been asked for again) or of another one of its pipeline;
    of those that succeeded or failed: who cancels a run, or skips it, says nothing of whether it works. Replays do not count.
    """
    return tx.execute(
        """
        WITH others AS (
            SELECT status, finished_at, trigger FROM runs
             WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND id <> %(run)s AND finished_at <= %(at)s
               AND status IN ('SUCCEEDED', 'FAILED', 'TIMED_OUT') AND trigger ->> 'type' IS DISTINCT FROM 'replay'
             ORDER BY id DESC LIMIT %(most)s
        ), ends AS (
            SELECT status, finished_at AS at FROM others
            UNION ALL
            SELECT data ->> 'status', at FROM events WHERE run_id = %(run)s AND type = 'run.finished' AND at < %(own)s
        )
        SELECT status, at FROM ends WHERE status IN ('SUCCEEDED', 'FAILED', 'TIMED_OUT') ORDER BY at DESC LIMIT 1
        """,
        # The event of this end is written a moment before or after the time that the run's row has.
        {"namespace": namespace, "pipeline": pipeline, "run": run_id, "at": at, "own": at - _SLACK, "most": _LOOKED_BACK},
    ).fetchone()


def rows(tx: Tx, run_id: str) -> dict[str, int | None]:
    """{read, written, rejected}; None where a part is not known. `read`: by sources, with what they rejected."""
    row = tx.execute(
        """
        SELECT CASE WHEN count(*) > 0 AND NOT bool_or(source AND rows_in IS NULL) THEN coalesce(sum(rows_in) FILTER (WHERE source), 0)
               END::bigint AS read,
               CASE WHEN count(*) > 0 AND NOT bool_or(sink AND rows_out IS NULL) THEN coalesce(sum(rows_out) FILTER (WHERE sink), 0)
               END::bigint AS written,
               sum(rejected)::bigint AS rejected
          FROM (SELECT type IN ('connector_source', 'cdc_source') AS source, type IN ('connector_sink', 'streaming_sink') AS sink,
                       CASE WHEN status = 'SKIPPED' THEN 0 ELSE (figures ->> 'rowsIn')::bigint END AS rows_in,
                       CASE WHEN status = 'SKIPPED' THEN 0 ELSE (figures ->> 'rowsOut')::bigint END AS rows_out,
                       (figures ->> 'rowsRejected')::bigint AS rejected
                  FROM nodes WHERE run_id = %(run)s) f
        """,
        {"run": run_id},
    ).fetchone()
    assert row is not None
    return {"read": row["read"], "written": row["written"], "rejected": row["rejected"]}


def reasons(tx: Tx, run_id: str) -> list[tuple[str, str, int]]:
    """(message, node, rows) of what the run rejected, most first."""
    found = tx.execute(
        """
        SELECT error_message, node, count(*) AS rows FROM dead_letters WHERE run_id = %(run)s
         GROUP BY error_message, node ORDER BY rows DESC, error_message, node LIMIT %(most)s
        """,
        {"run": run_id, "most": _MOST_REASONS},
    )
    return [(row["error_message"], row["node"], row["rows"]) for row in found]


def broken_rules(tx: Tx, run_id: str) -> list[tuple[str, str, str, int | None, str | None]]:
    """(rule set, rule, severity, failing rows, why it could not be measured), in the order of the rules."""
    found = tx.execute(
        """
        SELECT rule_set, rule, severity, failing, CASE status WHEN 'ERROR' THEN error END AS error FROM quality_results
         WHERE run_id = %(run)s AND NOT passed ORDER BY stage, rule_set, ordinal
        """,
        {"run": run_id},
    )
    return [(row["rule_set"], row["rule"], row["severity"], row["failing"], row["error"]) for row in found]


def changed_datasets(tx: Tx, datasets: Sequence[tuple[str, str]], since: datetime, until: datetime) -> list[dict[str, Any]]:
    """{name, before, after}: documents of those datasets (namespace, name) that had another version at `until` than at `since`."""
    found = tx.execute(
        """
        SELECT r.namespace, r.name, r.uid::text AS uid, old.version AS before, new.version AS after
          FROM resources r
          JOIN LATERAL (SELECT max(version) AS version FROM resource_versions v
                         WHERE v.uid = r.uid AND v.created_at <= %(since)s) old ON true
          JOIN LATERAL (SELECT max(version) AS version FROM resource_versions v
                         WHERE v.uid = r.uid AND v.created_at <= %(until)s) new ON true
         WHERE r.kind = 'Dataset' AND (r.namespace, r.name) IN (SELECT * FROM unnest(%(namespaces)s::text[], %(names)s::text[]))
           AND old.version < new.version
         ORDER BY r.namespace, r.name
        """,
        {"namespaces": [one[0] for one in datasets], "names": [one[1] for one in datasets], "since": since, "until": until},
    )
    return list(found)


def succeeded_for(tx: Tx, namespace: str, pipeline: str, fire: datetime, by: datetime) -> bool:
    """Whether a run for that fire time, whoever asked for it, had succeeded by then."""
    row = tx.execute(
        """
        SELECT 1 AS done FROM runs WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND id >= %(least)s
           AND logical_date = %(fire)s AND status = 'SUCCEEDED' AND finished_at <= %(by)s LIMIT 1
        """,
        {"namespace": namespace, "pipeline": pipeline, "fire": fire, "by": by, "least": least_id(fire - _SKEW)},
    ).fetchone()
    return row is not None


def traced(tx: Tx, run_id: str, at: datetime) -> dict[str, Any] | None:
    """What a trace tells of the run. `ended_before`: when it ended the time before the end at `at`; None: that was the first."""
    return tx.execute(
        """
        SELECT r.traceparent, r.version, r.trigger ->> 'type' AS trigger, r.request_id, r.created_at, r.queued_at,
               coalesce(r.error ->> 'code', (SELECT n.error ->> 'code' FROM nodes n WHERE n.run_id = r.id AND n.status = 'FAILED'
                                              ORDER BY n.finished_at NULLS LAST, n.ordinal LIMIT 1)) AS error_code,
               (SELECT max(e.at) FROM events e WHERE e.run_id = r.id AND e.type = 'run.finished' AND e.at < %(at)s) AS ended_before
          FROM runs r WHERE r.id = %(run)s
        """,
        {"run": run_id, "at": at},
    ).fetchone()


def retries(tx: Tx, run_id: str, since: datetime | None, at: datetime) -> list[dict[str, Any]]:
    """{nodes, stage, epoch, at, reason, wait_s} between two ends, in order, one for each attempt; the first hundred."""
    return list(
        tx.execute(
            """
            SELECT string_agg(node, ', ' ORDER BY seq) AS nodes, stage, epoch, min(at) AS at, data ->> 'reason' AS reason,
                   (data ->> 'waitSeconds')::float8 AS wait_s
              FROM events
             WHERE run_id = %(run)s AND type = 'node.retry' AND at <= %(at)s AND (%(since)s::timestamptz IS NULL OR at > %(since)s)
             GROUP BY stage, epoch, data ->> 'reason', data ->> 'waitSeconds' ORDER BY min(seq) LIMIT 100
            """,
            {"run": run_id, "since": since, "at": at},
        )
    )
