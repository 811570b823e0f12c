"""Resources (pipelines, connectors, rule sets …) and every version of them that was saved, as the text that a person wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.errors import PenstockError
from shared.store import definitions
from shared.store.database import Tx
from shared.store.definitions import Place
from shared.store.identifiers import new_id
from shared.store.text import fitting


@dataclass(frozen=True, slots=True)
class Saved:
    """`created`: there was no such resource (or it had been deleted). `changed`: a new version was made. `sha`: None until it is sealed."""

    uid: str
    version: int
    created: bool
    changed: bool
    sha: str | None = None


def save(
    tx: Tx, *, kind: str, namespace: str, name: str, text: str, valid: bool, problems: Sequence[dict[str, Any]], author: str, message: str
) -> Saved:
    """The next version, counted on after a deletion; none when the current one has the same text.

    Saves of one resource go one after another.
    """
    # They quote the text, which may have said "\0".
    found = Jsonb(fitting(problems))
    digest = definitions.digest(text)
    row = tx.execute(
        """
        INSERT INTO resources (uid, kind, namespace, name, current_version) VALUES (%(uid)s, %(kind)s, %(namespace)s, %(name)s, 0)
        ON CONFLICT (kind, namespace, name) DO UPDATE SET name = excluded.name
        RETURNING uid::text AS uid, current_version, deleted_at IS NOT NULL AS deleted
        """,
        {"uid": new_id(), "kind": kind, "namespace": namespace, "name": name},
    ).fetchone()
    assert row is not None
    uid, current, fresh = row["uid"], row["current_version"], row["current_version"] == 0 or row["deleted"]
    if not fresh:
        same = tx.execute(
            "UPDATE resource_versions SET valid = %(valid)s, problems = %(problems)s"
            " WHERE uid = %(uid)s AND version = %(version)s AND document_sha = %(sha)s RETURNING git_commit_sha",
            {"uid": uid, "version": current, "sha": digest, "valid": valid, "problems": found},
        ).fetchone()
        if same is not None:
            return Saved(uid, current, created=False, changed=False, sha=same["git_commit_sha"])
    tx.execute(
        """
        INSERT INTO resource_versions (uid, version, parent_version, document, document_sha, valid, problems, author, message)
        VALUES (%(uid)s, %(version)s, %(parent)s, %(text)s, %(sha)s, %(valid)s, %(problems)s, %(author)s, %(message)s)
        """,
        {
            "uid": uid,
            "version": current + 1,
            "parent": current or None,
            "text": tx.definitions.keep(Place(kind, namespace, name, current + 1, digest), text),
            "sha": digest,
            "valid": valid,
            "problems": found,
            "author": author,
            "message": message,
        },
    )
    tx.execute("UPDATE resources SET current_version = %(v)s, deleted_at = NULL WHERE uid = %(uid)s", {"v": current + 1, "uid": uid})
    return Saved(uid, current + 1, created=fresh, changed=True)


def hold(tx: Tx, kind: str, namespace: str, name: str) -> int | None:
    """The current version's number, which stays that until the transaction ends; None where there is no such resource.

    A statement of its own: one that joins the version would, having waited for another save, look for the old number beside the new row.
    """
    row = tx.execute(
        """
        SELECT current_version FROM resources
         WHERE kind = %(kind)s AND namespace = %(namespace)s AND name = %(name)s AND deleted_at IS NULL FOR UPDATE
        """,
        {"kind": kind, "namespace": namespace, "name": name},
    ).fetchone()
    return int(row["current_version"]) if row else None


_CURRENT = """
    SELECT r.uid::text AS uid, r.kind, r.namespace, r.name, v.version, v.git_commit_sha, v.document, v.document_sha, v.valid, v.problems,
    v.author, v.message,
           r.created_at, v.created_at AS saved_at
      FROM resources r JOIN resource_versions v ON v.uid = r.uid AND v.version = r.current_version
     WHERE r.deleted_at IS NULL
"""


def current(tx: Tx, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
    rows = tx.execute(
        _CURRENT + " AND r.kind = %(kind)s AND r.namespace = %(namespace)s AND r.name = %(name)s",
        {"kind": kind, "namespace": namespace, "name": name},
    )
    return next(with_texts(tx, rows), None)


_VERSION = """
    SELECT r.uid::text AS uid, r.kind, r.namespace, r.name, v.version, v.parent_version, v.git_commit_sha, v.document, v.document_sha,
           v.valid, v.problems, v.author, v.message, v.created_at AS saved_at,
           r.deleted_at IS NULL AND v.version = r.current_version AS current
      FROM resources r JOIN resource_versions v ON v.uid = r.uid
     WHERE r.kind = %(kind)s AND r.namespace = %(namespace)s AND r.name = %(name)s
"""


def at_version(tx: Tx, kind: str, namespace: str, name: str, version: int) -> dict[str, Any] | None:
    """Of a deleted resource too: its history stays."""
    rows = tx.execute(_VERSION + " AND v.version = %(version)s", {"kind": kind, "namespace": namespace, "name": name, "version": version})
    return next(with_texts(tx, rows), None)


def at_versions(
    tx: Tx, kind: str, versions: Collection[tuple[str, str, int]]
) -> dict[tuple[str, str, int], dict[str, Any] | PenstockError]:
    """{uid, namespace, name, version, git_commit_sha, document} of many at once, by namespace, name and version; in the place of one whose
    text is not where it is kept, the error.
    """
    found: dict[tuple[str, str, int], dict[str, Any] | PenstockError] = {}
    for row in tx.execute(
        """
        SELECT r.uid::text AS uid, r.kind, r.namespace, r.name, v.version, v.git_commit_sha, v.document, v.document_sha
          FROM unnest(%(namespaces)s::text[], %(names)s::text[], %(versions)s::integer[]) AS of (namespace, name, version)
          JOIN resources r ON r.kind = %(kind)s AND r.namespace = of.namespace AND r.name = of.name
          JOIN resource_versions v ON v.uid = r.uid AND v.version = of.version
        """,
        {
            "kind": kind,
            "namespaces": [namespace for namespace, _, _ in versions],
            "names": [name for _, name, _ in versions],
            "versions": [version for _, _, version in versions],
        },
    ):
        try:
            found[row["namespace"], row["name"], row["version"]] = next(with_texts(tx, [row]))
        except PenstockError as error:
            found[row["namespace"], row["name"], row["version"]] = error
    return found


def history(tx: Tx, kind: str, namespace: str, name: str, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Versions as `at_version` gives them, the newest first, from before a number; those of a deleted resource too."""
    return list(
        with_texts(
            tx,
            tx.execute(
                _VERSION + " AND (%(before)s::integer IS NULL OR v.version < %(before)s) ORDER BY v.version DESC LIMIT %(limit)s",
                {"kind": kind, "namespace": namespace, "name": name, "before": before, "limit": limit},
            ),
        )
    )


def listed(
    tx: Tx,
    kind: str,
    namespaces: Sequence[str] | None,
    after: tuple[str, str],
    limit: int,
    *,
    namespace: str | None = None,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Current versions of a kind in order of namespace and name, from behind `after`; `namespaces` None: all. `namespace`, `name`: only of
    these.
    """
    wanted = "".join(f" AND r.{key} = %({key})s" for key, said in (("namespace", namespace), ("name", name)) if said is not None)
    return list(
        with_texts(
            tx,
            tx.execute(
                _CURRENT
                + " AND r.kind = %(kind)s AND (%(namespaces)s::text[] IS NULL OR r.namespace = ANY(%(namespaces)s))"
                + wanted
                + " AND (r.namespace, r.name) > (%(after_namespace)s, %(after_name)s) ORDER BY r.namespace, r.name LIMIT %(limit)s",
                {
                    "kind": kind,
                    "namespaces": list(namespaces) if namespaces is not None else None,
                    "namespace": namespace,
                    "name": name,
                    "after_namespace": after[0],
                    "after_name": after[1],
                    "limit": limit,
                },
            ),
        )
    )


def current_document(tx: Tx, kind: str, namespace: str, name: str) -> str | None:
    """The text of a resource's current version, if that is valid."""
    row = current(tx, kind, namespace, name)
    return row["document"] if row is not None and row["valid"] else None


def current_texts(tx: Tx, kind: str, named: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """As `current_document`, of several at once, by namespace and name; those that are not there are left out."""
    rows = tx.execute(
        """
        SELECT r.kind, r.namespace, r.name, v.version, v.document, v.document_sha
          FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS wanted (namespace, name)
          JOIN resources r ON r.kind = %(kind)s AND r.namespace = wanted.namespace AND r.name = wanted.name AND r.deleted_at IS NULL
          JOIN resource_versions v ON v.uid = r.uid AND v.version = r.current_version AND v.valid
        """,
        {"kind": kind, "namespaces": [namespace for namespace, _ in named], "names": [name for _, name in named]},
    )
    return {(row["namespace"], row["name"]): row["document"] for row in with_texts(tx, rows)}


def current_documents(tx: Tx, kind: str, namespace: str | None = None) -> list[str]:
    """The texts of all valid current versions of a kind, in one namespace or in all."""
    rows = tx.execute(
        _CURRENT + " AND r.kind = %(kind)s AND v.valid AND (%(namespace)s::text IS NULL OR r.namespace = %(namespace)s) ORDER BY r.name",
        {"kind": kind, "namespace": namespace},
    )
    return [row["document"] for row in with_texts(tx, rows)]


def current_digest(tx: Tx, kind: str, namespace: str, name: str) -> str | None:
    """`definitions.digest` of the current version's text, without reading that."""
    row = tx.execute(
        """
        SELECT v.document_sha FROM resources r JOIN resource_versions v ON v.uid = r.uid AND v.version = r.current_version
         WHERE r.deleted_at IS NULL AND r.kind = %(kind)s AND r.namespace = %(namespace)s AND r.name = %(name)s
        """,
        {"kind": kind, "namespace": namespace, "name": name},
    ).fetchone()
    return row["document_sha"] if row else None


def document(tx: Tx, uid: str, version: int) -> str:
    """The text of one version. Raises LookupError where there is none."""
    rows = tx.execute(
        """
        SELECT r.kind, r.namespace, r.name, v.version, v.document, v.document_sha FROM resource_versions v JOIN resources r USING (uid)
         WHERE v.uid = %(uid)s AND v.version = %(version)s
        """,
        {"uid": uid, "version": version},
    )
    for row in with_texts(tx, rows):
        return str(row["document"])
    raise LookupError(f"resource {uid} has no version {version}")


def with_texts(tx: Tx, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of versions with their texts as `document`, from wherever they are kept.

    Of each: kind, namespace, name, version, document, document_sha.
    """
    for row in rows:
        place = Place(row["kind"], row["namespace"], row["name"], row["version"], row["document_sha"])
        yield {**row, "document": tx.definitions.text(place, row["document"])}


def delete(tx: Tx, kind: str, namespace: str, name: str) -> str | None:
    """Its uid, None where there was none. Its history stays, and its numbers go on should it be made again."""
    row = tx.execute(
        "UPDATE resources SET deleted_at = now() WHERE kind = %(k)s AND namespace = %(ns)s AND name = %(n)s AND deleted_at IS NULL"
        " RETURNING uid::text AS uid",
        {"k": kind, "ns": namespace, "n": name},
    ).fetchone()
    return row["uid"] if row else None
