"""kind: Pipeline. Its settings, each node by its type, and what the nodes refer to; the edges are the graph's matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.pipelines.delivered import is_delivered, triggers_with_rows
from shared.pipelines.kinds.pipeline import EdgeSpec, NodeSpec, PipelineSpec
from shared.pipelines.language.pointers import below
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.connector_sink import CONNECTOR_SINK
from shared.pipelines.nodes.connector_source import CONNECTOR_SOURCE
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.validation import columns, edges, notifications, order, parameters, references, shape, triggers, watching
from shared.pipelines.validation.known import Known
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.seen import SeenNode
from shared.pipelines.validation.templates import Scope
from shared.pipelines.validation.words import hint, nearest
from shared.triggers.schedule import BadSchedule, schedule


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    owner = Owner(f"pipeline '{report.document.name}'")
    rules = shape.Rules({NodeSpec: _node_owner, EdgeSpec: edges.edge_owner}, Scope(parameters.named(spec)))
    shape.check(report, PipelineSpec, spec, path, owner, rules)
    parameters.check(report, spec, below(path, "parameters"))
    triggers.check(report, spec, path, owner)
    nodes = _unique(report, tuple(_nodes(report, spec, below(path, "nodes"), known, rules)))
    seen = edges.check(report, nodes, spec.get("edges", []), below(path, "edges"))
    columns.check(report, nodes, seen, known)
    _sinks(report, nodes, below(path, "nodes"))
    named = spec.get("quality")
    for at, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name:
            references.rule_set(report, name, below(below(path, "quality"), at), owner, known)
    _connectors(report, spec, path, owner, known)
    notifications.check(report, spec, path, owner, known)
    _calendars(report, spec, path, owner, known)
    order.rings(report, owner, known)
    watching.check(report, spec, below(path, "triggers"), known)


def _node_owner(node: Mapping[str, Any], at: int) -> Owner:
    """A node by its id, or by its number where it has none."""
    node_id, kind = node.get("id"), node.get("type")
    told = f" ({kind})" if isinstance(kind, str) and kind in NODE_TYPES else ""
    if isinstance(node_id, str) and node_id:
        return Owner(f"node '{node_id}'{told}", node_id)
    return Owner(f"node number {at + 1}{told}")


def _nodes(report: Report, spec: Mapping[str, Any], path: str, known: Known, rules: shape.Rules) -> Iterator[SeenNode]:
    nodes, delivering = spec.get("nodes"), triggers_with_rows(spec.get("triggers"))
    for at, node in enumerate(nodes if isinstance(nodes, list) else ()):
        if not isinstance(node, Mapping):
            continue
        here = below(path, at)
        owner = _node_owner(node, at)
        kind = _kind(report, node.get("type"), below(here, "type"), owner)
        if kind is not None and kind.role != "transform" and node.get("onError") == "skip":
            what = f"'onError: skip' of {owner.phrase}, which only transforms know yet,"
            report.not_available(what, below(here, "onError"), owner, remedy="use route")
        config = node.get("config", {})
        readable = kind is not None and isinstance(config, Mapping)
        loaded = _config(report, kind, config, below(here, "config"), owner, known, rules, delivering) if kind and readable else None
        if node.get("cache") is True and kind is not None and (why := _never_kept(kind, config)) is not None:
            report.add(
                "invalid_setting", f"{owner.phrase} says cache: true, but {why}; leave it out", below(here, "cache"), node=owner.node
            )
        node_id = node.get("id")
        if isinstance(node_id, str) and node_id:
            raw = config if isinstance(config, Mapping) else {}
            yield SeenNode(node_id, here, owner, kind, raw, loaded, node.get("masterData") is True)


def _never_kept(kind: NodeType, config: Any) -> str | None:
    if kind.role == "sink":
        return "a sink gives nothing that a later run could reuse"
    if kind.name == "sequence_generator" and isinstance(config, Mapping) and config.get("persistent") is True:
        return "its numbers go on from run to run"
    return None


def _kind(report: Report, name: Any, path: str, owner: Owner) -> NodeType | None:
    if not isinstance(name, str) or report.settled(path):
        return None
    if name not in NODE_TYPES:
        near = nearest(name, NODE_TYPES)
        message = f"{owner.phrase} has the unknown type '{name}'{hint(near, NODE_TYPES)}"
        report.add("unknown_node_type", message, path, node=owner.node, suggestion=near)
    elif not NODE_TYPES[name].runs:
        report.not_available(f"the type of {owner.phrase}", path, owner, remedy="take the node out")
    return NODE_TYPES.get(name)


def _config(
    report: Report,
    kind: NodeType,
    config: Mapping[str, Any],
    path: str,
    owner: Owner,
    known: Known,
    rules: shape.Rules,
    delivering: tuple[str, ...],
) -> Mapping[str, Any] | None:
    loaded = shape.check(report, kind.config_schema, config, path, owner, rules)
    if kind is CONNECTOR_SOURCE and is_delivered(config, delivering):
        triggers.delivered_source(report, config, path, owner, delivering)
        return loaded
    spec = references.connector(report, config.get("connector"), below(path, "connector"), owner, known)
    if spec is not None and spec.notifies:
        message = f"{owner.phrase} names a connector of type {spec.type}, which is for notifications; it is no source and no sink"
        report.add("wrong_connector_type", message, below(path, "connector"), node=owner.node)
    elif spec is not None and kind in (CONNECTOR_SOURCE, CONNECTOR_SINK):
        references.connector_settings(report, kind, config, path, owner, spec)
    if loaded is not None and kind.refuses is not None and (why := kind.refuses(loaded)) is not None:
        report.refused(why, path, owner)
    return loaded


def _connectors(report: Report, spec: Mapping[str, Any], path: str, owner: Owner, known: Known) -> None:
    """Connectors that triggers name."""
    entries = spec.get("triggers")
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            references.connector(report, entry.get("connector"), below(below(below(path, "triggers"), at), "connector"), owner, known)


def _calendars(report: Report, spec: Mapping[str, Any], path: str, owner: Owner, known: Known) -> None:
    if isinstance(name := spec.get("calendar"), str) and name:
        references.calendar(report, name, below(path, "calendar"), owner, known)
    if isinstance(written := spec.get("schedule"), str):
        try:
            skipped = schedule(written).calendars
        except BadSchedule:
            return
        for name in skipped:
            references.calendar(report, name, below(path, "schedule"), owner, known)


def _unique(report: Report, nodes: tuple[SeenNode, ...]) -> dict[str, SeenNode]:
    """The nodes by id; of several with one id the first."""
    seen: dict[str, SeenNode] = {}
    for node in nodes:
        if node.id in seen:
            line = report.place(below(seen[node.id].path, "id")).line
            message = f"the id '{node.id}' is used twice, first in line {line}; give each node an id of its own"
            report.add("duplicate_id", message, below(node.path, "id"), node=node.id)
        else:
            seen[node.id] = node
    return seen


def _sinks(report: Report, nodes: Mapping[str, SeenNode], path: str) -> None:
    if nodes and all(node.kind and node.kind.role != "sink" for node in nodes.values()):
        message = f"pipeline '{report.document.name}' has no sink, so nothing of what it computes is kept"
        report.add("no_sink", message, path, severity="warning", key=True)
    into: dict[tuple[str, str], list[SeenNode]] = {}
    for node in nodes.values():
        if node.kind is CONNECTOR_SINK and node.config is not None:
            into.setdefault((node.config["connector"], node.config.get("table") or node.config["path"]), []).append(node)
    for (_, target), sinks in into.items():
        # Whichever came last would stand alone, and the rows of the others would be gone without a word.
        replacing = next((sink for sink in sinks if sink.config and sink.config["writeMode"] == "OVERWRITE"), None)
        other = next((sink for sink in sinks if sink is not replacing), None)
        if replacing and other:
            message = (
                f"{replacing.owner.phrase} replaces all that is in {target}, into which {other.owner.phrase} writes too; put a union before"
                " one sink, or write elsewhere"
            )
            report.add("sink_overwritten", message, below(below(replacing.path, "config"), "writeMode"), node=replacing.id)
