"""Master data: what `masterData: true` nodes bring, nameable in any node's SQL (a `sql` node's query, a source's postQuery).

A name without an edge is an edge all the same: it is made here, so that order, stages and columns need to know of edges only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from shared.pipelines.model import MAIN_PORT, Edge, Node, port_table
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.types import NodeType


def named(kind: NodeType, config: Mapping[str, Any], masters: Collection[str]) -> Iterator[tuple[str, str, str, int | None]]:
    """The master data that a config names: (node, port, setting, offset into the setting's text), as SQL finds names: without regard
    to case.
    """
    if kind.reads is None or not masters or not (kind.role == "source" or kind.inputs[1] is None):
        return
    folded = {master.lower(): master for master in masters}
    for setting, name, offset in kind.reads(config):
        node, _, port = name.partition(".")
        if node.lower() in folded:
            yield folded[node.lower()], port or MAIN_PORT, setting, offset


def with_named(nodes: Iterable[Node], edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """The edges, and after them one for each master data table that a node's SQL names and no edge brings."""
    everything = list(nodes)
    masters = [node.id for node in everything if node.master]
    brought = {(edge.target, port_table(edge.source, edge.output)) for edge in edges}
    made: dict[tuple[str, str], Edge] = {}
    for node in everything:
        for master, port, _, _ in named(NODE_TYPES[node.type], node.config, masters):
            key = (node.id, port_table(master, port))
            if key not in brought and master != node.id:
                made.setdefault(key, Edge(master, node.id, port))
    return (*edges, *made.values())
