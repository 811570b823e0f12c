"""Credentials, sealed before they come here. Each save is a version; only the newest is read."""

from __future__ import annotations

from typing import Any

from shared.store.database import Tx


def next_version(tx: Tx, namespace: str, name: str) -> int:
    """The number the next save must be sealed for. Saves of one credential wait for one another."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 1))", {"key": f"{namespace}/{name}"})
    row = tx.execute(
        "SELECT coalesce(max(version), 0) + 1 AS version FROM credentials WHERE namespace = %(ns)s AND name = %(n)s",
        {"ns": namespace, "n": name},
    ).fetchone()
    return int(row["version"]) if row else 1


def put(tx: Tx, namespace: str, name: str, version: int, type_: str, sealed: bytes) -> None:
    tx.execute(
        "INSERT INTO credentials (namespace, name, version, type, sealed) VALUES (%(ns)s, %(n)s, %(v)s, %(type)s, %(sealed)s)",
        {"ns": namespace, "n": name, "v": version, "type": type_, "sealed": sealed},
    )


def read(tx: Tx, namespace: str, name: str) -> dict[str, Any] | None:
    """The newest version: {version, type, sealed}."""
    return tx.execute(
        "SELECT version, type, sealed FROM credentials WHERE namespace = %(ns)s AND name = %(n)s ORDER BY version DESC LIMIT 1",
        {"ns": namespace, "n": name},
    ).fetchone()


def delete(tx: Tx, namespace: str, name: str) -> bool:
    return tx.execute("DELETE FROM credentials WHERE namespace = %(ns)s AND name = %(n)s", {"ns": namespace, "n": name}).rowcount > 0
