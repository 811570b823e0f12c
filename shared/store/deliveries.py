"""Deliveries of webhooks: what was sent, what became of it, and the run that it started.

No row of a trigger is locked for a delivery: the unique keys of `deliveries` decide which of two that are the same comes first, so that
many senders at once do not stand in line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store import runs
from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was sent. `key`: under which it is done once. `signature`: where it may not be sent again. `content`: its rows, as JSON lines.

    `shares_for`: others that come within it share its run.
    """

    id: str
    key: str
    body_hash: bytes
    size_bytes: int
    signature: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None
    content: str | None = None
    body: str | None = None
    shares_for: timedelta | None = None


_INSERT = """
    WITH hook AS (
        SELECT id FROM triggers WHERE id = %(trigger)s AND active AND version = %(version)s
    ), one AS (
        INSERT INTO deliveries (trigger_id, id, key, signature, body_hash, size_bytes, outcome, detail, run_id, parameters, rows, content,
                                body, closes_at)
        SELECT id, %(id)s::uuid, %(key)s, %(signature)s, %(hash)s, %(size)s, %(outcome)s, %(detail)s::jsonb, %(started)s::uuid,
               %(parameters)s::jsonb, %(rows)s, %(content)s, %(body)s, clock_timestamp() + %(shares_for)s::interval
          FROM hook ON CONFLICT DO NOTHING RETURNING 1
    )
"""
_FIRING = """
    firing AS (
        INSERT INTO firings (trigger_id, key, run_id, outcome) SELECT %(trigger)s::uuid, %(id)s, %(started)s::uuid, 'run' FROM one
    )
"""
_TOLD = "SELECT EXISTS (SELECT FROM hook) AS there, EXISTS (SELECT FROM one) AS new"
_RECORD = f"{_INSERT} {_TOLD}"
_RECORD_AND_RUN = f"{_INSERT}, {_FIRING}, new AS ({runs.NEW}, one), {runs.MAKES} {_TOLD}"


def record(
    tx: Tx,
    trigger: str,
    version: int,
    delivery: Delivery,
    outcome: str,
    *,
    run: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> tuple[bool, bool]:
    """Keeps a delivery, with its run where it starts one (as `runs.create_all` takes it), in one statement. (there, new).

    Not `there`: the trigger is not active, or another version's; nothing was kept. Not `new`: the key or the signature is on record.
    """
    row = tx.execute(
        _RECORD if run is None else _RECORD_AND_RUN,
        {
            **(runs.made([run]) if run is not None else {}),
            "trigger": trigger,
            "version": version,
            "id": delivery.id,
            "key": delivery.key,
            "signature": delivery.signature,
            "hash": delivery.body_hash,
            "size": delivery.size_bytes,
            "outcome": outcome,
            "detail": Jsonb(dict(detail or {})),
            "started": run["run"] if run is not None else None,
            "parameters": Jsonb(dict(delivery.parameters)),
            "rows": delivery.rows,
            "content": delivery.content,
            "body": delivery.body,
            "shares_for": delivery.shares_for,
        },
    ).fetchone()
    assert row is not None
    return bool(row["there"]), bool(row["new"])


def repeated(tx: Tx, trigger: str, key: str, signature: str | None) -> dict[str, Any] | None:
    """The earlier delivery with this key or signature, which was sent once more: {id, key, outcome, body_hash, run}."""
    return tx.execute(
        """
        UPDATE deliveries SET repeats = repeats + 1, repeated_at = clock_timestamp()
         WHERE (trigger_id, id) = (
             SELECT trigger_id, id FROM deliveries
              WHERE trigger_id = %(trigger)s AND (key = %(key)s OR signature = %(signature)s) ORDER BY key = %(key)s DESC LIMIT 1
         ) RETURNING id::text AS id, key, outcome, body_hash, run_id::text AS run
        """,
        {"trigger": trigger, "key": key, "signature": signature},
    ).fetchone()


def hook(tx: Tx, namespace: str, pipeline: str, name: str) -> dict[str, Any] | None:
    """{id, config, version, active}; None where the recipe in force has no such webhook, or its pipeline was deleted."""
    return tx.execute(
        """
        SELECT t.id::text AS id, t.config, t.version, t.active FROM triggers t
          JOIN resources r ON r.kind = 'Pipeline' AND r.namespace = t.namespace AND r.name = t.pipeline
         WHERE t.namespace = %(ns)s AND t.pipeline = %(p)s AND t.name = %(name)s AND t.type = 'webhook' AND r.deleted_at IS NULL
           AND t.version = r.triggers_of
        """,
        {"ns": namespace, "p": pipeline, "name": name},
    ).fetchone()


def forged(tx: Tx, counts: Mapping[str, int]) -> None:
    """So many more, by trigger, that were not let in today."""
    for trigger, count in sorted(counts.items()):
        tx.execute(
            """
            INSERT INTO forged AS f (trigger_id, day, deliveries) VALUES (%(trigger)s, current_date, %(count)s)
            ON CONFLICT (trigger_id, day) DO UPDATE SET deliveries = f.deliveries + excluded.deliveries
            """,
            {"trigger": trigger, "count": count},
        )


def forged_lately(tx: Tx, trigger: str, days: int = 7) -> int:
    row = tx.execute(
        "SELECT coalesce(sum(deliveries), 0)::bigint AS deliveries FROM forged"
        " WHERE trigger_id = %(trigger)s AND day > current_date - %(days)s::int",
        {"trigger": trigger, "days": days},
    ).fetchone()
    assert row is not None
    return int(row["deliveries"])


_SHOWN = """
    SELECT id::text AS id, at, key, outcome, detail, run_id::text AS run, parameters, rows, size_bytes, body, closes_at, repeats,
           repeated_at
      FROM deliveries WHERE trigger_id = %(trigger)s
"""


def page(tx: Tx, trigger: str, *, before: str | None, limit: int, outcome: str | None) -> list[dict[str, Any]]:
    """Newest first, from before an id."""
    return list(
        tx.execute(
            _SHOWN + " AND (%(before)s::uuid IS NULL OR id < %(before)s) AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)"
            " ORDER BY deliveries.id DESC LIMIT %(limit)s",
            {"trigger": trigger, "before": before, "outcome": outcome, "limit": limit},
        )
    )


def one(tx: Tx, trigger: str, delivery: str, *, lock: bool = False) -> dict[str, Any] | None:
    statement = _SHOWN + " AND id = %(id)s" + (" FOR UPDATE" if lock else "")
    return tx.execute(statement, {"trigger": trigger, "id": delivery}).fetchone()


def decided(tx: Tx, trigger: str, delivery: str, outcome: str, *, run: str | None, detail: Mapping[str, Any]) -> None:
    """What became of one that was parked; its row is held. The body was kept for who had to decide, what it says for its run."""
    tx.execute(
        """
        UPDATE deliveries
           SET outcome = %(outcome)s, run_id = %(run)s, detail = %(detail)s, body = NULL,
               content = CASE WHEN %(run)s::uuid IS NOT NULL THEN content END,
               parameters = CASE WHEN %(run)s::uuid IS NOT NULL THEN parameters ELSE '{}' END
         WHERE trigger_id = %(trigger)s AND id = %(id)s
        """,
        {"trigger": trigger, "id": delivery, "outcome": outcome, "run": run, "detail": Jsonb(dict(detail))},
    )


def to_close(tx: Tx, limit: int) -> list[str]:
    """Triggers for which the time of a shared run has come, those that waited longest first."""
    rows = tx.execute(
        """
        SELECT trigger_id::text AS id FROM deliveries WHERE outcome = 'pending' AND closes_at <= clock_timestamp()
         GROUP BY trigger_id ORDER BY min(closes_at) LIMIT %(limit)s
        """,
        {"limit": limit},
    )
    return [row["id"] for row in rows]


def take_pending(tx: Tx, trigger: str, run: str, limit: int) -> list[str]:
    """Gives a run the deliveries that wait for one, the oldest first; their ids. Call it under the trigger's row."""
    rows = tx.execute(
        """
        UPDATE deliveries SET outcome = 'accepted', run_id = %(run)s
         WHERE trigger_id = %(trigger)s AND id IN (
             SELECT id FROM deliveries WHERE trigger_id = %(trigger)s AND outcome = 'pending' ORDER BY id LIMIT %(limit)s FOR UPDATE
         ) RETURNING id::text AS id
        """,
        {"trigger": trigger, "run": run, "limit": limit},
    )
    return sorted(row["id"] for row in rows)


def refuse(tx: Tx, trigger: str, ids: Sequence[str], error: Mapping[str, Any]) -> None:
    """The run that they were given to could not be made."""
    tx.execute(
        "UPDATE deliveries SET outcome = 'refused', run_id = NULL, detail = %(error)s WHERE trigger_id = %(trigger)s AND id = ANY(%(ids)s)",
        {"trigger": trigger, "ids": list(ids), "error": Jsonb(dict(error))},
    )


def put_off(tx: Tx, trigger: str, wait: timedelta) -> None:
    """The run of those that wait for one cannot be made now."""
    tx.execute(
        """
        UPDATE deliveries SET closes_at = greatest(closes_at, clock_timestamp() + %(wait)s)
         WHERE trigger_id = %(trigger)s AND outcome = 'pending'
        """,
        {"trigger": trigger, "wait": wait},
    )


def contents(tx: Tx, run: str) -> Iterator[tuple[str, str]]:
    """Of each delivery of a run that brought rows, in the order in which they came: the trigger's name, and the rows as JSON lines."""
    # A batch may be large: its rows are fetched as they are needed.
    with tx.cursor("contents") as found:
        found.itersize = 10
        found.execute(
            """
            SELECT t.name, d.content FROM deliveries d JOIN triggers t ON t.id = d.trigger_id
             WHERE d.run_id = %(run)s AND d.content IS NOT NULL ORDER BY d.id
            """,
            {"run": run},
        )
        for row in found:
            yield row["name"], row["content"]


_PRUNED_AT_ONCE = 20_000


def prune(tx: Tx, older_than: datetime, limit: int = _PRUNED_AT_ONCE) -> bool:
    """Deliveries, and the firings beside them, of runs that are no longer there; parked ones stay until somebody decides.

    True where there may be more.
    """
    row = tx.execute(
        """
        WITH gone AS (
            DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
                SELECT d.ctid FROM deliveries d WHERE d.at < %(at)s AND d.outcome NOT IN ('parked', 'pending')
                   AND NOT EXISTS (SELECT FROM runs r WHERE r.id = d.run_id) LIMIT %(limit)s)) RETURNING trigger_id, id
        ), beside AS (
            DELETE FROM firings f USING gone WHERE f.trigger_id = gone.trigger_id AND f.key = gone.id::text
        )
        SELECT count(*) AS gone FROM gone
        """,
        {"at": older_than, "limit": limit},
    ).fetchone()
    assert row is not None
    if row["gone"] == limit:
        return True
    tx.execute("DELETE FROM forged WHERE day < %(at)s::date", {"at": older_than})
    return False


def fired(tx: Tx, trigger: str, delivery: str, run: str) -> None:
    """That a delivery started a run later than it came."""
    tx.execute(
        "INSERT INTO firings (trigger_id, key, run_id, outcome) VALUES (%(trigger)s, %(key)s, %(run)s, 'run')",
        {"trigger": trigger, "key": delivery, "run": run},
    )
