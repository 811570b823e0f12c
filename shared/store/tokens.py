"""API tokens: only their hashes are kept."""

from __future__ import annotations

import hashlib
from typing import Any

from shared.store.database import Tx
from shared.store.identifiers import new_id


def _hash(token: str) -> bytes:
    # A token is 256 random bits, so a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(token.encode()).digest()


def put(tx: Tx, token: str, name: str, role: str, namespaces: list[str] | None = None) -> None:
    """Idempotent: the same token stays one row."""
    tx.execute(
        "INSERT INTO tokens (id, name, hash, role, namespaces)"
        " VALUES (%(id)s, %(name)s, %(hash)s, %(role)s, %(ns)s) ON CONFLICT (hash) DO NOTHING",
        {"id": new_id(), "name": name, "hash": _hash(token), "role": role, "ns": namespaces},
    )


def find(tx: Tx, token: str) -> dict[str, Any] | None:
    """{id, name, role, namespaces} of a token that holds now."""
    return tx.execute(
        "SELECT id::text AS id, name, role, namespaces FROM tokens"
        " WHERE hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        {"hash": _hash(token)},
    ).fetchone()
