"""What the API needs from a worker. The asker waits for the row; a request that nobody answered in time is asked again by whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.store.runs import DOORBELL

# Its message was lost, if no worker with a free slot has taken it by then. Checks wait in line for each other, and need not be soon.
SEND_AGAIN = timedelta(seconds=3)
SEND_CHECK_AGAIN = timedelta(seconds=60)


def put(tx: Tx, kind: str, namespace: str, args: Mapping[str, Any], *, asked_by: str, valid_for: timedelta) -> str:
    """Asks; the schedulers are rung, and send it to a worker. Returns the request's id."""
    request = new_id()
    tx.execute(
        """
        INSERT INTO requests (id, kind, namespace, args, created_by, expires_at)
        VALUES (%(id)s, %(kind)s, %(namespace)s, %(args)s, %(by)s, clock_timestamp() + %(valid)s)
        """,
        {"id": request, "kind": kind, "namespace": namespace, "args": Jsonb(dict(args)), "by": asked_by, "valid": valid_for},
    )
    tx.execute("SELECT pg_notify(%(doorbell)s, %(id)s)", {"doorbell": DOORBELL, "id": request})
    return request


def to_send(tx: Tx) -> dict[str, str]:
    """id -> kind of requests that wait and were not sent lately; they count as sent now.

    A look (kind 'watch') is sent once: its trigger asks anew when its time is over, and while no worker answers, messages would heap up.
    """
    rows = tx.execute(
        """
        UPDATE requests SET sent_at = clock_timestamp()
         WHERE id IN (SELECT id FROM requests
                       WHERE state = 'PENDING' AND expires_at > clock_timestamp()
                         AND (sent_at IS NULL OR kind <> 'watch'
                              AND sent_at + CASE WHEN kind IN ('check', 'profile') THEN %(check)s ELSE %(again)s END < clock_timestamp())
                       ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)
        RETURNING id::text AS id, kind
        """,
        {"again": SEND_AGAIN, "check": SEND_CHECK_AGAIN},
    )
    return {row["id"]: row["kind"] for row in rows}


def claim(tx: Tx, request: str, worker: str) -> dict[str, Any] | None:
    """PENDING -> RUNNING for exactly one worker: {id, kind, namespace, args, seconds_left}; None when it is not to be had any more.

    The `args` of a look (kind 'watch') hold `claimedAt` then: what it finds was so at that time or later.
    """
    return tx.execute(
        """
        UPDATE requests
           SET state = 'RUNNING', worker = %(worker)s,
               args = CASE WHEN kind = 'watch' THEN args || jsonb_build_object('claimedAt', clock_timestamp()) ELSE args END
         WHERE id = %(id)s AND state = 'PENDING' AND expires_at > clock_timestamp()
        RETURNING id::text AS id, kind, namespace, args, extract(epoch FROM expires_at - clock_timestamp())::float AS seconds_left
        """,
        {"id": request, "worker": worker},
    ).fetchone()


def answer(tx: Tx, request: str, state: str, reply: Mapping[str, Any]) -> bool:
    """`state`: DONE, with what was asked for, or FAILED, with an error as PenstockError.to_json. False: it was answered before."""
    row = tx.execute(
        "UPDATE requests SET state = %(state)s, reply = %(reply)s WHERE id = %(id)s AND state = 'RUNNING' RETURNING 1 AS done",
        {"id": request, "state": state, "reply": Jsonb(dict(reply))},
    ).fetchone()
    return row is not None


def drop(tx: Tx, request: str) -> None:
    """Nobody will ask for its reply."""
    tx.execute("DELETE FROM requests WHERE id = %(id)s", {"id": request})


def read(tx: Tx, among: Sequence[str]) -> dict[str, dict[str, Any]]:
    """id -> {kind, namespace, state, worker, args, reply}."""
    rows = tx.execute(
        "SELECT id::text AS id, kind, namespace, state, worker, args, reply FROM requests WHERE id = ANY(%(ids)s::uuid[])",
        {"ids": list(among)},
    )
    return {row["id"]: row for row in rows}


def prune(tx: Tx) -> None:
    """Nobody waits for these any more."""
    tx.execute("DELETE FROM requests WHERE expires_at < clock_timestamp() - interval '1 hour'")
