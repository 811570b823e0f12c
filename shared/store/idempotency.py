"""Answers that were given under an Idempotency-Key, so that asking again gives the same one."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def find(tx: Tx, token: str, key: str) -> dict[str, Any] | None:
    """{body_hash, status, location, reply}. Takes a lock, so that the same key asked twice at once is answered one after the other."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 2))", {"key": f"{token}/{key}"})
    return tx.execute(
        "SELECT body_hash, status, location, reply FROM idempotency_keys WHERE token_id = %(t)s AND key = %(k)s", {"t": token, "k": key}
    ).fetchone()


def put(tx: Tx, token: str, key: str, body_hash: bytes, status: int, location: str | None, reply: Any) -> None:
    tx.execute(
        "INSERT INTO idempotency_keys (token_id, key, body_hash, status, location, reply)"
        " VALUES (%(t)s, %(k)s, %(h)s, %(s)s, %(l)s, %(r)s)",
        {"t": token, "k": key, "h": body_hash, "s": status, "l": location, "r": Jsonb(reply)},
    )


def prune(tx: Tx, older_than: timedelta) -> None:
    """Keys of calls that nobody repeats any more; what they promised may be gone by now."""
    tx.execute("DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - %(age)s", {"age": older_than})
