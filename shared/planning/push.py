"""How far up a stage's nodes go along with the SELECT that reads, where the stage is not in one database whole.

Up to one last node, where so many rows come in that the database is better sent the work, or nobody knows how many: what leaves is that
node's result. With fewer rows, only row filters and limits go along. Predicates move nowhere else: within a stage they stand where the
recipe has them, and its engine moves them as it sees fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlglot import exp

from shared.planning.cut import Piece
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.looking import Looking, transforms_of
from shared.planning.place import Placement, Region

ROW_THRESHOLD = 100_000


def pushed(placement: Placement) -> Placement:
    """With the regions that leave a database as one SELECT each. Raises PlanProblem for what `mode: require` forbids."""
    looking = placement.looking
    if looking is None:
        return placement
    settings = looking.graph.pipeline.settings.get("pushDown") or {}
    forced = settings.get("mode") == "require"
    found = _regions(looking, placement, int(settings.get("rowThreshold", ROW_THRESHOLD)), forced=forced)
    if forced and (left := [node for node in looking.transforms if node not in found.pushed]):
        # The first that could not go is why those after it could not.
        raise PlanProblem(f"node {left[0]} cannot be pushed down: {found.local[left[0]]}; or set pushDown.mode to auto", node=left[0])
    return found


def other_ways(graph: Graph, piece: Piece, ruled: Placement) -> Iterator[Placement]:
    """The ways a piece could go beside the one that the rules say: read out, and with all that can be in the SELECTs that read."""
    yield Placement(trust=ruled.trust, local=dict.fromkeys(transforms_of(graph, piece), "it is read out"))
    if (looking := ruled.looking) is not None:
        unpushed = Placement(None, (), (), looking.trust, looking.local, looking.relations, looking, ruled.not_whole)
        yield _regions(looking, unpushed, 0, forced=False)


def _regions(looking: Looking, placement: Placement, threshold: int, *, forced: bool) -> Placement:
    graph = looking.graph
    local = dict(looking.local)
    if graph.pipeline.settings.get("ledger") == "exact" and not forced:
        for node in looking.transforms:
            local.setdefault(node, "ledger: exact counts every node's rows, and those of a SELECT that reads cannot be counted on the way")
        return replace(placement, local=local)
    regions: list[Region] = []
    why: list[str] = []
    taken: set[str] = set()
    for node in reversed(looking.transforms):
        if node in taken or node in looking.local:
            continue
        region = _region(looking, node, lambda one: True)
        if region is None:
            local.setdefault(node, _no_exit(looking, node))
            continue
        rows = looking.rows(one for one in region.nodes if one in graph.sources)
        if rows is not None and rows < threshold and not forced:
            few = f"about {rows} rows come in, fewer than pushDown.rowThreshold ({threshold}), and {placement.not_whole}"
            region = _region(looking, node, lambda one: _narrows(looking, one))
            if region is None:
                local.setdefault(node, few)
                continue
            why.append(f"{region.nodes[-1]}: row filters and limits go along with the SELECT that reads")
        else:
            many = "nobody knows how many rows come in" if rows is None else f"about {rows} rows come in"
            why.append(f"{node}: computed in {region.database.connector}, since {many}; what leaves is its result")
        regions.insert(0, region)
        taken |= set(region.nodes)
    for node in taken:
        local.pop(node, None)
    return replace(placement, regions=tuple(regions), why=(*why, *placement.why), local=local)


def _region(looking: Looking, last: str, fits: Callable[[str], bool]) -> Region | None:
    """All that is upstream of a node as one SELECT; None where that cannot be, or others read of it too."""
    graph = looking.graph
    exits = [port.table for port in looking.ports(last) if not port.internal and not (port.error and looking.drops(last))]
    nodes: set[str] = set()
    waiting = [last]
    while waiting:
        node = waiting.pop()
        if node in nodes:
            continue
        if node not in looking.databases or node in looking.local or not looking.databases[node].spec.reads_pushed:
            return None
        if node not in graph.sources and (not fits(node) or _rejects(looking, node)):
            return None
        nodes.add(node)
        waiting += {graph.owner(table) for port in looking.ports(node) for table in port.inputs}
    inner = [table for node in nodes for table in looking.tables(node) if table not in exits]
    if len(exits) != 1 or any(looking.readers(table) - nodes for table in inner):
        return None
    return Region(looking.databases[last], exits[0], tuple(node for node in looking.piece.nodes if node in nodes))


def _rejects(looking: Looking, node: str) -> bool:
    """Rows that fail in the node are wanted by somebody."""
    return not looking.drops(node) and any(port.error for port in looking.ports(node))


def _no_exit(looking: Looking, node: str) -> str:
    if _rejects(looking, node):
        return "its rows can fail, and those that do could not be read on the same snapshot as the others"
    if not looking.databases[node].spec.reads_pushed:
        return f"a {looking.databases[node].spec.type} connector cannot be sent a SELECT of ours, in this release"
    return "several nodes here read of it, which would be several SELECTs on several snapshots"


def _narrows(looking: Looking, node: str) -> bool:
    """A row filter or a limit: it reads one table, as it is, and lets some of its rows through."""
    (*ports,) = looking.ports(node)
    if len(ports) != 1 or ports[0].relation.rows != "fewer":
        return False
    select = ports[0].relation.select
    source = select.args.get("from_")
    plain = all(isinstance(e.unalias(), exp.Column) for e in select.expressions)
    return (
        plain
        and source is not None
        and isinstance(source.this, exp.Table)
        and not any(select.args.get(a) for a in ("joins", "group", "distinct"))
    )
