"""Connectors: what is read from and written to."""

from __future__ import annotations

from typing import Any

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_name
from services.api.resources import documents
from services.api.schemas.documents import TEXT_BODY, ConnectorPage, ListedConnector, NamedQuery, Saved, SaveQuery, Shown
from shared.store import resources

blueprint = Blueprint("connectors", __name__, url_prefix="/api/v1", description="Connectors")


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
@blueprint.arguments(NamedQuery, location="query")
@blueprint.response(200, ConnectorPage)
@ndjson.lines(ListedConnector)
def list_connectors(query: dict[str, Any]) -> dict[str, Any]:
    """By namespace and name."""
    limit = query["limit"]
    with database().transaction() as tx:
        rows = resources.listed(tx, "Connector", caller().visible, cursors.named(query), limit + 1, **of_name(query))
    items = [{key: row[key] for key in ("namespace", "name", "version", "valid")} for row in rows[:limit]]
    return {"items": items, "nextCursor": cursors.following(rows, limit, "namespace", "name")}
