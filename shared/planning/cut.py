"""Where the plan is cut into stages: as few as can be, for each one engine, one connection, and at most one destination."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.pipelines.graph import ancestors
from shared.planning.compile import Graph


@dataclass(frozen=True, slots=True)
class Piece:
    """The nodes of one stage, upstream first, and why they are together or apart. `first`: master data, and what it is made of."""

    nodes: tuple[str, ...]
    why: str
    first: bool = False


def cut(graph: Graph) -> list[Piece]:
    """Pieces in an order in which each comes after those it reads from."""
    first = _master_data(graph)
    order = [*(node for node in graph.order if node in first), *(node for node in graph.order if node not in first)]
    if graph.pipeline.settings.get("staging") == "all":
        return [Piece((node,), "staging: all keeps every node's output", node in first) for node in order]
    why = "master data: computed once, before all others"
    pieces = [Piece(component, why, first=True) for component in _components(graph, order[: len(first)])]
    for component in _components(graph, order[len(first) :]):
        destinations = {node: _destinations(graph, node) for node in component}
        if len(set().union(*destinations.values())) <= 1:
            pieces.append(Piece(component, "everything connected runs on one engine in one go"))
            continue
        # What serves several destinations is staged once; what serves one goes with it, so that destinations are written side by side,
        # each stage publishing in one commit.
        base = [node for node in component if len(destinations[node]) != 1]
        pieces += [Piece(part, "computed once for several destinations") for part in _components(graph, base)]
        for destination in sorted({next(iter(d)) for d in destinations.values() if len(d) == 1}):
            own = tuple(node for node in component if destinations[node] == {destination})
            pieces.append(Piece(own, f"all that only {destination} gets, published in one commit"))
    return pieces


def _master_data(graph: Graph) -> set[str]:
    """The nodes that come before all others: master data, and all that it is made of."""
    edges = [(edge.source, edge.target) for edge in graph.pipeline.edges]
    master = {node.id for node in graph.pipeline.nodes if node.master}
    return master.union(*(ancestors(graph.order, edges, node) for node in master))


def _components(graph: Graph, nodes: Iterable[str]) -> list[tuple[str, ...]]:
    """Connected pieces of the graph induced by `nodes`, in order of their first node."""
    among = list(nodes)
    piece_of = {node: {node} for node in among}
    for edge in graph.pipeline.edges:
        if edge.source in piece_of and edge.target in piece_of and piece_of[edge.source] is not piece_of[edge.target]:
            joined = piece_of[edge.source] | piece_of[edge.target]
            for node in joined:
                piece_of[node] = joined
    seen: set[str] = set()
    pieces = []
    for node in among:
        if node not in seen:
            pieces.append(tuple(other for other in among if other in piece_of[node]))
            seen |= piece_of[node]
    return pieces


def _destinations(graph: Graph, node: str) -> set[str]:
    """Connectors that a node's rows end up in."""
    reached, waiting = set(), [node]
    found: set[str] = set()
    while waiting:
        current = waiting.pop()
        if current in reached:
            continue
        reached.add(current)
        if current in graph.sinks:
            found.add(graph.sinks[current].connector)
        waiting += [edge.target for edge in graph.pipeline.outgoing(current)]
    return found
