"""Which pipelines wait for which (PipelineDependency documents in force), and the queued runs that do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.triggers import DEPENDENCY, Trigger
from shared.triggers.dependencies import LOST, MISSED, Wait
from shared.triggers.told import told

# Longest list of dates that one wait may have.
MOST_DATES = 10_000


@dataclass(frozen=True, slots=True)
class Dependency:
    """One pipeline (`upstream`, namespace/name) that another waits for, as the PipelineDependency `dependency` says it."""

    dependency: str
    upstream: str
    condition: str
    mode: str
    max_wait: timedelta
    on_timeout: str


def lock(tx: Tx) -> None:
    """Until the transaction ends nobody else who asks for this saves what pipelines wait for: two halves of a ring, each fine alone."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('penstock.dependencies'))")


def sync(tx: Tx, namespace: str, name: str, spec: Mapping[str, Any], downstream: str, upstreams: Sequence[tuple[str, str]]) -> None:
    """What a document says now. `spec`: as loaded; `upstreams`: full name and condition of each of its dependsOn, in their order."""
    remove(tx, namespace, name)
    for entry, (upstream, condition) in zip(spec["dependsOn"], upstreams, strict=True):
        tx.execute(
            """
            INSERT INTO dependencies (namespace, name, upstream_namespace, upstream, downstream_namespace, downstream, condition, mode,
                                      max_wait, on_timeout)
            VALUES (%(ns)s, %(name)s, %(up_ns)s, %(up)s, %(down_ns)s, %(down)s, %(condition)s, %(mode)s, %(wait)s, %(then)s)
            ON CONFLICT DO NOTHING
            """,
            {
                "ns": namespace,
                "name": name,
                **_split("up", upstream),
                **_split("down", downstream),
                "condition": condition,
                "mode": spec["mode"],
                "wait": timedelta(minutes=entry["maxWaitMinutes"]),
                "then": spec["onTimeout"],
            },
        )


def remove(tx: Tx, namespace: str, name: str) -> list[str]:
    """Full names of the pipelines that waited by this document."""
    rows = tx.execute(
        "DELETE FROM dependencies WHERE namespace = %(ns)s AND name = %(name)s RETURNING downstream_namespace || '/' || downstream AS p",
        {"ns": namespace, "name": name},
    )
    return sorted({row["p"] for row in rows})


def downstream(tx: Tx, namespace: str, name: str) -> list[str]:
    """Full names of the pipelines that wait by this document."""
    rows = tx.execute(
        "SELECT DISTINCT downstream_namespace || '/' || downstream AS p FROM dependencies WHERE namespace = %(ns)s AND name = %(name)s",
        {"ns": namespace, "name": name},
    )
    return sorted(row["p"] for row in rows)


def adopted(tx: Tx, namespace: str, name: str, version: int) -> None:
    """This version is the one in force."""
    tx.execute(
        "UPDATE resources SET triggers_of = %(v)s WHERE kind = 'PipelineDependency' AND namespace = %(ns)s AND name = %(name)s",
        {"v": version, "ns": namespace, "name": name},
    )


def unsynced(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """{uid, namespace, name, version} of documents that a release without dependencies saved."""
    return list(
        tx.execute(
            """
            SELECT r.uid::text AS uid, r.namespace, r.name, v.version
              FROM resources r
              JOIN LATERAL (SELECT max(version) AS version FROM resource_versions v WHERE v.uid = r.uid AND v.valid) v ON true
             WHERE r.kind = 'PipelineDependency' AND r.deleted_at IS NULL AND r.triggers_of IS NULL AND v.version IS NOT NULL
             ORDER BY r.namespace, r.name LIMIT %(limit)s
            """,
            {"limit": limit},
        )
    )


def in_force(tx: Tx, namespace: str, pipeline: str) -> int | None:
    """The version of a pipeline whose triggers are in force; None where there is no such pipeline, or no such version of it."""
    row = tx.execute(
        "SELECT triggers_of FROM resources"
        " WHERE kind = 'Pipeline' AND namespace = %(ns)s AND name = %(p)s AND deleted_at IS NULL AND triggers_of IS NOT NULL",
        {"ns": namespace, "p": pipeline},
    ).fetchone()
    return int(row["triggers_of"]) if row else None


def order(tx: Tx) -> list[dict[str, str]]:
    """{document, upstream, downstream} of all that makes one pipeline run after another: dependencies, and triggers of type pipeline,
    also those that are switched off: the switch back checks nothing. `document`: kind and full name.
    """
    return list(
        tx.execute(
            """
            SELECT 'PipelineDependency ' || namespace || '/' || name AS document, upstream_namespace || '/' || upstream AS upstream,
                   downstream_namespace || '/' || downstream AS downstream FROM dependencies
            UNION ALL
            SELECT 'Pipeline ' || namespace || '/' || pipeline,
                   CASE WHEN strpos(config ->> 'pipeline', '/') > 0 THEN config ->> 'pipeline'
                        ELSE namespace || '/' || (config ->> 'pipeline') END,
                   namespace || '/' || pipeline
              FROM triggers t
              JOIN resources r USING (namespace)
             WHERE t.type = 'pipeline' AND r.kind = 'Pipeline' AND r.name = t.pipeline AND r.deleted_at IS NULL
               AND r.triggers_of = t.version
            """
        )
    )


def pipelines(tx: Tx) -> set[str]:
    """Full names of all that are there."""
    rows = tx.execute("SELECT namespace || '/' || name AS name FROM resources WHERE kind = 'Pipeline' AND deleted_at IS NULL")
    return {row["name"] for row in rows}


def of(tx: Tx, namespace: str, pipeline: str) -> list[Dependency]:
    """What a pipeline waits for."""
    rows = tx.execute(
        """
        SELECT namespace || '/' || name AS dependency, upstream_namespace || '/' || upstream AS upstream, condition, mode, max_wait,
               on_timeout
          FROM dependencies WHERE downstream_namespace = %(ns)s AND downstream = %(p)s ORDER BY 1, 2
        """,
        {"ns": namespace, "p": pipeline},
    )
    return [Dependency(**row) for row in rows]


def schedule_of(tx: Tx, namespace: str, pipeline: str) -> dict[str, Any] | None:
    """{config, since, active, handled_to} of the schedule that the version in force has; `since`: earlier times are none of it."""
    return tx.execute(
        """
        SELECT t.config, t.since, t.active, t.handled_to FROM triggers t
          JOIN resources r ON r.kind = 'Pipeline' AND r.namespace = t.namespace AND r.name = t.pipeline
         WHERE t.namespace = %(ns)s AND t.pipeline = %(p)s AND t.type = 'schedule' AND t.version = r.triggers_of AND r.deleted_at IS NULL
        """,
        {"ns": namespace, "p": pipeline},
    ).fetchone()


def started_by(tx: Tx, namespace: str, pipeline: str) -> list[Trigger]:
    """Triggers of pipelines that wait for this one, and that nothing else starts."""
    rows = tx.execute(
        """
        SELECT DISTINCT t.id::text AS id, t.namespace, t.pipeline, t.name, t.type, t.config, t.version, t.active, t.handled_to, t.look_at,
               t.state FROM triggers t
          JOIN dependencies d ON d.downstream_namespace = t.namespace AND d.downstream = t.pipeline
         WHERE d.upstream_namespace = %(ns)s AND d.upstream = %(p)s AND t.type = %(type)s AND t.active ORDER BY 2, 3
        """,
        {"ns": namespace, "p": pipeline, "type": DEPENDENCY},
    )
    return [Trigger(**row) for row in rows]


def fired(tx: Tx, trigger: Trigger, date: datetime, *, run: str | None, outcome: str, detail: Mapping[str, Any]) -> bool:
    """As `triggers.fired`; a date that was lost may be had after all, when what failed is made good."""
    row = tx.execute(
        """
        INSERT INTO firings (trigger_id, key, run_id, outcome, detail) VALUES (%(id)s, %(key)s, %(run)s, %(outcome)s, %(detail)s)
        ON CONFLICT (trigger_id, key) DO UPDATE
           SET run_id = excluded.run_id, outcome = excluded.outcome, detail = excluded.detail, at = clock_timestamp()
         WHERE firings.outcome = 'lost' AND excluded.outcome <> 'lost'
        RETURNING 1 AS new
        """,
        {"id": trigger.id, "key": told(date), "run": run, "outcome": outcome, "detail": Jsonb(dict(detail))},
    ).fetchone()
    return row is not None


def end_of(tx: Tx, run: str) -> dict[str, Any] | None:
    """{logical_date, data_interval_start, parameters, trigger} of a run that ended; None where its month was dropped since."""
    return tx.execute("SELECT logical_date, data_interval_start, parameters, trigger FROM runs WHERE id = %(run)s", {"run": run}).fetchone()


# Dependency, logical dates, and how long they are waited for.
Needed = tuple[Dependency, Sequence[datetime], timedelta]


def begin(tx: Tx, run: str, waits: Iterable[Needed]) -> None:
    """What a new run waits for, from now on. Call it in the transaction that makes the run."""
    for dependency, dates, longest in waits:
        tx.execute(
            """
            INSERT INTO waits (run_id, dependency, upstream_namespace, upstream, condition, mode, on_timeout, dates, expires_at)
            VALUES (%(run)s, %(dependency)s, %(up_ns)s, %(up)s, %(condition)s, %(mode)s, %(then)s, %(dates)s, clock_timestamp() + %(wait)s)
            """,
            {
                "run": run,
                "dependency": dependency.dependency,
                **_split("up", dependency.upstream),
                "condition": dependency.condition,
                "mode": dependency.mode,
                "then": dependency.on_timeout,
                "dates": list(dates),
                "wait": longest,
            },
        )


def touch(tx: Tx, namespace: str, pipeline: str, date: datetime) -> None:
    """Runs that wait for this pipeline's run of a date are to be looked at again."""
    tx.execute(
        """
        UPDATE waits SET changed = true
         WHERE upstream_namespace = %(ns)s AND upstream = %(p)s AND %(date)s = ANY(dates) AND NOT changed
        """,
        {"ns": namespace, "p": pipeline, "date": date},
    )


def take(tx: Tx, limit: int) -> dict[str, list[Wait]]:
    """Waiting runs to be looked at, by id, with all their waits; their rows are locked, those that somebody holds are passed over."""
    rows = tx.execute(
        """
        SELECT id::text AS id FROM runs
         WHERE status = 'QUEUED'
           AND id IN (SELECT run_id FROM waits WHERE changed UNION SELECT run_id FROM waits WHERE expires_at <= clock_timestamp())
         ORDER BY queued_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit},
    )
    runs = [row["id"] for row in rows]
    if not runs:
        return {}
    found: dict[str, list[Wait]] = {run: [] for run in runs}
    # One statement after they are locked: what ends from now on marks them again.
    for row in tx.execute(
        """
        UPDATE waits SET changed = false WHERE run_id = ANY(%(runs)s::uuid[])
        RETURNING run_id::text AS run, dependency, upstream_namespace || '/' || upstream AS upstream, condition, mode, on_timeout, dates,
                  expires_at
        """,
        {"runs": runs},
    ):
        run = row.pop("run")
        found[run].append(Wait(**{**row, "dates": tuple(row["dates"])}))
    return {run: sorted(waits, key=lambda wait: (wait.dependency, wait.upstream)) for run, waits in found.items()}


def settled(tx: Tx, runs: Collection[str]) -> None:
    """Of runs that wait on although a time is over: it was the time of what is there by now."""
    tx.execute(
        "UPDATE waits SET expires_at = NULL WHERE run_id = ANY(%(runs)s::uuid[]) AND expires_at <= clock_timestamp()", {"runs": list(runs)}
    )


def forget(tx: Tx, runs: Collection[str]) -> None:
    """They wait no more."""
    tx.execute("DELETE FROM waits WHERE run_id = ANY(%(runs)s::uuid[])", {"runs": list(runs)})


def states(tx: Tx, waits: Iterable[Wait]) -> dict[tuple[str, datetime], set[str]]:
    """What there is of all that is waited for. Replays of rejected rows are no runs of a date."""
    needed = sorted({(wait.upstream, date) for wait in waits for date in wait.dates})
    found: dict[tuple[str, datetime], set[str]] = {}
    if not needed:
        return found
    values = {
        "ns": [name.partition("/")[0] for name, _ in needed],
        "p": [name.partition("/")[2] for name, _ in needed],
        "at": [date for _, date in needed],
    }
    for row in tx.execute(
        """
        SELECT r.namespace || '/' || r.pipeline AS pipeline, r.logical_date, r.status
          FROM unnest(%(ns)s::text[], %(p)s::text[], %(at)s::timestamptz[]) AS n (namespace, pipeline, at)
          JOIN runs r ON r.namespace = n.namespace AND r.pipeline = n.pipeline AND r.logical_date = n.at
         WHERE r.trigger ->> 'type' IS DISTINCT FROM 'replay'
        """,
        values,
    ):
        found.setdefault((row["pipeline"], row["logical_date"]), set()).add(row["status"])
    names = sorted({name for name, _ in needed})
    by_key = {(name, told(date)): date for name, date in needed}
    for row in tx.execute(
        """
        SELECT t.namespace || '/' || t.pipeline AS pipeline, f.key, f.outcome FROM unnest(%(ns)s::text[], %(p)s::text[]) AS n (namespace, p)
          JOIN triggers t ON t.namespace = n.namespace AND t.pipeline = n.p AND t.type IN ('dependency', 'schedule')
          JOIN firings f ON f.trigger_id = t.id AND f.key = ANY(%(keys)s) AND f.outcome IN ('lost', 'missed')
        """,
        {
            "ns": [name.partition("/")[0] for name in names],
            "p": [name.partition("/")[2] for name in names],
            "keys": sorted({key for _, key in by_key}),
        },
    ):
        if (date := by_key.get((row["pipeline"], row["key"]))) is not None:
            found.setdefault((row["pipeline"], date), set()).add(LOST if row["outcome"] == "lost" else MISSED)
    return found


def _split(key: str, full: str) -> dict[str, str]:
    namespace, _, name = full.partition("/")
    return {f"{key}_ns": namespace, key: name}
