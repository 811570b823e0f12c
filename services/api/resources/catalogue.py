"""What this installation has: node types, flow types, connector types, and their schemas."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import Response, current_app, jsonify

from services.api.blueprint import Blueprint
from services.api.described.page import page
from services.api.problems import Refused
from services.api.schemas.catalogue import ConnectorTypes, Engines, FlowTypes, Formats, JsonSchema, NodeTypes
from shared import plugins
from shared.connectors import CONNECTORS
from shared.formats import FORMATS, FileFormat
from shared.formats.names import COMPRESSIONS, NOT_WRITTEN, PACKED_INSIDE
from shared.pipelines.json_schema import connector_schema, kind_schema, node_schema, recipe_schema
from shared.pipelines.kinds import KINDS
from shared.pipelines.kinds.flow import FLOW_TYPES
from shared.pipelines.nodes import NODE_TYPES

blueprint = Blueprint("catalogue", __name__, url_prefix="/api", description="What there is")
_VERSION = version("penstock")


# name, title, description, available.
_ENGINES = (
    ("duckdb", "DuckDB", "The default: relations in SQL, out of core, in the worker", True),
    ("database", "In the database", "Pushed down: where the rows are and go to the same database, it computes all of it", True),
    ("pandas", "pandas", "processingMode dataframe, for rows that fit into memory", True),
    ("dask", "Dask", "processingMode dataframe above PENSTOCK_PANDAS_ROWS, in parts", True),
    ("python", "Python", "Functions of python nodes, from a table to a table", True),
    ("spark", "Spark", "Clusters", False),
    ("flink", "Flink", "Streams", False),
)


def _package(family: str, name: str) -> dict[str, str]:
    """Who brought a type."""
    plugin = plugins.of(family, name)
    return {"package": plugin.package, "version": plugin.version} if plugin else {"package": "penstock", "version": _VERSION}


@blueprint.get("/v1/node-types")
@blueprint.response(200, NodeTypes)
def node_types() -> dict[str, Any]:
    """What nodes there are, with the schemas of their settings."""
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
    """What flows there are."""
    return {"items": [{"name": name, "available": False, **_package("flows", name)} for name in FLOW_TYPES]}


@blueprint.get("/v1/engines")
@blueprint.response(200, Engines)
def engines() -> dict[str, Any]:
    """What computes nodes. Which one a node runs on is the planner's choice, within what the recipe says (`processingMode`)."""
    return {
        "items": [
            {"name": name, "title": title, "description": about, "available": available, **_package("engines", name)}
            for name, title, about, available in _ENGINES
        ]
    }


@blueprint.get("/v1/formats")
@blueprint.response(200, Formats)
def formats() -> dict[str, Any]:
    """What files can be read and written as."""
    return {
        "items": [
            {
                "name": name,
                "endings": list(endings),
                "typed": FileFormat(name).typed,
                "written": name not in NOT_WRITTEN,
                "compressions": [] if name in PACKED_INSIDE else list(COMPRESSIONS.values()),
                **_package("formats", name),
            }
            for name, endings in FORMATS.items()
        ]
    }


@blueprint.get("/v1/connector-types")
@blueprint.response(200, ConnectorTypes)
def connector_types() -> dict[str, Any]:
    """What connectors there are."""
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
@blueprint.doc(security=[])
@blueprint.response(200, JsonSchema)
def document_schema(kind: str) -> Response:
    """A kind of document as JSON Schema (2020-12); `recipe` is a document of any kind. Needs no token, so that editors can read it."""
    return _schema("kinds", kind, (*KINDS, "recipe"))


@blueprint.get("/v1/schemas/nodes/<kind>.json")
@blueprint.doc(security=[])
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


@blueprint.get("/docs")
@blueprint.doc(security=[], responses={"200": {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}})
def docs() -> Response:
    """The calls there are, as a page without anything from outside."""
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return Response(page(document), mimetype="text/html")
