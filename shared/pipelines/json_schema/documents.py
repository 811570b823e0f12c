"""Whole documents as JSON Schema: the envelope, the spec of the kind, and within it what depends on a type."""

from __future__ import annotations

from typing import Any

from shared.connectors import CONNECTORS
from shared.pipelines.json_schema.fields import DIALECT, by_type, settings_schema
from shared.pipelines.kinds import IDLE, KINDS
from shared.pipelines.kinds.connector import LATER
from shared.pipelines.kinds.envelope import API_VERSIONS, Envelope
from shared.pipelines.nodes import NODE_TYPES

_TITLES = {
    "Pipeline": "A pipeline: sources, steps and destinations",
    "PipelineDependency": "Which pipelines a pipeline waits for",
    "DataQualityRuleSet": "What must hold of a dataset",
    "Connector": "A system that rows come from or go to",
    "Calendar": "Which days count",
    "PipelineTest": "Rows in, and what must come out",
    "Flow": "A flow, which expands into datasets and a pipeline",
}


def kind_schema(kind: str) -> dict[str, Any]:
    """The schema of one document of a kind. Raises KeyError for a kind that is not there."""
    spec = settings_schema(KINDS[kind])
    definitions: dict[str, Any] = {}
    if kind == "Pipeline":
        definitions = _node_types(spec)
    elif kind == "Connector":
        definitions = _connector_types(spec)
    envelope = settings_schema(Envelope)
    properties = envelope["properties"]
    properties["apiVersion"]["enum"] = list(API_VERSIONS)
    properties["kind"] = {**properties["kind"], "const": kind, "examples": [kind]}
    properties["spec"] = {"title": "Specification", "description": _TITLES[kind], **spec}
    found = {"$schema": DIALECT, "$id": f"urn:penstock:schema:{kind}", "title": kind, "description": _TITLES[kind], **envelope}
    if kind in IDLE:
        found["x-notYet"] = True
    return found | ({"$defs": definitions} if definitions else {})


def recipe_schema() -> dict[str, Any]:
    """A document of any kind: for editors, which know a file before they know what is in it."""
    found: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": "urn:penstock:schema:recipe",
        "title": "Recipe",
        "type": "object",
        "properties": {"kind": {"enum": list(KINDS), "title": "Kind", "description": "What the document describes"}},
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": [by_type("kind", kind, {"$ref": f"#/$defs/{kind}"}) for kind in KINDS],
        "$defs": {},
    }
    for kind in KINDS:
        schema = kind_schema(kind)
        found["$defs"] |= {f"{kind}.{name}": one for name, one in schema.pop("$defs", {}).items()}
        for key in ("$schema", "$id"):
            schema.pop(key)
        found["$defs"][kind] = _within(schema, kind)
    return found


def _within(schema: Any, kind: str) -> Any:
    """References to definitions by the names they have in the whole."""
    if isinstance(schema, dict):
        return {
            key: f"#/$defs/{kind}.{value.removeprefix('#/$defs/')}" if key == "$ref" else _within(value, kind)
            for key, value in schema.items()
        }
    return [_within(one, kind) for one in schema] if isinstance(schema, list) else schema


def node_schema(name: str) -> dict[str, Any]:
    """The config of a node type. Raises KeyError for a type that is not there."""
    kind = NODE_TYPES[name]
    said = {"title": kind.title, "description": kind.description} | ({} if kind.runs else {"x-notYet": True})
    return {"$schema": DIALECT, "$id": f"urn:penstock:schema:node:{name}", **said, **settings_schema(kind.config_schema)}


def connector_schema(name: str) -> dict[str, Any]:
    """The config of a connector type; `writeOnly` are its secrets. Raises KeyError for a type that is not there."""
    kind = CONNECTORS[name]
    found = settings_schema(kind.config_schema)
    for field in kind.secret_fields:
        found["properties"][field] |= {"writeOnly": True, "x-secret": True}
    return {"$schema": DIALECT, "$id": f"urn:penstock:schema:connector:{name}", "title": kind.title, **found}


def _part(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}


def _node_types(spec: dict[str, Any]) -> dict[str, Any]:
    """Hangs each node type's config under its type, and gives the definitions of them."""
    node = spec["properties"]["nodes"]["items"]
    node["properties"]["type"]["enum"] = list(NODE_TYPES)
    definitions = {}
    for name in NODE_TYPES:
        config = definitions[name] = _part(node_schema(name))
        needed = bool(config.get("required")) or "allOf" in config
        branch = {"properties": {"config": {"$ref": f"#/$defs/{name}"}}, **({"required": ["config"]} if needed else {})}
        node.setdefault("allOf", []).append(by_type("type", name, branch))
    return definitions


def _connector_types(spec: dict[str, Any]) -> dict[str, Any]:
    spec["properties"]["type"]["enum"] = [*CONNECTORS, *LATER]
    definitions: dict[str, Any] = {}
    for name in CONNECTORS:
        whole = _part(connector_schema(name))
        # A credential's fields complete the config: what it lacks here is seen when a worker resolves it.
        partly = {key: value for key, value in whole.items() if key not in ("required", "allOf")}
        definitions |= {name: whole, f"{name}.with-credential": partly}
        needed = {"required": ["config"]} if whole.get("required") else {}
        branch = {
            "if": {"required": ["credential"]},
            "then": {"properties": {"config": {"$ref": f"#/$defs/{name}.with-credential"}}},
            "else": {"properties": {"config": {"$ref": f"#/$defs/{name}"}}, **needed},
        }
        spec.setdefault("allOf", []).append(by_type("type", name, branch))
    return definitions
