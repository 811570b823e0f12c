"""Backfills: fire times of a range that are run on somebody's demand. Its row is the lock under which its runs are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.store.runs import DOORBELL
from shared.triggers.backfill import Choice, Past
from shared.triggers.told import told


@dataclass(frozen=True, slots=True)
class Backfill:
    """One that runs, whose row this transaction holds."""

    id: str
    namespace: str
    pipeline: str
    ordering: str
    max_parallel: int
    which: str
    version: str
    parameters: dict[str, Any]
    reason: str | None


def create(
    tx: Tx,
    *,
    namespace: str,
    pipeline: str,
    from_at: datetime,
    to_at: datetime,
    ordering: str,
    max_parallel: int,
    which: str,
    version: str,
    parameters: Mapping[str, Any],
    reason: str | None,
    created_by: str,
    choices: Sequence[Choice],
) -> str:
    """Its id. Of `choices`, those that are run become its dates. Rings the schedulers."""
    backfill = new_id()
    tx.execute(
        """
        INSERT INTO backfills (id, namespace, pipeline, from_at, to_at, ordering, max_parallel, which, version, parameters, reason,
                               created_by)
        VALUES (%(id)s, %(ns)s, %(p)s, %(from)s, %(to)s, %(ordering)s, %(most)s, %(which)s, %(version)s, %(parameters)s, %(reason)s, %(by)s)
        """,
        {
            "id": backfill,
            "ns": namespace,
            "p": pipeline,
            "from": from_at,
            "to": to_at,
            "ordering": ordering,
            "most": max_parallel,
            "which": which,
            "version": version,
            "parameters": Jsonb(dict(parameters)),
            "reason": reason,
            "by": created_by,
        },
    )
    tx.execute(
        """
        INSERT INTO backfill_dates (backfill_id, logical_date, version)
        SELECT %(id)s, * FROM unnest(%(dates)s::timestamptz[], %(versions)s::integer[])
        """,
        {"id": backfill, "dates": [one.date for one in choices if one.runs], "versions": [one.version for one in choices if one.runs]},
    )
    _ring(tx, backfill)
    return backfill


def overlapping(tx: Tx, namespace: str, pipeline: str, from_at: datetime, to_at: datetime) -> str | None:
    """One that is not over and has times of the same stretch."""
    row = tx.execute(
        """
        SELECT id::text AS id FROM backfills
         WHERE namespace = %(ns)s AND pipeline = %(p)s AND state IN ('running', 'paused') AND from_at <= %(to)s AND to_at >= %(from)s
         LIMIT 1
        """,
        {"ns": namespace, "p": pipeline, "from": from_at, "to": to_at},
    ).fetchone()
    return row["id"] if row else None


def past(tx: Tx, namespace: str, pipeline: str, dates: Sequence[datetime]) -> dict[datetime, list[Past]]:
    """What runs there are of these fire times. Replays of rejected rows are none."""
    found: dict[datetime, list[Past]] = {}
    for row in tx.execute(
        """
        SELECT logical_date, id::text AS id, status, finished_at FROM runs
         WHERE namespace = %(ns)s AND pipeline = %(p)s AND logical_date = ANY(%(dates)s) AND trigger ->> 'type' IS DISTINCT FROM 'replay'
         ORDER BY runs.id
        """,
        {"ns": namespace, "p": pipeline, "dates": list(dates)},
    ):
        found.setdefault(row["logical_date"], []).append(Past(row["id"], row["status"], row["finished_at"]))
    return found


def behind(tx: Tx, namespace: str, pipeline: str, dates: Sequence[datetime]) -> set[datetime]:
    """Those of these fire times that its schedule has missed, and will run when their turn comes."""
    keys = {told(date): date for date in dates}
    rows = tx.execute(
        """
        SELECT f.key FROM triggers t JOIN firings f ON f.trigger_id = t.id
         WHERE t.namespace = %(ns)s AND t.pipeline = %(p)s AND t.type = 'schedule' AND f.outcome = 'behind' AND f.key = ANY(%(keys)s)
        """,
        {"ns": namespace, "p": pipeline, "keys": list(keys)},
    )
    return {keys[row["key"]] for row in rows}


def versions(tx: Tx, namespace: str, pipeline: str) -> list[tuple[int, datetime]]:
    """Number and time of each valid version, oldest first."""
    rows = tx.execute(
        """
        SELECT v.version, v.created_at FROM resources r JOIN resource_versions v ON v.uid = r.uid
         WHERE r.kind = 'Pipeline' AND r.namespace = %(ns)s AND r.name = %(p)s AND v.valid ORDER BY v.version
        """,
        {"ns": namespace, "p": pipeline},
    )
    return [(row["version"], row["created_at"]) for row in rows]


def with_room(tx: Tx, limit: int, besides: Collection[str] = ()) -> list[Backfill]:
    """Those that run and have something to start, or nothing left, locked, but for some; those that somebody holds are passed over."""
    rows = tx.execute(
        """
        SELECT b.id::text AS id, b.namespace, b.pipeline, b.ordering, b.max_parallel, b.which, b.version, b.parameters, b.reason
          FROM backfills b
         WHERE b.state = 'running' AND NOT b.id = ANY(%(besides)s::uuid[]) AND b.max_parallel > (
                   SELECT count(*) FROM backfill_dates d WHERE d.backfill_id = b.id AND d.state = 'started' AND d.ended IS NULL)
           AND (EXISTS (SELECT FROM backfill_dates d WHERE d.backfill_id = b.id AND d.state = 'waiting')
                OR NOT EXISTS (SELECT FROM backfill_dates d WHERE d.backfill_id = b.id AND d.state = 'started' AND d.ended IS NULL))
         ORDER BY b.created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit, "besides": list(besides)},
    )
    return [Backfill(**row) for row in rows]


def going(tx: Tx, backfill: str) -> int:
    """So many of its runs have not ended."""
    row = tx.execute(
        "SELECT count(*) AS n FROM backfill_dates WHERE backfill_id = %(id)s AND state = 'started' AND ended IS NULL", {"id": backfill}
    ).fetchone()
    assert row is not None
    return int(row["n"])


def following(tx: Tx, one: Backfill, limit: int, besides: Collection[int] = ()) -> list[tuple[datetime, int]]:
    """Its next dates, with the version of each; `besides`: but for those of these versions."""
    rows = tx.execute(
        """
        SELECT logical_date, version FROM backfill_dates WHERE backfill_id = %(id)s AND state = 'waiting' AND NOT version = ANY(%(besides)s)
         ORDER BY CASE WHEN %(newest)s THEN -extract(epoch FROM logical_date) ELSE extract(epoch FROM logical_date) END LIMIT %(limit)s
        """,
        {"id": one.id, "newest": one.ordering == "newest", "limit": limit, "besides": list(besides)},
    )
    return [(row["logical_date"], row["version"]) for row in rows]


def started(tx: Tx, backfill: str, date: datetime, run: str) -> None:
    """Call it in the transaction that makes the run."""
    tx.execute(
        "UPDATE backfill_dates SET state = 'started', run_id = %(run)s"
        " WHERE backfill_id = %(id)s AND logical_date = %(date)s AND state = 'waiting'",
        {"run": run, "id": backfill, "date": date},
    )


def settled(tx: Tx, backfill: str, date: datetime, state: str, detail: Mapping[str, Any]) -> None:
    """A date that gets no run after all: left_out or refused."""
    tx.execute(
        "UPDATE backfill_dates SET state = %(state)s, run_id = NULL, detail = %(detail)s"
        " WHERE backfill_id = %(id)s AND logical_date = %(date)s",
        {"state": state, "detail": Jsonb(dict(detail)), "id": backfill, "date": date},
    )


def ended(tx: Tx, run: str, status: str) -> None:
    """A run that is asked for again may end again, and otherwise."""
    tx.execute("UPDATE backfill_dates SET ended = %(status)s WHERE run_id = %(run)s", {"status": status, "run": run})


def finish(tx: Tx, backfill: str) -> bool:
    """Where nothing of it is left; false where there is."""
    row = tx.execute(
        """
        UPDATE backfills SET state = 'finished', finished_at = clock_timestamp()
         WHERE id = %(id)s AND state = 'running'
           AND NOT EXISTS (SELECT FROM backfill_dates d WHERE d.backfill_id = %(id)s
                              AND (d.state = 'waiting' OR (d.state = 'started' AND d.ended IS NULL)))
        RETURNING 1 AS finished
        """,
        {"id": backfill},
    ).fetchone()
    return row is not None


def turn(tx: Tx, backfill: str, before: str, to: str) -> bool:
    """From one state to another, where it is in the first."""
    row = tx.execute(
        "UPDATE backfills SET state = %(to)s WHERE id = %(id)s AND state = %(before)s RETURNING 1 AS turned",
        {"to": to, "id": backfill, "before": before},
    ).fetchone()
    _ring(tx, backfill)
    return row is not None


def cancel(tx: Tx, backfill: str) -> list[str] | None:
    """Starts nothing more; the ids of its runs that have not ended, which go on. None where it is over already."""
    row = tx.execute(
        "UPDATE backfills SET state = 'cancelled', finished_at = clock_timestamp()"
        " WHERE id = %(id)s AND state IN ('running', 'paused') RETURNING 1 AS cancelled",
        {"id": backfill},
    ).fetchone()
    if row is None:
        return None
    tx.execute("UPDATE backfill_dates SET state = 'cancelled' WHERE backfill_id = %(id)s AND state = 'waiting'", {"id": backfill})
    return unended(tx, backfill)


def unended(tx: Tx, backfill: str) -> list[str]:
    rows = tx.execute(
        "SELECT run_id::text AS run FROM backfill_dates WHERE backfill_id = %(id)s AND state = 'started' AND ended IS NULL ORDER BY 1",
        {"id": backfill},
    )
    return [row["run"] for row in rows]


def cancel_all(tx: Tx, namespace: str, pipeline: str) -> None:
    """Of a pipeline that is deleted."""
    rows = tx.execute(
        "SELECT id::text AS id FROM backfills WHERE namespace = %(ns)s AND pipeline = %(p)s AND state IN ('running', 'paused') FOR UPDATE",
        {"ns": namespace, "p": pipeline},
    ).fetchall()
    for row in rows:
        cancel(tx, row["id"])


def prune(tx: Tx, older_than: timedelta) -> None:
    """Those that have been over for so long: their runs are gone by then."""
    tx.execute(
        """
        DELETE FROM backfill_dates WHERE backfill_id IN (
               SELECT id FROM backfills WHERE finished_at < clock_timestamp() - %(age)s AND state IN ('finished', 'cancelled'))
        """,
        {"age": older_than},
    )
    tx.execute(
        """
        DELETE FROM backfills b WHERE b.finished_at < clock_timestamp() - %(age)s AND b.state IN ('finished', 'cancelled')
           AND NOT EXISTS (SELECT FROM backfill_dates d WHERE d.backfill_id = b.id)
        """,
        {"age": older_than},
    )


_SHOWN = """
    SELECT b.id::text AS id, b.namespace, b.pipeline, b.from_at, b.to_at, b.ordering, b.max_parallel, b.which, b.version, b.parameters,
           b.reason, b.state, b.created_by, b.created_at, b.finished_at, c.*
      FROM backfills b CROSS JOIN LATERAL (
           SELECT count(*) AS total, count(*) FILTER (WHERE d.state = 'waiting') AS waiting,
                  count(*) FILTER (WHERE d.state = 'started' AND d.ended IS NULL) AS going,
                  count(*) FILTER (WHERE d.ended = 'SUCCEEDED') AS succeeded,
                  count(*) FILTER (WHERE d.ended <> 'SUCCEEDED') AS failed,
                  count(*) FILTER (WHERE d.state = 'left_out') AS left_out, count(*) FILTER (WHERE d.state = 'refused') AS refused,
                  count(*) FILTER (WHERE d.state = 'cancelled') AS cancelled
             FROM backfill_dates d WHERE d.backfill_id = b.id) c
"""


def shown(tx: Tx, backfill: str) -> dict[str, Any] | None:
    return tx.execute(_SHOWN + " WHERE b.id = %(id)s", {"id": backfill}).fetchone()


def page(
    tx: Tx, *, before: str | None, limit: int, namespaces: list[str] | None, namespace: str | None, pipeline: str | None, state: str | None
) -> list[dict[str, Any]]:
    """Newest first, from before an id (ids are in order of time)."""
    return list(
        tx.execute(
            _SHOWN
            + """
             WHERE (%(before)s::uuid IS NULL OR b.id < %(before)s) AND (%(namespaces)s::text[] IS NULL OR b.namespace = ANY(%(namespaces)s))
               AND (%(namespace)s::text IS NULL OR b.namespace = %(namespace)s)
               AND (%(pipeline)s::text IS NULL OR b.pipeline = %(pipeline)s)
               AND (%(state)s::text IS NULL OR b.state = %(state)s)
             ORDER BY b.id DESC LIMIT %(limit)s
            """,
            {"before": before, "limit": limit, "namespaces": namespaces, "namespace": namespace, "pipeline": pipeline, "state": state},
        )
    )


def dates(tx: Tx, backfill: str, after: datetime | None, limit: int) -> list[dict[str, Any]]:
    """{logical_date, version, state, run_id, ended, detail} in order of time, from behind a date."""
    return list(
        tx.execute(
            """
            SELECT logical_date, version, state, run_id::text AS run_id, ended, detail FROM backfill_dates
             WHERE backfill_id = %(id)s AND (%(after)s::timestamptz IS NULL OR logical_date > %(after)s)
             ORDER BY logical_date LIMIT %(limit)s
            """,
            {"id": backfill, "after": after, "limit": limit},
        )
    )


def _ring(tx: Tx, backfill: str) -> None:
    tx.execute("SELECT pg_notify(%(doorbell)s, %(id)s)", {"doorbell": DOORBELL, "id": backfill})
