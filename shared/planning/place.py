"""Where the nodes of a stage run: in the database that holds their rows, or here (execution.md, Stages).

1. In the database, whole: all sources in one, every expression trusted there, and the sinks there too; nothing leaves the server.
2. In the database up to one last node, where so many rows come in that it is better sent its work, or nobody knows how many: what leaves
   is that node's result. With fewer rows, only row filters and limits go along with the SELECT that reads.
3. Here, all else.

Every node that stays here has a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from shared.planning.compile import Graph
from shared.planning.cut import Piece
from shared.planning.databases import Database, Facts
from shared.planning.errors import PlanProblem
from shared.planning.looking import Looking, transforms_of
from shared.planning.stages import PlannedNode
from shared.sql.trust import Trust

ROW_THRESHOLD = 100_000
LEAST_TRUST = "documented"
DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Region:
    """Nodes whose rows leave a database as one SELECT: those of the table `exit`, which is all that others read of them."""

    database: Database
    exit: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """`whole`: the database in which the piece runs with its sinks. `why`: sentences about the piece; `trust`: how far each node is trusted
    in its database, where it has one; `local`: why a node stays here. `typed`: the relations that were looked at, by table.
    """

    whole: Database | None = None
    regions: tuple[Region, ...] = ()
    why: tuple[str, ...] = ()
    trust: Mapping[str, Trust] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, exp.Select] = field(default_factory=dict)

    @property
    def pushed(self) -> frozenset[str]:
        return frozenset(node for region in self.regions for node in region.nodes)


def engine_of(placed: Placement, piece: Piece, sinks: Collection[str]) -> str:
    """What computes a stage: a database where nothing but handing over is left to do here."""
    left = [node for node in piece.nodes if node not in placed.pushed and node not in sinks]
    return DATABASE if placed.whole is not None or (placed.regions and not left) else piece.engine


def placed_node(node: PlannedNode, placed: Placement, here: str) -> PlannedNode:
    """`here`: the engine of its piece for what is not pushed down."""
    pushed = placed.whole is not None or node.id in placed.pushed
    found = placed.trust.get(node.id)
    return replace(
        node,
        engine=DATABASE if pushed else here,
        trust=found.level if found is not None else None,
        trust_why=found.why if found is not None else None,
        local=placed.local.get(node.id),
    )


def place(graph: Graph, piece: Piece, facts: Facts, types: Mapping[str, str], checked: Collection[str] = ()) -> Placement:
    """`checked`: sinks whose rows the quality service reads as well. Raises PlanProblem for what `mode: require` forbids."""
    settings = graph.pipeline.settings.get("pushDown") or {}
    mode = settings.get("mode", "auto")
    if mode == "off":
        here = "pushDown.mode is off"
        return Placement(why=(here,), local=dict.fromkeys(transforms_of(graph, piece), here))
    looking = Looking(graph, piece, facts, types, settings.get("trust", LEAST_TRUST))
    why_not = looking.why_not_whole(checked)
    if why_not is None:
        (home,) = {looking.databases[node] for node in looking.sources}
        return Placement(
            whole=home, why=(f"database: sources and sinks are all in {home.connector}",), trust=looking.trust, typed=looking.relations
        )
    placed = _regions(looking, int(settings.get("rowThreshold", ROW_THRESHOLD)), forced=mode == "require", why_not=why_not)
    if mode == "require" and (left := [node for node in transforms_of(graph, piece) if node not in placed.pushed]):
        # The first that could not go is why those after it could not.
        raise PlanProblem(f"node {left[0]} cannot be pushed down: {placed.local[left[0]]}; or set pushDown.mode to auto", node=left[0])
    return placed


def others(graph: Graph, piece: Piece, facts: Facts, types: Mapping[str, str], ruled: Placement) -> Iterator[Placement]:
    """The ways a piece could go beside the one that the rules say: read out, and with all that can be in the database."""
    yield Placement(trust=ruled.trust, local=dict.fromkeys(transforms_of(graph, piece), "it is read out"))
    if ruled.whole is None:
        settings = graph.pipeline.settings.get("pushDown") or {}
        looking = Looking(graph, piece, facts, types, settings.get("trust", LEAST_TRUST))
        yield _regions(looking, 0, forced=False, why_not="it was measured")


def _regions(looking: Looking, threshold: int, *, forced: bool, why_not: str) -> Placement:
    graph = looking.graph
    local = dict(looking.local)
    # What has no database to run in needs no reason for not running there.
    whole = [f"not in one database whole, since {why_not}"] if looking.over_databases else []
    if graph.pipeline.settings.get("ledger") == "exact" and not forced:
        for node in looking.transforms:
            local.setdefault(node, "ledger: exact counts every node's rows, and those of a SELECT that reads cannot be counted on the way")
        return Placement(why=tuple(whole), trust=looking.trust, local=local)
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
            few = f"about {rows} rows come in, fewer than pushDown.rowThreshold ({threshold}), and {why_not}"
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
    return Placement(None, tuple(regions), (*why, *whole), looking.trust, local, looking.relations)


def _region(looking: Looking, last: str, fits: Any) -> Region | None:
    """All that is upstream of a node as one SELECT; None where that cannot be, or others read of it too."""
    graph = looking.graph
    exits = [port.table for port in looking.ports(last) if not port.internal]
    nodes: set[str] = set()
    waiting = [last]
    while waiting:
        node = waiting.pop()
        if node in nodes:
            continue
        if node not in looking.databases or node in looking.local or not looking.databases[node].spec.reads_pushed:
            return None
        if node not in graph.sources and (not fits(node) or any(port.error for port in looking.ports(node))):
            return None
        nodes.add(node)
        waiting += {graph.owner(table) for port in looking.ports(node) for table in port.inputs}
    inner = [table for node in nodes for table in looking.tables(node) if table not in exits]
    if len(exits) != 1 or any(looking.readers(table) - nodes for table in inner):
        return None
    return Region(looking.databases[last], exits[0], tuple(node for node in looking.piece.nodes if node in nodes))


def _no_exit(looking: Looking, node: str) -> str:
    if any(port.error for port in looking.ports(node)):
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
