"""Where the nodes of a stage run: in the database that holds their rows, or here (execution.md, Stages).

1. In the database, whole: all sources in one, every expression trusted there, and the sinks there too; nothing leaves the server.
2. In the database up to one last node, as part of the SELECT that reads: `push` says how far.
3. Here, all else.

Every node that stays here has a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from shared.planning.cut import Piece
from shared.planning.databases import Database
from shared.planning.graph import Graph
from shared.planning.looking import Looking, transforms_of
from shared.planning.needs import Facts
from shared.planning.stages import PlannedNode
from shared.sql.trust import Trust

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
    in its database, where it has one; `local`: why a node stays here. `typed`: the relations that were looked at, by table. `looking`: what
    is known of the nodes of a piece that may run in databases in part, and `not_whole`, why not whole.
    """

    whole: Database | None = None
    regions: tuple[Region, ...] = ()
    why: tuple[str, ...] = ()
    trust: Mapping[str, Trust] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, exp.Select] = field(default_factory=dict)
    looking: Looking | None = None
    not_whole: str = ""

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


def placed(graph: Graph, piece: Piece, facts: Facts, types: Mapping[str, str], checked: Collection[str] = ()) -> Placement:
    """Whole in one database, or with what `push` needs to know. `checked`: sinks whose rows the quality service reads as well."""
    settings = graph.pipeline.settings.get("pushDown") or {}
    if settings.get("mode") == "off":
        here = "pushDown.mode is off"
        return Placement(why=(here,), local=dict.fromkeys(transforms_of(graph, piece), here))
    looking = Looking(graph, piece, facts, types, settings.get("trust", LEAST_TRUST))
    why_not = looking.why_not_whole(checked)
    if why_not is None:
        (home,) = {looking.databases[node] for node in looking.sources}
        return Placement(
            whole=home, why=(f"database: sources and sinks are all in {home.connector}",), trust=looking.trust, typed=looking.relations
        )
    # What has no database to run in needs no reason for not running there.
    why = (f"not in one database whole, since {why_not}",) if looking.over_databases else ()
    return Placement(None, (), why, looking.trust, looking.local, looking.relations, looking, why_not)
