"""The order of a pipeline's nodes, by Kahn's algorithm. Pure functions over ids and pairs (upstream, downstream).

Everything keeps the order in which nodes and edges were given, so that two calls give the same answer. Several edges between two nodes
count as one; an edge that names an unknown node is a `KeyError`: validation comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.errors import ConfigurationError

Edges = Iterable[tuple[str, str]]


class Cyclic(ConfigurationError):
    """`path` is one cycle, first node repeated at its end."""

    code = "cycle"

    def __init__(self, path: list[str]) -> None:
        super().__init__(f"these nodes wait for one another: {' -> '.join(path)}; remove one of the edges between them", node=path[0])
        self.path = path


def generations(nodes: Sequence[str], edges: Edges) -> list[list[str]]:
    """The nodes by level: sources first, each node one level below its lowest input; what stands in one level can run together.

    Raises Cyclic when there is no such order.
    """
    below, waiting = _links(nodes, edges)
    level = [node for node in nodes if not waiting[node]]
    levels: list[list[str]] = []
    done = 0
    position = {node: at for at, node in enumerate(nodes)}
    while level:
        levels.append(level)
        done += len(level)
        ready = []
        for node in level:
            for target in below[node]:
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        level = sorted(ready, key=position.__getitem__)
    if done < len(nodes):
        stuck = [node for node in nodes if waiting[node]]
        raise Cyclic(_walk_back(stuck, below))
    return levels


def cycle(nodes: Sequence[str], edges: Edges) -> list[str] | None:
    """One cycle, or None: the ids along it, from the one that was given first, which is repeated at the end (`[a, b, a]`)."""
    try:
        generations(nodes, edges)
    except Cyclic as found:
        return found.path
    return None


def descendants(nodes: Sequence[str], edges: Edges, start: str) -> list[str]:
    """All that depends on `start`, without it, in the order given."""
    return _reach(nodes, edges, start)


def ancestors(nodes: Sequence[str], edges: Edges, start: str) -> list[str]:
    """All that `start` depends on, without it, in the order given."""
    return _reach(nodes, [(target, source) for source, target in edges], start)


def _links(nodes: Sequence[str], edges: Edges) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Downstream neighbours of each node, each once, and how many upstream ones each node waits for."""
    below: dict[str, dict[str, None]] = {node: {} for node in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for source, target in edges:
        if target not in below[source]:
            below[source][target] = None
            waiting[target] += 1
    return {node: list(targets) for node, targets in below.items()}, waiting


def _walk_back(stuck: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[str]:
    """A cycle among `stuck`, the nodes Kahn's algorithm could not place: each has an upstream node in it, so walking up must come round."""
    above: dict[str, str] = {}
    among = set(stuck)
    for node in stuck:
        for target in below[node]:
            if target in among:
                above.setdefault(target, node)
    walked: dict[str, int] = {}
    node = stuck[0]
    while node not in walked:
        walked[node] = len(walked)
        node = above[node]
    loop = list(walked)[walked[node] :][::-1]
    among_loop = set(loop)
    first = next(one for one in stuck if one in among_loop)
    at = loop.index(first)
    return [*loop[at:], *loop[:at], first]


def _reach(nodes: Sequence[str], edges: Edges, start: str) -> list[str]:
    below, _ = _links(nodes, edges)
    seen: set[str] = set()
    open_ends = [start]
    while open_ends:
        for target in below[open_ends.pop()]:
            if target not in seen:
                seen.add(target)
                open_ends.append(target)
    return [node for node in nodes if node in seen and node != start]
