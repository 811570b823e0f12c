"""The chain of commits and the tree at its end. Written under one lock, so that it is a chain; see `shared.versions.seal`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.store.database import Tx
from shared.store.definitions import DefinitionMissing
from shared.store.resources import with_texts

_LOCK = "penstock.commits"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Commit:
    """`version` and `document` are None where the commit deletes the file."""

    number: int
    sha: str
    parent: str | None
    uid: str
    version: int | None
    path: str
    author: str
    message: str
    at: datetime


def lock(tx: Tx) -> None:
    """Until the transaction's end. Taken after the rows of all resources that are saved, or two savers could wait for each other."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(lock)s, 0))", {"lock": _LOCK})


def head(tx: Tx) -> Commit | None:
    row = tx.execute(
        "SELECT number, sha, parent, uid::text AS uid, version, path, author, message, at FROM commits ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return Commit(**row) if row else None


def number_of(tx: Tx, sha: str) -> int | None:
    row = tx.execute("SELECT number FROM commits WHERE sha = %(sha)s", {"sha": sha}).fetchone()
    return row["number"] if row else None


def after(tx: Tx, number: int, limit: int) -> list[tuple[Commit, str | None]]:
    """The commits that follow, in order, each with the text it put there; None where it deleted one."""
    rows = tx.execute(
        """
        SELECT c.number, c.sha, c.parent, c.uid::text AS uid, c.version, c.path, c.author, c.message, c.at,
               r.kind, r.namespace, r.name, v.document, v.document_sha
          FROM commits c JOIN resources r USING (uid) LEFT JOIN resource_versions v ON v.uid = c.uid AND v.version = c.version
         WHERE c.number > %(number)s ORDER BY c.number LIMIT %(limit)s
        """,
        {"number": number, "limit": limit},
    )
    return [(Commit(**{field: row[field] for field in Commit.__slots__}), _text(tx, row)) for row in rows]


def _text(tx: Tx, row: dict[str, Any]) -> str | None:
    return str(next(with_texts(tx, [row]))["document"]) if row["version"] is not None else None


def insert(tx: Tx, commit: Commit) -> None:
    tx.execute(
        """
        WITH made AS (
            INSERT INTO commits (number, sha, parent, uid, version, path, author, message, at)
            VALUES (%(number)s, %(sha)s, %(parent)s, %(uid)s, %(version)s, %(path)s, %(author)s, %(message)s, %(at)s)
        )
        UPDATE resource_versions SET git_commit_sha = %(sha)s WHERE uid = %(uid)s AND version = %(version)s
        """,
        {field: getattr(commit, field) for field in commit.__slots__},
    )


def uncommitted(tx: Tx) -> list[dict[str, Any]]:
    """Versions that no commit holds yet, in the order of their saving; {uid, kind, namespace, name, version, document, author, message,
    at, deleted}. `deleted`: its resource is, and this is its newest version."""
    rows = tx.execute(
        """
        SELECT v.uid::text AS uid, r.kind, r.namespace, r.name, v.version, v.document, v.document_sha, v.author, v.message,
               v.created_at AS at, r.deleted_at IS NOT NULL AND v.version = r.current_version AS deleted
          FROM resource_versions v JOIN resources r USING (uid)
         WHERE v.git_commit_sha IS NULL ORDER BY v.position
        """
    )
    found: list[dict[str, Any]] = []
    waiting: set[str] = set()
    for row in rows:
        try:
            found += with_texts(tx, [row] if row["uid"] not in waiting else [])
        except DefinitionMissing as error:
            # It waits for its text to come back, and its later versions with it; what others save does not.
            waiting.add(row["uid"])
            log.warning("not in Git yet: %s", error.message)
    return found


def entries(tx: Tx, folders: Sequence[str]) -> dict[str, dict[str, str]]:
    """folder -> name -> sha, of the newest commit's tree."""
    found: dict[str, dict[str, str]] = {folder: {} for folder in folders}
    for row in tx.execute("SELECT folder, name, sha FROM commit_tree WHERE folder = ANY(%(folders)s)", {"folders": list(folders)}):
        found[row["folder"]][row["name"]] = row["sha"]
    return found


def put_entry(tx: Tx, folder: str, name: str, sha: str | None) -> None:
    """None takes it away."""
    if sha is None:
        tx.execute("DELETE FROM commit_tree WHERE folder = %(folder)s AND name = %(name)s", {"folder": folder, "name": name})
        return
    tx.execute(
        "INSERT INTO commit_tree (folder, name, sha) VALUES (%(folder)s, %(name)s, %(sha)s)"
        " ON CONFLICT (folder, name) DO UPDATE SET sha = excluded.sha",
        {"folder": folder, "name": name, "sha": sha},
    )
