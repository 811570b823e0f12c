"""What file triggers have seen, a row for each path; and the asking of workers, who look. All of it under the trigger's row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx

# A path in a key of `firings` is at most 1,024 bytes long.
Listed = Sequence[tuple[str, str, int, datetime | None, str | None, bool]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A version of a file that is complete and has not been dealt with. `key`: of its row in `firings`."""

    path: str
    version: str
    size_bytes: int
    modified_at: datetime | None
    checksum: str | None
    late: bool
    same_as: str | None

    @property
    def key(self) -> str:
        return f"{self.path}@{self.version}"


def asked(tx: Tx, trigger: str, request: str, again: timedelta) -> None:
    """A worker has been asked to look; unless it answers, another is asked when `again` is over."""
    tx.execute(
        "UPDATE triggers SET asked = %(request)s, look_at = clock_timestamp() + %(again)s WHERE id = %(id)s",
        {"id": trigger, "request": request, "again": again},
    )


def is_asked(tx: Tx, trigger: str, request: str) -> bool:
    """Whether an answer to that request still counts."""
    row = tx.execute("SELECT asked::text AS asked FROM triggers WHERE id = %(id)s", {"id": trigger}).fetchone()
    return row is not None and row["asked"] == request


def look_in(tx: Tx, trigger: str, wait: timedelta, problem: Mapping[str, Any] | None) -> None:
    """The answer is recorded; the next look is after `wait`."""
    tx.execute(
        "UPDATE triggers SET asked = NULL, look_at = clock_timestamp() + %(wait)s, problem = %(problem)s WHERE id = %(id)s",
        {"id": trigger, "wait": wait, "problem": Jsonb(dict(problem)) if problem is not None else None},
    )


def remember(tx: Tx, trigger: str, state: Mapping[str, Any]) -> None:
    """What it needs at its next look."""
    tx.execute("UPDATE triggers SET state = %(state)s WHERE id = %(id)s", {"id": trigger, "state": Jsonb(dict(state))})


def note(tx: Tx, trigger: str, listed: Listed) -> None:
    """All that is there now: (path, version, size, time of change, checksum, whether it is ready). What is not listed is gone.

    Only rows that change are written.
    """
    paths, versions, sizes, times, checksums, ready = ([one[at] for one in listed] for at in range(6))
    tx.execute(
        """
        WITH listed AS MATERIALIZED (
            SELECT * FROM unnest(%(paths)s::text[], %(versions)s::text[], %(sizes)s::bigint[], %(times)s::timestamptz[],
                                 %(checksums)s::text[], %(ready)s::boolean[])
                     AS l (path, version, size_bytes, modified_at, checksum, ready)
        ), known AS MATERIALIZED (
            -- What is gone, and not back, stays as it is: over the years there is much more of it than of what is there.
            SELECT path, version, ready, gone_at FROM arrivals
             WHERE trigger_id = %(id)s AND (gone_at IS NULL OR path IN (SELECT path FROM listed))
        ), gone AS (
            UPDATE arrivals a SET gone_at = clock_timestamp()
              FROM known k
             WHERE a.trigger_id = %(id)s AND a.path = k.path AND k.gone_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.path = k.path)
        )
        INSERT INTO arrivals (trigger_id, path, version, size_bytes, modified_at, checksum, ready, since)
        SELECT %(id)s, l.path, l.version, l.size_bytes, l.modified_at, l.checksum, l.ready, clock_timestamp()
          FROM listed l LEFT JOIN known k ON k.path = l.path
         WHERE k.path IS NULL OR k.version <> l.version OR k.ready <> l.ready OR k.gone_at IS NOT NULL
        ON CONFLICT (trigger_id, path) DO UPDATE
           SET version = excluded.version, size_bytes = excluded.size_bytes, modified_at = excluded.modified_at,
               checksum = excluded.checksum, ready = excluded.ready, gone_at = NULL,
               since = CASE WHEN arrivals.version = excluded.version AND arrivals.gone_at IS NULL THEN arrivals.since
                            ELSE excluded.since END
        """,
        {
            "id": trigger, "paths": paths, "versions": versions, "sizes": sizes, "times": times, "checksums": checksums, "ready": ready,
        },
    )  # fmt: skip


def complete(tx: Tx, trigger: str, quiet: timedelta, limit: int, began_at: str | None = None) -> list[Arrival]:
    """Versions that are there, ready and unchanged for so long, and have not been dealt with: the oldest first.

    `began_at`: when the look began that `note` was told of last, in ISO 8601; None: now. What it found is no younger, however long its
    answer took, and `since` is no older than what the look before found: so these two were really that far apart.

    Call it after `note`. With no time to wait, what was seen for the first time just now is among them.
    """
    rows = tx.execute(
        """
        SELECT a.path, a.version, a.size_bytes, a.modified_at, a.checksum,
               coalesce(a.modified_at < (SELECT max(b.modified_at) FROM arrivals b
                                          WHERE b.trigger_id = %(id)s AND b.handled IS NOT NULL), false) AS late,
               (SELECT min(b.path) FROM arrivals b
                 WHERE b.trigger_id = %(id)s AND b.checksum = a.checksum AND b.size_bytes = a.size_bytes AND b.path <> a.path
                   AND (b.handled IS NOT NULL OR b.path < a.path)) AS same_as
          FROM (SELECT * FROM arrivals
                 WHERE trigger_id = %(id)s AND gone_at IS NULL AND ready AND handled IS DISTINCT FROM version
                   AND (%(quiet)s::interval = interval '0' OR since <= coalesce(%(began)s::timestamptz, clock_timestamp()) - %(quiet)s)
                 ORDER BY modified_at NULLS LAST, path LIMIT %(limit)s) a
         ORDER BY a.modified_at NULLS LAST, a.path
        """,
        {"id": trigger, "quiet": quiet, "limit": limit, "began": began_at},
    )
    return [Arrival(**row) for row in rows]


def next_complete_in(tx: Tx, trigger: str, quiet: timedelta) -> timedelta | None:
    """When the first of those that wait for nothing but time will be complete; None where there are none."""
    row = tx.execute(
        """
        SELECT min(since) + %(quiet)s - clock_timestamp() AS wait FROM arrivals
         WHERE trigger_id = %(id)s AND gone_at IS NULL AND ready AND handled IS DISTINCT FROM version
        """,
        {"id": trigger, "quiet": quiet},
    ).fetchone()
    return row["wait"] if row else None


def handled(tx: Tx, trigger: str, dealt_with: Sequence[tuple[Arrival, str | None]]) -> None:
    """With the run of each; None for those that had theirs before."""
    tx.execute(
        """
        UPDATE arrivals a SET handled = d.version, run_id = coalesce(d.run, a.run_id), late = d.late, same_as = d.same_as
          FROM unnest(%(paths)s::text[], %(versions)s::text[], %(runs)s::uuid[], %(late)s::boolean[], %(same)s::text[])
                 AS d (path, version, run, late, same_as)
         WHERE a.trigger_id = %(id)s AND a.path = d.path AND a.version = d.version
        """,
        {
            "id": trigger,
            "paths": [one.path for one, _ in dealt_with],
            "versions": [one.version for one, _ in dealt_with],
            "runs": [run for _, run in dealt_with],
            "late": [one.late for one, _ in dealt_with],
            "same": [one.same_as for one, _ in dealt_with],
        },
    )


def fire_all(tx: Tx, trigger: str, found: Sequence[Arrival], run: str) -> None:
    """A row of `firings` for each, all with one run. None of them may be on record (`shared.store.triggers.known`)."""
    tx.execute(
        """
        INSERT INTO firings (trigger_id, key, run_id, outcome) SELECT %(id)s, key, %(run)s, 'run' FROM unnest(%(keys)s::text[]) AS k (key)
        """,
        {"id": trigger, "run": run, "keys": [one.key for one in found]},
    )


_STATES = """
    CASE WHEN gone_at IS NOT NULL AND handled IS DISTINCT FROM version THEN 'vanished'
         WHEN gone_at IS NOT NULL THEN 'gone'
         WHEN handled IS NOT DISTINCT FROM version THEN 'done'
         WHEN NOT ready THEN 'unmarked'
         ELSE 'settling' END
"""


def files(tx: Tx, trigger: str, *, state: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """By path, from the one after `after` on."""
    return list(
        tx.execute(
            f"""
            SELECT * FROM (SELECT path, size_bytes, modified_at, checksum, since, run_id::text AS run_id, late, same_as, gone_at,
                                  {_STATES} AS state
                             FROM arrivals WHERE trigger_id = %(id)s AND path > %(after)s) a
             WHERE %(state)s::text IS NULL OR a.state = %(state)s OR (%(state)s = 'late' AND a.late)
                OR (%(state)s = 'duplicate' AND a.same_as IS NOT NULL)
             ORDER BY path LIMIT %(limit)s
            """,  # noqa: S608 (a constant)
            {"id": trigger, "state": state, "after": after, "limit": limit},
        )
    )


def counts(tx: Tx, trigger: str) -> dict[str, int]:
    """Paths by state, and how many are late or duplicates."""
    row = tx.execute(
        f"""
        SELECT count(*) FILTER (WHERE state = 'settling') AS settling, count(*) FILTER (WHERE state = 'unmarked') AS unmarked,
               count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'vanished') AS vanished,
               count(*) FILTER (WHERE state = 'gone') AS gone, count(*) FILTER (WHERE late) AS late,
               count(*) FILTER (WHERE same_as IS NOT NULL) AS duplicate
          FROM (SELECT late, same_as, {_STATES} AS state FROM arrivals WHERE trigger_id = %(id)s) a
        """,  # noqa: S608 (a constant)
        {"id": trigger},
    ).fetchone()
    assert row is not None
    return dict(row)


def problem(tx: Tx, trigger: str) -> tuple[dict[str, Any] | None, datetime | None]:
    """Why it could not look last, and when it is looked at next."""
    row = tx.execute("SELECT problem, look_at FROM triggers WHERE id = %(id)s", {"id": trigger}).fetchone()
    return (row["problem"], row["look_at"]) if row else (None, None)
