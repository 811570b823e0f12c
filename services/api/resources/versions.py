"""The versions of a document: list them, read one, compare two, bring one back. The same calls for a pipeline and for every kind.

History outlives the document: a deleted one's versions are still read, compared and restored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.api import ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.recipes import compare, expected, save
from services.api.recipes.publish import publish
from services.api.resources.documents import KEPT, Answer, known_kind, saved, stamp
from services.api.schemas.documents import Saved
from services.api.schemas.versions import Diff, DiffQuery, Restore, Version, VersionInFull, VersionPage, VersionsQuery
from shared.pipelines.kinds import KINDS
from shared.store import resources
from shared.store.database import Tx

blueprint = Blueprint("versions", __name__, url_prefix="/api/v1", description="Versions")
# Of the addresses that do not name it, the kind.
_ADDRESSES = {"pipelines": "Pipeline", "connectors": "Connector"}
_View = Callable[..., Any]


def _on_every_address(method: str, tail: str) -> Callable[[_View], _View]:
    """Serves a view at /resources/{kind}/{namespace}/{name}… and at the addresses of the kinds that have one of their own."""

    def register(view: _View) -> _View:
        blueprint.route(f"/resources/<kind>/<namespace>/<name>/{tail}", methods=[method])(view)
        for address, kind in _ADDRESSES.items():
            endpoint = f"{address}_{view.__name__}"
            blueprint.route(f"/{address}/<namespace>/<name>/{tail}", methods=[method], endpoint=endpoint, defaults={"kind": kind})(view)
        return view

    return register


@_on_every_address("GET", "versions")
@blueprint.arguments(VersionsQuery, location="query")
@blueprint.response(200, VersionPage)
@ndjson.lines(Version)
def page(query: dict[str, Any], kind: str, namespace: str, name: str) -> dict[str, Any]:
    """Newest first."""
    limit, cursor = query["limit"], query.get("cursor")
    if cursor is not None and not (cursor.isdecimal() and len(cursor) < 10):
        raise Refused(422, f"cursor is {cursor!r}; it must be the nextCursor of an earlier page")
    _may(kind, namespace, "viewer")
    with database().transaction() as tx:
        rows = resources.history(tx, kind, namespace, name, int(cursor) if cursor else None, limit + 1)
    if not rows and cursor is None:
        raise _unknown(kind, namespace, name)
    return {"items": [_head(row) for row in rows[:limit]], "nextCursor": str(rows[limit - 1]["version"]) if len(rows) > limit else None}


@_on_every_address("GET", "versions/<int:version>")
@blueprint.response(200, VersionInFull)
def read(kind: str, namespace: str, name: str, version: int) -> dict[str, Any]:
    """One version, with its text as it was written."""
    _may(kind, namespace, "viewer")
    with database().transaction() as tx:
        row = _found(tx, kind, namespace, name, version)
    return {**_head(row), "document": row["document"], "errors": row["problems"]}


@_on_every_address("GET", "diff")
@blueprint.arguments(DiffQuery, location="query")
@blueprint.response(200, Diff)
def diff(query: dict[str, Any], kind: str, namespace: str, name: str) -> dict[str, Any]:
    """Any two versions compared, as text and as what they say."""
    _may(kind, namespace, "viewer")
    with database().transaction() as tx:
        to = query.get("to") or _newest(tx, kind, namespace, name)
        after = _found(tx, kind, namespace, name, to)
        before = _found(tx, kind, namespace, name, query.get("from") or max(1, to - 1))
    file = f"{namespace}/{kind}/{name}.yaml"
    texts = before["document"], after["document"]
    return {
        "from": before["version"],
        "to": after["version"],
        "unified": compare.unified(*texts, f"{file} (version {before['version']})", f"{file} (version {after['version']})"),
        "structural": compare.structural(*texts),
    }


@_on_every_address("POST", "restore")
@blueprint.arguments(Restore)
@blueprint.response(200, Saved)
@blueprint.alt_response(201, schema=Saved)
def restore(body: dict[str, Any], kind: str, namespace: str, name: str) -> Answer:
    """A new version with the text of an old one; of a deleted document too, which is then there again (201). Honours If-Match."""
    who = _may(kind, namespace, "editor")
    with database().transaction() as tx:
        row = _found(tx, kind, namespace, name, body["version"])
        checked, problems = save.check(tx, row["document"], len(row["document"].encode()), caller().visible)
        message = body["message"] or f"Restore version {row['version']}"
        expected.still(tx, kind, namespace, name)
        reply = saved(tx, save.one(checked, problems, kind, namespace, name), problems, author=who, message=message)
    publish()
    return reply


def _may(kind: str, namespace: str, role: str) -> str:
    """The caller's name."""
    who = caller()
    who.may(role, namespace)
    known_kind(kind, KEPT if role == "viewer" else KINDS)
    return who.name


def _newest(tx: Tx, kind: str, namespace: str, name: str) -> int:
    rows = resources.history(tx, kind, namespace, name, None, 1)
    if not rows:
        raise _unknown(kind, namespace, name)
    return int(rows[0]["version"])


def _found(tx: Tx, kind: str, namespace: str, name: str, version: int) -> dict[str, Any]:
    row = resources.at_version(tx, kind, namespace, name, version) if version < 2**31 else None
    if row is None:
        newest = _newest(tx, kind, namespace, name)
        raise Refused(404, f"{kind} {namespace}/{name} has no version {version}; there is 1 to {newest}")
    return row


def _unknown(kind: str, namespace: str, name: str) -> Refused:
    return Refused(404, f"there is no {kind} {namespace}/{name}, and never was")


def _head(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "namespace": row["namespace"],
        "name": row["name"],
        "version": row["version"],
        "parentVersion": row["parent_version"],
        "gitCommitSha": row["git_commit_sha"],
        "sha": row["git_commit_sha"],
        "valid": row["valid"],
        "author": row["author"],
        "message": row["message"],
        "savedAt": stamp(row["saved_at"]),
        "current": row["current"],
    }
