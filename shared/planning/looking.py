"""What is known of each node of a piece where databases are concerned: which one it could run in, how far its expressions are trusted
there, and why it can run here only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp

from shared.pipelines.nodes import NODE_TYPES
from shared.planning.cut import Piece
from shared.planning.databases import Database, condition, database_of, found_of, stays
from shared.planning.graph import Graph, Port
from shared.planning.needs import Facts
from shared.planning.sequences import of_stage, starts
from shared.sql.render import unguarded
from shared.sql.trust import LEVELS, Trust, trust
from shared.sql.typing import annotated

# Who reads what a rule set looks at; no node has such an id.
RULE_SET = "a rule set"
# Databases that keep the time of a write as what it is, so that they can put it in themselves.
_KEEPING_INSTANTS = {"postgres", "duckdb"}


def transforms_of(graph: Graph, piece: Piece) -> list[str]:
    return [node for node in piece.nodes if NODE_TYPES[graph.pipeline.node(node).type].role == "transform"]


class Looking:
    """What is known of each node of a piece, upstream first. `databases`: where it could run; `local`: why it can run here only."""

    def __init__(self, graph: Graph, piece: Piece, facts: Facts, types: Mapping[str, str], least: str) -> None:
        self.graph, self.piece, self.facts, self.types, self.least = graph, piece, facts, types, least
        self.nodes = frozenset(piece.nodes)
        self.sources = [node for node in piece.nodes if node in graph.sources]
        self.sinks = [node for node in piece.nodes if node in graph.sinks]
        self.transforms = transforms_of(graph, piece)
        self.databases: dict[str, Database] = {}
        self.trust: dict[str, Trust] = {}
        self.relations: dict[str, exp.Select] = {}
        fetched = [node for node in piece.nodes if graph.reads(node) and node not in graph.sources]
        self.local: dict[str, str] = dict.fromkeys(fetched, "its postQuery is computed here, over what was fetched")
        self.root: dict[str, str] = {}
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
        """But for what is made there for a sink, which is never made in a database."""
        return [port for port in self.graph.ports.values() if port.node == node and port.for_sink is None]

    def readers(self, table: str) -> set[str]:
        """Nodes of any stage that read a table; a rule set that looks at it counts as one."""
        ports = {port.for_sink or port.node for port in self.graph.ports.values() if table in port.inputs}
        watching = {RULE_SET} if table in self.graph.watched else set()
        return ports | watching | {sink for sink, read in self.graph.sink_inputs.items() if read == table}

    def drops(self, node: str) -> bool:
        """Rows that fail in the node are left out (`onError: skip`), and nobody asks how many there were."""
        read = any(port.error and self.readers(port.table) for port in self.ports(node))
        return self.graph.skips(node) and not read and self.graph.pipeline.node(node).reject_limit is None

    def rows(self, nodes: Iterable[str]) -> int | None:
        """The estimate of all that comes in by these sources; None where one has none."""
        known = [found_of(self.graph, node, self.facts, self.types).get("rows") for node in nodes]
        return None if None in known else sum(int(rows) for rows in known if rows is not None)

    def why_not_whole(self, checked: Collection[str]) -> str | None:
        """Why the piece cannot run in one database with its sinks; None where it can."""
        if gated := [
            port.for_sink for port in self.graph.ports.values() if port.for_sink not in {None, port.node} and port.node in self.nodes
        ]:
            return f"what {gated[0]} is to get is staged here, where a rule set looks at it before it is published"
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
        stamped = [sink for sink in self.sinks if self.graph.sinks[sink].written != self.graph.sinks[sink].columns]
        if stamped and home.spec.type not in _KEEPING_INSTANTS:
            return f"the time of the write of {stamped[0]} has to be fitted to what {home.spec.title} keeps of times"
        if handed_on := [sink for sink in self.sinks if self.graph.written_by(sink) is not None]:
            return f"what {handed_on[0]} wrote goes on to other nodes"
        if any(table for node in self.nodes for table in self.tables(node) if self.readers(table) - self.nodes):
            return "some of its rows go on to other stages"
        if of_stage(self.graph.pipeline, self.nodes, self.sinks):
            return "rows are numbered by a sequence that goes on from run to run, which has to know how many there were"
        if read := [sink for sink in self.sinks if sink in checked]:
            return f"a rule set looks at the rows that {read[0]} writes"
        # What a sink makes of several inputs is computed there too.
        made = {sink: [self.typed(port) for port in self.ports(sink)] for sink in self.sinks}
        return next((why for sink, trees in made.items() if trees and (why := self._trusted(sink, trees, home)) is not None), None)

    def tables(self, node: str) -> list[str]:
        return [node] if node in self.graph.sources else [port.table for port in self.ports(node)]

    def _source(self, node: str) -> str | None:
        source = self.graph.sources[node]
        if source.window is not None:
            return f"rows of {node} are told from those of the last run here"
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
            # The reason of the first that stays, however far up it is.
            self.root[node] = self.root.get(here[0], self.local[here[0]])
            return f"its input {here[0]} stays here: {self.root[node]}"
        homes = {self.databases[other].connector: self.databases[other] for other in above}
        if len(homes) > 1:
            return f"its inputs are in {' and in '.join(sorted(homes))}"
        (home,) = homes.values()
        self.databases[node] = home
        return self._trusted(node, [self.typed(port) for port in ports], home)

    def typed(self, port: Port) -> exp.Expr:
        select = self.relations[port.table] = port.relation.select.copy()
        return annotated(select, {table: self.graph.columns(table) for table in port.inputs})

    def _trusted(self, node: str, trees: Iterable[exp.Expr], home: Database) -> str | None:
        found = [trust(tree, home.dialect, home.version) for tree in trees]
        worst = min(found, key=lambda one: LEVELS.index(one.level))
        self.trust[node] = worst
        if not worst.at_least(self.least) or worst.level == LEVELS[0]:
            return worst.why
        return next(
            (
                f"a cast that may fail cannot be written for {home.spec.title}"
                for tree in trees
                if unguarded(tree, home.dialect, home.version)
            ),
            None,
        )
