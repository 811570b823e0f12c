"""Connectors, and the credentials they refer to. Values go in and never come out."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.incoming import json_object
from services.api.problems import Refused, brief
from services.api.resources import documents
from services.api.schemas.documents import TEXT_BODY, ConnectorPage, ConnectorsQuery, Credential, ListedConnector, Saved, SaveQuery, Shown
from shared.secrets import database as sealing
from shared.store import credentials, resources

blueprint = Blueprint("connectors", __name__, url_prefix="/api/v1", description="Connectors and credentials")
# What {{credential:name#field}} can refer to.
_WORD = re.compile(r"[\w.-]{1,253}")
VALUES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}},
    }
}


@blueprint.put("/connectors/<namespace>/<name>")
@blueprint.doc(**TEXT_BODY)
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(200, Saved)
@blueprint.alt_response(201, schema=Saved)
def put_connector(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Saves a version, a draft with errors too. 201 when it is new."""
    return documents.put("Connector", namespace, name, query["message"])


@blueprint.get("/connectors/<namespace>/<name>")
@blueprint.response(200, Shown)
def read_connector(namespace: str, name: str) -> Any:
    """One connector, with references in the place of secrets."""
    return documents.shown("Connector", namespace, name)


@blueprint.delete("/connectors/<namespace>/<name>")
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(204)
def delete_connector(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Its history stays."""
    return documents.remove("Connector", namespace, name, query["message"])


@blueprint.get("/connectors")
@blueprint.arguments(ConnectorsQuery, location="query")
@blueprint.response(200, ConnectorPage)
@ndjson.lines(ListedConnector)
def list_connectors(query: dict[str, Any]) -> dict[str, Any]:
    """By namespace and name."""
    limit = query["limit"]
    with database().transaction() as tx:
        rows = resources.listed(tx, "Connector", caller().visible, cursors.named(query), limit + 1)
    items = [{key: row[key] for key in ("namespace", "name", "version", "valid")} for row in rows[:limit]]
    return {"items": items, "nextCursor": cursors.following(rows, limit, "namespace", "name")}


@blueprint.put("/credentials/<namespace>/<name>")
@blueprint.doc(**VALUES_BODY)
@blueprint.response(200, Credential)
def put_credential(namespace: str, name: str) -> Any:
    """{field: value, …}; the whole credential is replaced."""
    caller().may("editor", namespace)
    values = json_object()
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise Refused(422, 'the body must be a JSON object of texts, such as {"password": "…"}')
    for what, given in (("namespace", namespace), ("name", name), *(("field", field) for field in values)):
        if not _WORD.fullmatch(given):
            raise Refused(422, f"the {what} {brief(given)!r} of the credential must be 1 to 253 letters, digits, '_', '-' and '.'")
    settings = current_app.extensions["penstock.settings"]
    with database().transaction() as tx:
        version = credentials.next_version(tx, namespace, name)
        sealed = sealing.seal(values, sealing.master_key(settings.home), f"{namespace}/{name}/{version}")
        credentials.put(tx, namespace, name, version, "password", sealed)
    return {"namespace": namespace, "name": name, "version": version, "fields": sorted(values)}


@blueprint.get("/credentials/<namespace>/<name>")
@blueprint.response(200, Credential)
def read_credential(namespace: str, name: str) -> Any:
    """Which version there is; never a value."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        row = credentials.read(tx, namespace, name)
    if row is None:
        raise Refused(404, f"there is no credential {namespace}/{name}")
    return {"namespace": namespace, "name": name, "version": row["version"], "type": row["type"]}


@blueprint.delete("/credentials/<namespace>/<name>")
@blueprint.response(204)
def delete_credential(namespace: str, name: str) -> Any:
    """Takes it away, with all its versions."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        if not credentials.delete(tx, namespace, name):
            raise Refused(404, f"there is no credential {namespace}/{name}")
    return "", 204
