"""How the rows of each table of a stage are counted, without scanning anything twice.

Known for free: staged inputs, sources that say how many rows they hold (Parquet), temporary tables, outputs, what a sink wrote. From
there counts are handed along nodes that keep every row. An aggregator folds count(*) into its groups. A filter draws a temporary sequence
in a projection and refers to it in its own predicate, which keeps the engine from moving the predicate below the projection (measured:
bare predicates and Python functions are merged and pushed, and count wrongly). What cannot be counted so is made a temporary table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from shared.engines.program import Count
from shared.planning.graph import Graph, Port

ROWS = "__rows"
DRAWN = "__c"


@dataclass(slots=True)
class Counting:
    """Decisions for one stage. `users`: for each local table, who reads it: a port's table, or a sink or an output as ("sink",
    id) or ("output", table).
    """

    graph: Graph
    local_ports: dict[str, Port]
    local_sources: frozenset[str]
    foreign: frozenset[str]
    users: dict[str, list[str | tuple[str, str]]]
    materialised: set[str] = field(default_factory=set)
    counters: dict[str, str] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)

    @property
    def exact(self) -> bool:
        """`ledger: exact`: every table is counted by itself, so that the terms prove one another."""
        return self.graph.pipeline.settings.get("ledger") == "exact"

    def rows(self, table: str) -> Count:
        """The rows of a table; decides, where need be, how they come to be counted."""
        known = self._for_free(table)
        if known is not None:
            return known
        if self.exact:
            self.materialised.add(table)
            return self._known(table)
        (user,) = self.users[table]
        assert isinstance(user, str)
        port = self.local_ports[user]
        if port.relation.rows == "same" and not self._loses_rows(port):
            return self.rows(user)
        if is_aggregate(port):
            self.folded.add(user)
            self.materialised.add(user)
            return {"total": [user, ROWS]}
        if port.relation.rows == "fewer" and port.relation.select.args.get("where") and not port.relation.select.args.get("limit"):
            name = self.counters.setdefault(user, f"rows of {table}")
            return {"counter": name}
        self.materialised.add(table)
        return self._known(table)

    def _for_free(self, table: str) -> Count:
        """Its own count, or that of what it is made from row by row."""
        known = self._known(table) or self._rest_of_partition(table)
        port = self.local_ports.get(table)
        if known is not None or self.exact or port is None or port.relation.rows != "same" or self._loses_rows(port):
            return known
        return self._for_free(port.inputs[0])

    def _known(self, table: str) -> Count:
        if table in self.foreign or (table in self.local_sources and self._says_its_rows(table)):
            return {"read": table}
        if table in self.materialised or len(self.users[table]) > 1 or (table in self.local_sources and not self.users[table]):
            self.materialised.add(table)
            return {"read": table} if table in self.local_sources else {"table": table}
        if not self.users[table]:
            port = self.local_ports[table]
            if port.error and not self.graph.skips(port.node):
                return {"rejects": port.node}
            # Dropped rows, and those of a port that nobody reads, are kept nowhere else; they are counted all the same.
            self.materialised.add(table)
            return {"table": table}
        (user,) = self.users[table]
        return None if isinstance(user, str) else {user[0]: user[1]}

    def _says_its_rows(self, table: str) -> bool:
        source = self.graph.sources.get(table)
        return source is not None and source.counted

    def _rest_of_partition(self, table: str) -> Count:
        """A port of a node that shares its input out among its ports: the input less the others, where all of those are known."""
        port = self.local_ports.get(table)
        if (
            self.exact
            or port is None
            or port.relation.rows != "fewer"
            or len(port.inputs) != 1
            or "rejected" not in _names(self.graph, port.node)
        ):
            return None
        others = [other.table for other in self.graph.node_ports(port.node) if other.table != table]
        counts = [self._known(other) for other in others]
        whole = self._known(port.inputs[0])
        if whole is None or any(count is None for count in counts):
            return None
        return {"minus": [whole, {"sum": counts}]}

    def _loses_rows(self, port: Port) -> bool:
        return port.for_sink is None and any(other.error for other in self.graph.node_ports(port.node))


def _names(graph: Graph, node: str) -> set[str]:
    ports = {port.table.removeprefix(node).lstrip(".") or "out" for port in graph.node_ports(node)}
    return ports if "out" in ports else set()


def is_aggregate(port: Port) -> bool:
    select = port.relation.select
    return (
        port.relation.rows == "own"
        and len(port.inputs) == 1
        and not select.args.get("having")
        # In overlapping windows a row is in several groups.
        and not select.find(exp.Join)
        and any(e.find(exp.AggFunc) for e in select.expressions)
    )


def select_of(port: Port, counting: Counting, next_value: Callable[[str], exp.Expr]) -> exp.Select:
    """The port's relation with its count in it. `next_value(counter)` is the engine's way to draw from a sequence."""
    select = port.relation.select.copy()
    if port.table in counting.folded:
        select.select(exp.alias_(exp.Count(this=exp.Star(), big_int=True), ROWS, quoted=True), copy=False)
    counter = counting.counters.get(port.table)
    if counter is not None:
        (table,) = port.inputs
        drawn = exp.Select(expressions=[exp.Star(), exp.alias_(next_value(counter), DRAWN, quoted=True)])
        drawn.from_(exp.Table(this=exp.to_identifier(table, quoted=True)), copy=False)
        source = exp.Subquery(this=drawn, alias=exp.TableAlias(this=exp.to_identifier(table, quoted=True)))
        select.from_(source, copy=False)
        condition = select.args["where"].this
        marked = exp.GT(this=exp.column(DRAWN, table=table, quoted=True), expression=exp.Literal.number(0))
        select.set("where", exp.Where(this=exp.Case(ifs=[exp.If(this=marked, true=condition)])))
    return select
