"""Valid documents to values: the pipeline, the connector or the rule set that a document describes, defaults in place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError

from shared.errors import ConfigurationError
from shared.pipelines.delivered import is_delivered, read_from, triggers_with_rows
from shared.pipelines.kinds.connector import ConnectorSpec
from shared.pipelines.kinds.pipeline import NODE_POLICY, PipelineSpec, ends
from shared.pipelines.kinds.quality import Drift, Profile, RuleSetSpec
from shared.pipelines.kinds.scheduling import CalendarSpec, DependencySpec
from shared.pipelines.kinds.testing import TestSpec
from shared.pipelines.master_data import with_named
from shared.pipelines.model import (
    ConnectorDefinition,
    Document,
    Edge,
    Filling,
    Node,
    Pipeline,
    RuleSet,
    Starts,
    TriggerDefinition,
)
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.shapes import instance
from shared.triggers.calendars import Calendar

MAX_PARALLEL_NODES = 8
SCHEDULE = "schedule"
_OF_SCHEDULES = ("schedule", "timezone", "catchUp", "jitterSeconds", "calendar", "deadline")


class InvalidDocument(ConfigurationError):
    """A document was asked for its value although it is not valid; validation says all that is wrong with it."""

    code = "invalid_document"


def pipeline(document: Document, *, max_parallel_nodes: int = MAX_PARALLEL_NODES) -> Pipeline:
    """The pipeline of a valid Pipeline document. `max_parallel_nodes` is used where the recipe does not say. Raises InvalidDocument."""
    spec = _load(document, "Pipeline", PipelineSpec)
    spec.pop("parameters", None)
    filling = document.filled or Filling()
    delivering = triggers_with_rows(spec["triggers"])
    nodes = tuple(_node(document, node, filling, delivering) for node in spec.pop("nodes"))
    edges = with_named(nodes, tuple(_edge(edge) for edge in spec.pop("edges")))
    quality = tuple(spec.pop("quality"))
    spec.setdefault("maxParallelNodes", max_parallel_nodes)
    return Pipeline(document.namespace, document.name, nodes, edges, spec, quality, filling.parameters, filling.secrets)


def starts(document: Document) -> Starts:
    """When the pipeline of a valid Pipeline document starts by itself. Raises InvalidDocument."""
    spec = _load(document, "Pipeline", PipelineSpec)
    found = []
    if spec.get("schedule"):
        found.append(TriggerDefinition(SCHEDULE, SCHEDULE, {key: spec.get(key) for key in _OF_SCHEDULES}))
    for one in spec["triggers"]:
        config = {key: value for key, value in one.items() if key not in ("type", "name", "enabled")}
        found.append(TriggerDefinition(one.get("name", one["type"]), one["type"], config, one["enabled"]))
    return Starts(spec["enabled"], tuple(found))


def dependency(document: Document) -> dict[str, Any]:
    """The spec of a valid PipelineDependency document, defaults in place. Raises InvalidDocument."""
    return _load(document, "PipelineDependency", DependencySpec)


def connector(document: Document) -> ConnectorDefinition:
    """The connector of a valid Connector document; its config as written, secrets still references. Raises InvalidDocument."""
    spec = _load(document, "Connector", ConnectorSpec)
    return ConnectorDefinition(
        document.namespace,
        document.name,
        spec["type"],
        spec["config"],
        spec.get("credential"),
        circuit_breaker=spec.get("circuitBreaker"),
        max_connections=spec.get("maxConnections"),
    )


def rule_set(document: Document) -> RuleSet:
    """The rule set of a valid DataQualityRuleSet document. Raises InvalidDocument."""
    spec = _load(document, "DataQualityRuleSet", RuleSetSpec)
    profile, drift = (spec.get(key) or instance(schema).load({}) for key, schema in (("profile", Profile), ("drift", Drift)))
    return RuleSet(document.namespace, document.name, spec["dataset"], tuple(spec["rules"]), profile, drift, spec.get("objective"))


def pipeline_test(document: Document) -> dict[str, Any]:
    """The spec of a valid PipelineTest document, defaults in place. Raises InvalidDocument."""
    return _load(document, "PipelineTest", TestSpec)


def calendar(document: Document, version: int | None = None) -> Calendar:
    """The calendar of a valid Calendar document. Raises InvalidDocument."""
    spec = _load(document, "Calendar", CalendarSpec)
    days = {key: frozenset(map(date.fromisoformat, spec.get(key, ()))) for key in ("dates", "include", "excluded", "halfDays")}
    return Calendar(
        f"{document.namespace}/{document.name}",
        version,
        tuple(spec.get("countries", ())),
        tuple(spec.get("subdivisions", ())),
        tuple(spec.get("exchanges", ())),
        days["dates"],
        days["include"],
        days["excluded"],
        spec["shift"],
        days["halfDays"],
    )


def _node(document: Document, node: Mapping[str, Any], filling: Filling, delivering: tuple[str, ...]) -> Node:
    kind = NODE_TYPES.get(node["type"])
    config = _checked(document, kind.config_schema if kind else None, node["config"], f"node {node['id']}")
    if node["type"] == "connector_source" and is_delivered(config, delivering):
        config = read_from(config)
    policy = {key: node[key] for key in NODE_POLICY if key in node}
    named = (node.get("label"), node.get("description"))
    return Node(
        node["id"],
        node["type"],
        config,
        *named,
        node["onError"],
        policy,
        worker=node.get("worker"),
        parameters=filling.parameters,
        master=node["masterData"],
        reject_limit=node.get("rejectLimit"),
        resources=node.get("resources"),
        timeout=node.get("timeout"),
        cache=node["cache"],
    )


def _edge(edge: Mapping[str, Any]) -> Edge:
    source, port = ends(edge["source"], edge.get("output"))
    return Edge(source, edge["target"], port, tuple(edge["columns"]) if "columns" in edge else None)


def _load(document: Document, kind: str, schema: type[Schema]) -> dict[str, Any]:
    if document.kind != kind or not document.valid:
        name = f"{document.kind or 'document'} {document.namespace}/{document.name}"
        raise InvalidDocument(f"{name} is no valid {kind}; validate it to see why")
    return _checked(document, schema, document.tree.get("spec"), "spec")


def _checked(document: Document, schema: type[Schema] | None, value: Any, what: str) -> dict[str, Any]:
    if schema is None:
        raise InvalidDocument(f"{document.namespace}/{document.name}: {what} has a type that is not known; validate it to see why")
    try:
        loaded: dict[str, Any] = instance(schema).load(value)
    except ValidationError as error:
        raise InvalidDocument(
            f"{document.kind} {document.namespace}/{document.name} is not valid ({what}: {error}); validate it to see every problem"
        ) from error
    return loaded
