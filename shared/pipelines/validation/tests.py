"""kind: PipelineTest. Its settings, and, where its pipeline is checked along, that the nodes that it names are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.kinds.pipeline import ends
from shared.pipelines.kinds.testing import TestSpec
from shared.pipelines.language.pointers import below
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import references, shape
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import hint


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    owner = Owner(f"test '{report.document.name}'")
    shape.check(report, TestSpec, spec, path, owner)
    name = spec.get("pipeline")
    if not isinstance(name, str) or not name or report.settled(below(path, "pipeline")):
        return
    references.pipeline(report, name, below(path, "pipeline"), owner, known)
    recipe = known.recipes.get(full_name(name, report.document.namespace))
    nodes = recipe.get("nodes") if isinstance(recipe, Mapping) else None
    if isinstance(nodes, list):
        _nodes(report, spec, path, [node for node in nodes if isinstance(node, Mapping) and isinstance(node.get("id"), str)], name)


def _nodes(report: Report, spec: Mapping[str, Any], path: str, nodes: list[Mapping[str, Any]], name: str) -> None:
    types = {node["id"]: node.get("type") for node in nodes}
    sources = [node for node, kind in types.items() if kind in NODE_TYPES and NODE_TYPES[kind].role == "source"]
    given, expected = spec.get("given", {}), spec.get("expect")
    for node in given if isinstance(given, Mapping) else ():
        if node not in sources:
            what = f"which is no source of pipeline '{name}'" if node in types else f"which pipeline '{name}' does not have"
            _unknown(report, "given", node, what, sources, below(path, "given"))
    if isinstance(given, Mapping):
        for node in (one for one in sources if one not in given):
            message = f"test '{report.document.name}' gives no rows for the source '{node}'; give some, or a schema and rows: []"
            report.add("source_without_rows", message, below(path, "given"), key=True)
    for place in expected if isinstance(expected, Mapping) else ():
        node, port = ends(str(place), None)
        if node not in types:
            _unknown(report, "expect", str(place), f"which pipeline '{name}' does not have", list(types), below(path, "expect"))
        elif types[node] in NODE_TYPES and (why := _no_port(nodes, node, port)) is not None:
            report.add("unknown_port", why, below(below(path, "expect"), place), key=True)


def _no_port(nodes: list[Mapping[str, Any]], node: str, port: str) -> str | None:
    found = next(one for one in nodes if one["id"] == node)
    kind = NODE_TYPES[found["type"]]
    if kind.role != "transform":
        return f"{node} is a {kind.role}, which has one outcome; write {node}" if port != "out" else None
    config = found.get("config")
    ports = kind.ports(config if isinstance(config, Mapping) else {})
    if port in ports:
        return None
    return f"node {node} has no port {port}; it has {', '.join(ports)}"


def _unknown(report: Report, key: str, node: Any, what: str, there: list[str], path: str) -> None:
    near = report.nearest(str(node), there)
    message = f"test '{report.document.name}' names '{node}', {what}{hint(near, there)}"
    report.add("unknown_node", message, below(path, node), suggestion=near, key=True)
