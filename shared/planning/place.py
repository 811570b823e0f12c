"""Where the nodes of a stage run: in the database that holds their rows, or here (execution.md, Stages).

1. In the database, whole: all sources in one, every expression trusted there, and the sinks there too; nothing leaves the server.
2. In the database up to one last node, where so many rows come in that it is better sent its work, or nobody knows how many: what leaves
   is that node's result. With fewer rows, only row filters and limits go along with the SELECT that reads.
3. Here, all else.

Every node that stays here has a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import Dialect, exp

from shared.pipelines.nodes import NODE_TYPES
from shared.planning.compile import Graph, Port
from shared.planning.cut import Piece
from shared.planning.databases import Database, Facts, condition, database_of, found_of, stays
from shared.planning.errors import PlanProblem
from shared.planning.sequences import of_stage, starts
from shared.planning.stages import PlannedNode
from shared.sql.dialects import dialect as dialect_of
from shared.sql.render import rewritten
from shared.sql.trust import LEVELS, Trust, trust
from shared.sql.typing import annotated

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
    in its database, where it has one; `local`: why a node stays here.
    """

    whole: Database | None = None
    regions: tuple[Region, ...] = ()
    why: tuple[str, ...] = ()
    trust: Mapping[str, Trust] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)

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
        return Placement(why=(here,), local=dict.fromkeys(_relational(graph, piece), here))
    looking = _Looking(graph, piece, facts, types, settings.get("trust", LEAST_TRUST))
    why_not = looking.why_not_whole(checked)
    if why_not is None:
        (home,) = {looking.databases[node] for node in looking.sources}
        return Placement(whole=home, why=(f"database: sources and sinks are all in {home.connector}",), trust=looking.trust)
    placed = _regions(looking, int(settings.get("rowThreshold", ROW_THRESHOLD)), forced=mode == "require", why_not=why_not)
    if mode == "require" and (left := [node for node in _relational(graph, piece) if node not in placed.pushed]):
        # The first that could not go is why those after it could not.
        raise PlanProblem(f"node {left[0]} cannot be pushed down: {placed.local[left[0]]}; or set pushDown.mode to auto", node=left[0])
    return placed


def _relational(graph: Graph, piece: Piece) -> list[str]:
    return [node for node in piece.nodes if NODE_TYPES[graph.pipeline.node(node).type].role == "transform"]


class _Looking:
    """What is known of each node of a piece, upstream first. `databases`: where it could run; `local`: why it can run here only."""

    def __init__(self, graph: Graph, piece: Piece, facts: Facts, types: Mapping[str, str], least: str) -> None:
        self.graph, self.piece, self.facts, self.types, self.least = graph, piece, facts, types, least
        self.nodes = frozenset(piece.nodes)
        self.sources = [node for node in piece.nodes if node in graph.sources]
        self.sinks = [node for node in piece.nodes if node in graph.sinks]
        self.transforms = _relational(graph, piece)
        self.databases: dict[str, Database] = {}
        self.trust: dict[str, Trust] = {}
        fetched = [node for node in piece.nodes if graph.reads(node) and node not in graph.sources]
        self.local: dict[str, str] = dict.fromkeys(fetched, "its postQuery is computed here, over what was fetched")
        self.over_databases = any(database_of(graph, node, facts, types) for node in self.sources)
        if not self.over_databases:
            # Nothing to look at, and nearly every plan without a database comes by here.
            reason = "none of its rows comes straight out of a database"
            self.local |= dict.fromkeys((*self.sources, *self.transforms), reason)
            return
        for node in (*self.sources, *self.transforms):
            why = self._source(node) if node in graph.sources else self._transform(node)
            if why is not None:
                self.local[node] = why

    def ports(self, node: str) -> list[Port]:
        return [port for port in self.graph.ports.values() if port.node == node]

    def readers(self, table: str) -> set[str]:
        """Nodes of any stage that read a table."""
        ports = {port.node for port in self.graph.ports.values() if table in port.inputs}
        return ports | {sink for sink, read in self.graph.sink_inputs.items() if read == table}

    def rows(self, nodes: Iterable[str]) -> int | None:
        """The estimate of all that comes in by these sources; None where one has none."""
        known = [found_of(self.graph, node, self.facts, self.types).get("rows") for node in nodes]
        return None if None in known else sum(int(rows) for rows in known if rows is not None)

    def why_not_whole(self, checked: Collection[str]) -> str | None:
        """Why the piece cannot run in one database with its sinks; None where it can."""
        if not self.sinks:
            return "its rows go on to other stages"
        if self.local:
            return next(iter(self.local.values()))
        homes = {self.databases[node].connector for node in (*self.sources, *self.transforms)}
        if len(homes) != 1:
            return "its rows come from several databases" if homes else "it has no source of its own"
        if elsewhere := [sink for sink in self.sinks if self.graph.sinks[sink].connector not in homes]:
            return f"{elsewhere[0]} writes to {self.graph.sinks[elsewhere[0]].connector}"
        (home,) = {self.databases[node] for node in self.sources}
        if not home.spec.computes:
            return f"a {home.spec.type} connector cannot write what it computes itself, in this release"
        if any(table for node in self.nodes for table in self._tables(node) if self.readers(table) - self.nodes):
            return "some of its rows go on to other stages"
        if of_stage(self.graph.pipeline, self.nodes, self.sinks):
            return "rows are numbered by a sequence that goes on from run to run, which has to know how many there were"
        if read := [sink for sink in self.sinks if sink in checked]:
            return f"a rule set looks at the rows that {read[0]} writes"
        return None

    def _tables(self, node: str) -> list[str]:
        return [node] if node in self.graph.sources else [port.table for port in self.ports(node)]

    def _source(self, node: str) -> str | None:
        source = self.graph.sources[node]
        database = database_of(self.graph, node, self.facts, self.types)
        if database is None:
            return f"{node} is read through {source.connector}, which is no database"
        why = stays(source, found_of(self.graph, node, self.facts, self.types), database)
        if why is not None:
            return why
        where = condition(source)
        self.databases[node] = database
        return self._trusted(node, [where], database) if where is not None else None

    def _transform(self, node: str) -> str | None:
        graph = self.graph
        ports = self.ports(node)
        if not ports:
            return f"{graph.pipeline.node(node).type} is no relational node"
        if node in starts(graph.pipeline):
            return "its numbers go on from run to run, so that its rows have to be counted"
        above = sorted({graph.owner(table) for port in ports for table in port.inputs} - {node})
        if outside := [other for other in above if other not in self.nodes]:
            return f"its input {outside[0]} was staged by another stage"
        if not above:
            return "it reads nothing that is in a database"
        if here := [other for other in above if other in self.local]:
            return f"its input {here[0]} stays here"
        homes = {self.databases[other].connector: self.databases[other] for other in above}
        if len(homes) > 1:
            return f"its inputs are in {' and in '.join(sorted(homes))}"
        (home,) = homes.values()
        self.databases[node] = home
        return self._trusted(node, [self.typed(port) for port in ports], home)

    def typed(self, port: Port) -> exp.Expr:
        select = port.relation.select.copy()
        return annotated(select, {table: self.graph.columns(table) for table in port.inputs})

    def _trusted(self, node: str, trees: Iterable[exp.Expr], home: Database) -> str | None:
        found = [trust(tree, home.dialect, home.version) for tree in trees]
        worst = min(found, key=lambda one: LEVELS.index(one.level))
        self.trust[node] = worst
        if not worst.at_least(self.least) or worst.level == LEVELS[0]:
            return worst.why
        return next((f"a cast that may fail cannot be written for {home.spec.title}" for tree in trees if _unguarded(tree, home)), None)


def _unguarded(tree: exp.Expr, home: Database) -> bool:
    """A cast that is to give NULL would be written as one that raises."""
    if tree.find(exp.TryCast) is None:
        return False
    target = dialect_of(home.dialect, home.version)
    written = Dialect.get_or_raise(target.writes).generator_class
    return rewritten(tree, target).find(exp.TryCast) is not None and not written.TRY_SUPPORTED


def _regions(looking: _Looking, threshold: int, *, forced: bool, why_not: str) -> Placement:
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
    return Placement(None, tuple(regions), (*why, *whole), looking.trust, local)


def _region(looking: _Looking, last: str, fits: Any) -> Region | None:
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
    inner = [table for node in nodes for table in looking._tables(node) if table not in exits]
    if len(exits) != 1 or any(looking.readers(table) - nodes for table in inner):
        return None
    return Region(looking.databases[last], exits[0], tuple(node for node in looking.piece.nodes if node in nodes))


def _no_exit(looking: _Looking, node: str) -> str:
    if any(port.error for port in looking.ports(node)):
        return "its rows can fail, and those that do could not be read on the same snapshot as the others"
    if not looking.databases[node].spec.reads_pushed:
        return f"a {looking.databases[node].spec.type} connector cannot be sent a SELECT of ours, in this release"
    return "several nodes here read of it, which would be several SELECTs on several snapshots"


def _narrows(looking: _Looking, node: str) -> bool:
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
