"""What this installation has: node types, connector types, and who is at work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import Any

import redis
from flask import Response, current_app, jsonify
from flask_smorest import Blueprint

from services.api.auth import database
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.schemas.catalogue import ConnectorTypes, FlowTypes, JsonSchema, NodeTypes, System
from shared import plugins
from shared.connectors import CONNECTORS
from shared.pipelines.json_schema import connector_schema, kind_schema, node_schema, recipe_schema
from shared.pipelines.kinds import KINDS
from shared.pipelines.kinds.flow import FLOW_TYPES
from shared.pipelines.nodes import NODE_TYPES
from shared.store import workers

blueprint = Blueprint("catalogue", __name__, url_prefix="/api", description="What there is")
SEEN_WITHIN = timedelta(seconds=15)
_VERSION = version("penstock")


def _package(family: str, name: str) -> dict[str, str]:
    """Who brought a type."""
    plugin = plugins.of(family, name)
    return {"package": plugin.package, "version": plugin.version} if plugin else {"package": "penstock", "version": _VERSION}


@blueprint.get("/v1/node-types")
@blueprint.response(200, NodeTypes)
def node_types() -> dict[str, Any]:
    return {
        "items": [
            {
                "name": kind.name,
                "title": kind.title,
                "description": kind.description,
                "role": kind.role,
                "ports": list(kind.ports({})),
                "inputs": {"least": kind.inputs[0], "most": kind.inputs[1]},
                "available": kind.runs,
                "schema": _described("nodes", kind.name),
                **_package("nodes", kind.name),
            }
            for kind in NODE_TYPES.values()
        ]
    }


@blueprint.get("/v1/flow-types")
@blueprint.response(200, FlowTypes)
def flow_types() -> dict[str, Any]:
    return {"items": [{"name": name, "available": False, **_package("flows", name)} for name in FLOW_TYPES]}


@blueprint.get("/v1/connector-types")
@blueprint.response(200, ConnectorTypes)
def connector_types() -> dict[str, Any]:
    listed = [
        {
            "type": s.type,
            "title": s.title,
            "writeModes": list(s.write_modes),
            "secretFields": list(s.secret_fields),
            **_package("connectors", s.type),
        }
        for s in CONNECTORS.values()
    ]
    return {"items": listed}


@blueprint.get("/v1/connector-types/<kind>/schema")
@blueprint.response(200, JsonSchema)
def connector_type_schema(kind: str) -> Response:
    """The config of a connector type as JSON Schema, for a form."""
    return _schema("connectors", kind, CONNECTORS)


@blueprint.get("/v1/schemas/<kind>.json")
@blueprint.response(200, JsonSchema)
def document_schema(kind: str) -> Response:
    """A kind of document as JSON Schema (2020-12); `recipe` is a document of any kind. Needs no token, so that editors can read it."""
    return _schema("kinds", kind, (*KINDS, "recipe"))


@blueprint.get("/v1/schemas/nodes/<kind>.json")
@blueprint.response(200, JsonSchema)
def node_type_schema(kind: str) -> Response:
    """The config of a node type as JSON Schema (2020-12)."""
    return _schema("nodes", kind, NODE_TYPES)


def _schema(family: str, name: str, there: Iterable[str]) -> Response:
    # A file name in lower case is what people write first.
    found = next((one for one in there if one.lower() == name.lower()), None)
    if found is None:
        raise Refused(404, f"there is no schema {name}; there is {', '.join(there)}")
    response = jsonify(_described(family, found))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@cache
def _described(family: str, name: str) -> dict[str, Any]:
    if family == "kinds":
        return recipe_schema() if name == "recipe" else kind_schema(name)
    return node_schema(name) if family == "nodes" else connector_schema(name)


@blueprint.get("/v1/system")
@blueprint.response(200, System)
def system() -> dict[str, Any]:
    with database().transaction() as tx:
        alive = workers.seen_within(tx, SEEN_WITHIN)
    return {
        "services": [{**row, "started_at": stamp(row["started_at"]), "seen_at": stamp(row["seen_at"])} for row in alive],
        "queues": _queues(),
        "plugins": [asdict(plugin) for plugin in plugins.seen()],
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
