"""Where the plan is cut into stages: as few as can be, for each one engine, one connection, and at most one destination."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.pipelines.graph import ancestors
from shared.pipelines.model import port_table
from shared.planning.graph import Graph
from shared.planning.modes import Choice


@dataclass(frozen=True, slots=True)
class Piece:
    """The nodes of one stage, upstream first, and why they are together or apart. `first`: master data, and what it is made of."""

    nodes: tuple[str, ...]
    why: str
    engine: str = "duckdb"
    first: bool = False


def pieces(graph: Graph, choices: Mapping[str, Choice], gates: Collection[str] = (), kept: Collection[str] = ()) -> tuple[Piece, ...]:
    """Pieces in an order in which each comes after those it reads from. `choices`: the engine of each node; `gates`: tables that nobody
    reads before a rule set has passed them, so not in the piece that makes them. `kept`: nodes of which later runs may reuse what they
    give, with all that they need: no piece has some of these and others."""
    first = _master_data(graph)
    before = [node for node in graph.order if node in first]
    after = [node for node in graph.order if node not in first]
    level = _levels(graph, choices, gates, kept)
    return (*(replace(piece, first=True) for piece in _pieces(graph, choices, level, before)), *_pieces(graph, choices, level, after))


def _pieces(graph: Graph, choices: Mapping[str, Choice], level: Mapping[str, int], order: Sequence[str]) -> list[Piece]:
    """Of some nodes, none of which needs one that comes later in `order`."""
    if graph.pipeline.settings.get("staging") == "all":
        return [Piece((node,), "staging: all keeps every node's output", choices[node].engine) for node in order]
    found: list[Piece] = []
    for number in sorted({level[node] for node in order}):
        for alike in dict.fromkeys(choices[node].alike(node) for node in order if level[node] == number):
            nodes = [node for node in order if level[node] == number and choices[node].alike(node) == alike]
            found += [piece for component in _components(graph, nodes) for piece in _by_destination(graph, component, alike[0])]
    return found


def _levels(graph: Graph, choices: Mapping[str, Choice], gates: Collection[str], kept: Collection[str]) -> dict[str, int]:
    """How often the engine changes, a gate stands, a sink is passed, or what is kept ends on the way to each node, at most. Nodes of one
    level and engine can run in one go: no way leads out of them and back."""
    level: dict[str, int] = {}
    for node in graph.order:
        edges = graph.pipeline.incoming(node)
        apart = [
            e.source in graph.sinks
            or choices[e.source].alike(e.source) != choices[node].alike(node)
            or port_table(e.source, e.output) in gates
            or (e.source in kept) != (node in kept)
            for e in edges
        ]
        level[node] = max((level[e.source] + cut for e, cut in zip(edges, apart, strict=True)), default=0)
    return level


def _by_destination(graph: Graph, component: tuple[str, ...], engine: str) -> list[Piece]:
    destinations = {node: _destinations(graph, node) for node in component}
    if len(set().union(*destinations.values())) <= 1:
        return [Piece(component, "everything connected runs on one engine in one go", engine)]
    # What serves several destinations is staged once; what serves one goes with it, so that destinations are written side by side,
    # each stage publishing in one commit.
    base = [node for node in component if len(destinations[node]) != 1]
    parts = [Piece(part, "computed once for several destinations", engine) for part in _components(graph, base)]
    for destination in sorted({next(iter(d)) for d in destinations.values() if len(d) == 1}):
        own = tuple(node for node in component if destinations[node] == {destination})
        parts.append(Piece(own, f"all that only {destination} gets, published in one commit", engine))
    return parts


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
    found = []
    for node in among:
        if node not in seen:
            found.append(tuple(other for other in among if other in piece_of[node]))
            seen |= piece_of[node]
    return found


def _destinations(graph: Graph, node: str) -> set[str]:
    """Connectors that a node's rows end up in; what comes of rows once they are written is another stage's."""
    reached, waiting = set(), [node]
    found: set[str] = set()
    while waiting:
        current = waiting.pop()
        if current in reached:
            continue
        reached.add(current)
        if current in graph.sinks:
            found.add(graph.sinks[current].connector)
            continue
        waiting += [edge.target for edge in graph.pipeline.outgoing(current)]
    return found
