"""Credentials, which connectors and recipes refer to. Values go in and never come out; or they stay in another store, and only where is
kept here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import current_app

from services.api import cursors, ndjson
from services.api.access import audit
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import json_object
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.credentials import Credential, CredentialPage, CredentialsQuery, KeepQuery, Resealed
from shared.secrets import database as sealing
from shared.store import credentials
from shared.store.database import Tx

blueprint = Blueprint("credentials", __name__, url_prefix="/api/v1", description="Credentials")
# What {{credential:name#field}} can refer to.
_WORD = re.compile(r"[\w.-]{1,253}")
_VALUES: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}},
    }
}
# Rows of one transaction, when all are sealed anew.
_AT_ONCE = 200


@blueprint.get("/credentials")
@blueprint.arguments(CredentialsQuery, location="query")
@blueprint.response(200, CredentialPage)
@ndjson.lines(Credential)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """By namespace and name: which there are, and where their values are kept."""
    who, limit = caller(), query["limit"]
    who.may("editor")
    with database().transaction() as tx:
        rows = credentials.listed(tx, who.visible, cursors.named(query), limit + 1)
    return {"items": [_told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "namespace", "name")}


@blueprint.put("/credentials/<namespace>/<name>")
@blueprint.doc(**_VALUES)
@blueprint.arguments(KeepQuery, location="query")
@blueprint.response(200, Credential)
def put_credential(query: dict[str, Any], namespace: str, name: str) -> Any:
    """{field: value, …}; the whole credential is replaced. With `store` and `location` no values: workers read them there."""
    caller().may("editor", namespace)
    store, location = query["store"], query.get("location")
    if (store == credentials.DATABASE) != (location is None):
        raise Refused(
            422, "give store and location together, such as store=vault&location=secret/sales/db, or neither, and the values in the body"
        )
    values = _values() if location is None else _none(store)
    for what, given in (("namespace", namespace), ("name", name), *(("field", field) for field in values)):
        if not _WORD.fullmatch(given):
            raise Refused(422, f"the {what} {brief(given)!r} of the credential must be 1 to 253 letters, digits, '_', '-' and '.'")
    with database().transaction() as tx:
        version = credentials.next_version(tx, namespace, name)
        if location is not None:
            credentials.put_elsewhere(tx, namespace, name, version, "password", store, location)
        else:
            sealed = sealing.seal(values, sealing.master_key(_home()), f"{namespace}/{name}/{version}")
            credentials.put(tx, namespace, name, version, "password", sealed)
        row = credentials.read(tx, namespace, name)
    assert row is not None
    return {**_told({**row, "namespace": namespace, "name": name}), "fields": sorted(values)}


@blueprint.get("/credentials/<namespace>/<name>")
@blueprint.response(200, Credential)
def read_credential(namespace: str, name: str) -> Any:
    """Which version there is, and where its values are kept; never a value."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        row = credentials.read(tx, namespace, name)
    if row is None:
        raise Refused(404, f"there is no credential {namespace}/{name}")
    return _told({**row, "namespace": namespace, "name": name})


@blueprint.delete("/credentials/<namespace>/<name>")
@blueprint.response(204)
def delete_credential(namespace: str, name: str) -> Any:
    """Takes it away, with all its versions. What another store keeps stays there."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        if not credentials.delete(tx, namespace, name):
            raise Refused(404, f"there is no credential {namespace}/{name}")
    return "", 204


@blueprint.post("/credentials/reseal")
@blueprint.response(200, Resealed)
def reseal() -> dict[str, int]:
    """Seals with the master key of now what is still sealed with one of PENSTOCK_MASTER_KEY_BEFORE; those can be left out afterwards.

    What no key opens is counted, and stays as it is. May be repeated.
    """
    who = caller()
    who.may("admin")
    if who.namespaces is not None:
        raise Refused(403, f"credentials are of every namespace, and the token {who.name} may see {', '.join(who.namespaces)}")
    keys = sealing.master_keys(_home())
    counts = {"checked": 0, "kept": 0, "resealed": 0, "unreadable": 0}
    after = ("", "", 0)
    while True:
        # Whole pages, so that a call that is cut off has done what it has done.
        with database().transaction() as tx:
            rows = credentials.sealed_after(tx, after, _AT_ONCE)
            for row in rows:
                counts[_resealed(tx, row, keys)] += 1
        counts["checked"] += len(rows)
        if len(rows) < _AT_ONCE:
            audit.about(None, f"{counts['resealed']} of {counts['checked']}")
            return counts
        after = (rows[-1]["namespace"], rows[-1]["name"], rows[-1]["version"])


def _resealed(tx: Tx, row: dict[str, Any], keys: tuple[bytes, ...]) -> str:
    """What it counts as."""
    context = f"{row['namespace']}/{row['name']}/{row['version']}"
    if sealing.is_sealed_with(row["sealed"], keys[0], context):
        return "kept"
    try:
        values = sealing.unseal(row["sealed"], keys, context)
    except sealing.CannotUnseal:
        return "unreadable"
    credentials.reseal(tx, row["namespace"], row["name"], row["version"], sealing.seal(values, keys[0], context))
    return "resealed"


def _values() -> dict[str, str]:
    values = json_object()
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise Refused(422, 'the body must be a JSON object of texts, such as {"password": "…"}')
    return values


def _none(store: str) -> dict[str, str]:
    if json_object():
        raise Refused(422, f"the values of a credential in {store} are put there by its own tools; send none here")
    return {}


def _home() -> Path | None:
    found: Path | None = current_app.extensions["penstock.settings"].home
    return found


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespace": row["namespace"],
        "name": row["name"],
        "version": row["version"],
        "type": row["type"],
        "store": row["store"],
        "location": row["path"],
        "savedAt": stamp(row["created_at"]),
    }
