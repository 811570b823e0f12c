"""Credentials: sealed before they come here, or the place in another store where they are kept. Each save is a version; only the newest is
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.store.database import Tx

DATABASE = "database"


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


def put_elsewhere(tx: Tx, namespace: str, name: str, version: int, type_: str, store: str, path: str) -> None:
    """Only where it is kept; the values stay there."""
    tx.execute(
        "INSERT INTO credentials (namespace, name, version, type, store, path)"
        " VALUES (%(ns)s, %(n)s, %(v)s, %(type)s, %(store)s, %(path)s)",
        {"ns": namespace, "n": name, "v": version, "type": type_, "store": store, "path": path},
    )


def read(tx: Tx, namespace: str, name: str) -> dict[str, Any] | None:
    """The newest version: {version, type, store, sealed, path, created_at}; `sealed` in the database, else `path` in that store."""
    return tx.execute(
        "SELECT version, type, store, sealed, path, created_at FROM credentials WHERE namespace = %(ns)s AND name = %(n)s"
        " ORDER BY version DESC LIMIT 1",
        {"ns": namespace, "n": name},
    ).fetchone()


def listed(tx: Tx, visible: Sequence[str] | None, after: tuple[str, str] | None, limit: int) -> list[dict[str, Any]]:
    """The newest versions without their values, by namespace and name. `visible`: namespaces; None: all."""
    return list(
        tx.execute(
            """
            SELECT DISTINCT ON (namespace, name) namespace, name, version, type, store, path, created_at FROM credentials
             WHERE (%(visible)s::text[] IS NULL OR namespace = ANY(%(visible)s))
               AND (%(after_ns)s::text IS NULL OR (namespace, name) > (%(after_ns)s, %(after_n)s))
             ORDER BY namespace, name, version DESC LIMIT %(limit)s
            """,
            {
                "visible": list(visible) if visible is not None else None,
                "after_ns": after[0] if after else None,
                "after_n": after[1] if after else None,
                "limit": limit,
            },
        )
    )


def sealed_after(tx: Tx, after: tuple[str, str, int], limit: int) -> list[dict[str, Any]]:
    """Versions with their sealed values, locked, in order of their keys: {namespace, name, version, sealed}."""
    return list(
        tx.execute(
            """
            SELECT namespace, name, version, sealed FROM credentials
             WHERE sealed IS NOT NULL AND (namespace, name, version) > (%(ns)s, %(n)s, %(v)s)
             ORDER BY namespace, name, version LIMIT %(limit)s FOR UPDATE
            """,
            {"ns": after[0], "n": after[1], "v": after[2], "limit": limit},
        )
    )


def reseal(tx: Tx, namespace: str, name: str, version: int, sealed: bytes) -> None:
    """The same values under another key."""
    tx.execute(
        "UPDATE credentials SET sealed = %(sealed)s WHERE namespace = %(ns)s AND name = %(n)s AND version = %(v)s",
        {"ns": namespace, "n": name, "v": version, "sealed": sealed},
    )


def delete(tx: Tx, namespace: str, name: str) -> bool:
    return tx.execute("DELETE FROM credentials WHERE namespace = %(ns)s AND name = %(n)s", {"ns": namespace, "n": name}).rowcount > 0
