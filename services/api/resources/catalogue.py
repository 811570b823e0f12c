"""What this installation has: node types, connector types, and who is at work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import redis
from flask import Response, current_app
from flask_smorest import Blueprint

from services.api.auth import database
from services.api.resources.documents import stamp
from services.api.schemas.catalogue import ConnectorTypes, NodeTypes, System
from shared.connectors import CONNECTORS
from shared.pipelines.nodes import NODE_TYPES
from shared.store import workers

blueprint = Blueprint("catalogue", __name__, url_prefix="/api", description="What there is")
SEEN_WITHIN = timedelta(seconds=15)


@blueprint.get("/v1/node-types")
@blueprint.response(200, NodeTypes)
def node_types() -> dict[str, Any]:
    return {
        "items": [
            {"name": kind.name, "title": kind.title, "role": kind.role, "ports": list(kind.ports({}))} for kind in NODE_TYPES.values()
        ]
    }


@blueprint.get("/v1/connector-types")
@blueprint.response(200, ConnectorTypes)
def connector_types() -> dict[str, Any]:
    listed = [
        {"type": s.type, "title": s.title, "writeModes": list(s.write_modes), "secretFields": list(s.secret_fields)}
        for s in CONNECTORS.values()
    ]
    return {"items": listed}


@blueprint.get("/v1/system")
@blueprint.response(200, System)
def system() -> dict[str, Any]:
    with database().transaction() as tx:
        alive = workers.seen_within(tx, SEEN_WITHIN)
    return {
        "services": [{**row, "started_at": stamp(row["started_at"]), "seen_at": stamp(row["seen_at"])} for row in alive],
        "queues": _queues(),
    }


def _queues() -> dict[str, int] | None:
    settings = current_app.extensions["penstock.settings"]
    try:
        broker = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
        return {queue: int(broker.llen(queue)) for queue in ("stages", "quality")}
    except redis.RedisError:
        return None


@blueprint.get("/docs")
def docs() -> Response:
    """The calls there are, as a page without anything from outside."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    rows = "".join(
        f"<tr><td><code>{method.upper()}</code></td><td><code>{path}</code></td><td>{operation.get('summary', '')}</td></tr>"
        for path, operations in sorted(spec["paths"].items())
        for method, operation in operations.items()
        if isinstance(operation, dict)
    )
    head = "<!doctype html><title>Penstock API</title><h1>Penstock API</h1><p><a href='/api/v1/openapi.json'>openapi.json</a></p>"
    page = f"{head}<table>{rows}</table>"
    return Response(page, mimetype="text/html")
