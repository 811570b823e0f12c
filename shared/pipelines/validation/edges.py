"""The edges of a pipeline: do they lead from a port to a node, does every node get what it needs, and is there an order?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.pipelines import graph
from shared.pipelines.kinds.pipeline import ends
from shared.pipelines.language.pointers import below
from shared.pipelines.master_data import named
from shared.pipelines.model import MAIN_PORT, port_table
from shared.pipelines.validation import sql
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.seen import SeenEdge, SeenNode
from shared.pipelines.validation.words import hint

# Of a recipe that is one knot, the first few cycles are enough to begin with.
_MOST_CYCLES = 10


def edge_owner(edge: Mapping[str, Any], at: int) -> Owner:
    source, target = edge.get("from"), edge.get("to")
    if isinstance(source, str) and isinstance(target, str):
        return Owner(f"the edge from '{source}' to '{target}'")
    return Owner(f"edge number {at + 1}")


def check(report: Report, nodes: Mapping[str, SeenNode], edges: Any, path: str) -> list[SeenEdge]:
    """Reports all that is wrong with the edges; those that can be read are returned."""
    seen: list[SeenEdge] = []
    # Nodes that an edge names whose other end is nowhere: connected to something, nobody knows to what.
    touched: set[str] = set()
    # Where an edge cannot be read at all, nobody knows what it would have connected.
    readable = isinstance(edges, list)
    for at, edge in enumerate(edges if isinstance(edges, list) else ()):
        found = _edge(report, nodes, edge, below(path, at))
        if found is None:
            readable = False
        elif isinstance(found, SeenEdge):
            seen.append(found)
        else:
            touched |= found
    named = _master_data(nodes, seen)
    _order(report, nodes, [*seen, *named])
    incoming_of: dict[str, list[SeenEdge]] = {name: [] for name in nodes}
    for edge in [*seen, *named]:
        incoming_of[edge.target].append(edge)
    connected = touched | {edge.source for edge in seen} | {edge.target for edge in seen}
    complete = readable and len(seen) == len(edges)
    for node in nodes.values():
        if readable and len(nodes) > 1 and node.id not in connected and not node.master:
            message = f"{node.owner.phrase} is connected to nothing; add an edge from or to it, or remove it"
            report.add("disconnected_node", message, below(node.path, "id"), node=node.id)
        else:
            _inputs(report, node, incoming_of[node.id], complete)
            _named_inputs(report, node, incoming_of[node.id], complete)
    return [*seen, *named]


def _master_data(nodes: Mapping[str, SeenNode], edges: Sequence[SeenEdge]) -> list[SeenEdge]:
    """Edges that nobody has written, from master data to the nodes whose SQL names it."""
    masters = [node.id for node in nodes.values() if node.master]
    brought = {(edge.source, edge.port, edge.target) for edge in edges}
    found: dict[tuple[str, str, str], SeenEdge] = {}
    for node in nodes.values():
        for master, port, setting, _ in named(node.kind, node.raw, masters) if node.kind is not None else ():
            kind, key = nodes[master].kind, (master, port, node.id)
            there = kind is None or port in kind.ports(nodes[master].config or nodes[master].raw)
            if there and key not in brought and master != node.id:
                found.setdefault(key, SeenEdge(master, port, node.id, below(below(node.path, "config"), setting)))
    return list(found.values())


def _edge(report: Report, nodes: Mapping[str, SeenNode], edge: Any, path: str) -> SeenEdge | set[str] | None:
    """The edge; of one that leads nowhere or comes from nowhere the end that is there; None for what is no edge."""
    if not isinstance(edge, Mapping):
        return None
    source, target, output = edge.get("from"), edge.get("to"), edge.get("output")
    if not isinstance(source, str) or not isinstance(target, str) or not (output is None or isinstance(output, str)):
        return None
    node, port = ends(source, output)
    start = _end(report, nodes, node, below(path, "from"), f"an edge begins at '{node}'")
    end = _end(report, nodes, target, below(path, "to"), f"the edge from '{source}' leads to '{target}'")
    if start is not None:
        _port(report, nodes[start], port, below(path, "output" if output is not None else "from"))
    if start is None or end is None:
        return {one for one in (start, end) if one is not None}
    columns = edge.get("columns")
    kept = tuple(columns) if isinstance(columns, list) and columns and all(isinstance(name, str) for name in columns) else None
    return SeenEdge(start, port, end, path, kept, guessed=(start, end) != (node, target))


def _end(report: Report, nodes: Mapping[str, SeenNode], name: str, path: str, what: str) -> str | None:
    """The node that an end of an edge means."""
    if name in nodes:
        return name
    near = report.nearest(name, nodes)
    if not report.settled(path):
        report.add("unknown_node", f"{what}, but there is no node with that id{hint(near, nodes)}", path, suggestion=near)
    return near


def _port(report: Report, node: SeenNode, port: str, path: str) -> None:
    if node.kind is None or (node.config is None and node.kind.ports_by_config and port != MAIN_PORT):
        return
    ports = node.kind.ports(node.config if node.config is not None else node.raw)
    if port not in ports:
        near = report.nearest(port, ports)
        report.add("unknown_port", f"{node.owner.phrase} has no port '{port}'{hint(near, ports)}", path, node=node.id, suggestion=near)


def _order(report: Report, nodes: Mapping[str, SeenNode], edges: Sequence[SeenEdge]) -> None:
    """Every cycle by name, at the edge that closes it."""
    left = list(edges)
    for _ in range(_MOST_CYCLES):
        knot = graph.cycle(list(nodes), [(edge.source, edge.target) for edge in left])
        if knot is None:
            return
        closing = [edge for edge in left if (edge.source, edge.target) == (knot[-2], knot[-1])]
        if len(knot) == 2:
            message = f"{nodes[knot[0]].owner.phrase} waits for itself: {' -> '.join(knot)}; remove this edge"
        else:
            message = f"these nodes wait for one another: {' -> '.join(knot)}; remove one of the edges between them"
        report.add("cycle", message, closing[-1].path, node=knot[0])
        left = [edge for edge in left if edge not in closing]


def _inputs(report: Report, node: SeenNode, incoming: Sequence[SeenEdge], complete: bool) -> None:
    if node.kind is None:
        return
    least, most = node.kind.inputs
    if node.kind.role == "source":
        # Its SQL may name master data, which is no input of its own.
        incoming = [edge for edge in incoming if not edge.path.startswith(node.path)]
    if any(edge.guessed for edge in incoming) and most is not None and len(incoming) > most:
        # One too many only if the guess is right.
        incoming = [edge for edge in incoming if not edge.guessed]
    number = len(incoming)
    if most == 1 and number > 1:
        # Stacked where their columns are the same, which is seen where columns are known.
        return
    if most is not None and number > most:
        told = ", ".join(port_table(edge.source, edge.port) for edge in incoming)
        takes = "takes no input" if most == 0 else f"takes {_inputs_in_words(most)}"
        remedy = "; remove the edge" if most == 0 else ""
        message = f"{node.owner.phrase} {takes}, but {number} edge{'s lead' if number > 1 else ' leads'} to it (from {told}){remedy}"
        report.add("wrong_inputs", message, incoming[most].path, node=node.id)
    elif number < least and complete:
        there = f"only {number} edge leads" if number == 1 else f"only {number} edges lead" if number else "no edge leads"
        message = f"{node.owner.phrase} needs {_inputs_in_words(least, most)}, but {there} to it; add an edge to it"
        report.add("wrong_inputs", message, below(node.path, "id"), node=node.id)


def _inputs_in_words(number: int, most: int | None = 0) -> str:
    words = {1: "one input", 2: "two inputs"}.get(number, f"{number} inputs")
    return words if most is not None else f"at least {words}"


def _named_inputs(report: Report, node: SeenNode, incoming: Sequence[SeenEdge], complete: bool) -> None:
    """What a config calls an input must be what its edges bring: a joiner's sides, the tables of a query."""
    if node.kind is None or node.kind.reads is None or not complete or (not incoming and node.kind.inputs[0]):
        return
    brought = dict.fromkeys(name for edge in incoming for name in (edge.source, port_table(edge.source, edge.port)))
    for setting, name, offset in node.kind.reads(node.raw):
        path = below(below(node.path, "config"), setting)
        if name in brought or name.lower() in {one.lower() for one in brought} or report.settled(path):
            continue
        near, what = report.nearest(name, brought), "is" if offset is None else "names"
        source = node.kind.role == "source"
        why = "which is no master data; name this, or a node with masterData: true" if source else "but no edge brings it"
        message = f"'{setting}' of {node.owner.phrase} {what} '{name}', {why}{hint(near, brought) if brought or not source else ''}"
        at = sql.position(report.document, path, str(node.raw[setting]), offset) if offset is not None else None
        report.add("unknown_input", message, path, node=node.id, suggestion=near, at=at)
