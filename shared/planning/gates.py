"""Write, audit, publish: where rows stop until a rule set has passed them, and which rows of a sink are set aside before it.

What a sink is to get is a port of its own where a rule set holds it back or takes rows out of it. Behind a gate the stage that computes the
rows makes and stages that port; a stage of its own reads it, and publishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from sqlglot import exp

from shared.pipelines.model import Edge
from shared.pipelines.nodes.relations import column, find
from shared.pipelines.nodes.row_rules import divided, no_row_rule
from shared.pipelines.nodes.types import Input, Relation
from shared.planning.attach import Check, Checks, compared_nodes, is_replay, parent_columns, rejecting
from shared.planning.cut import Piece
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph, Port, charged_to
from shared.rules.types import Rule


def prepared(graph: Graph, checks: Checks) -> Graph:
    """With the rows of each sink that has a gate or rejects rows as a port named after it, and behind that the rows that are left.

    Raises PlanProblem, charged to the sink, for rules that no row can be held against.
    """
    for sink in graph.sinks:
        own = [check for check in checks if check.node == sink]
        aside = [(check, rule) for check in own for rule in rejecting(check.rules)]
        if not aside and not any(check.gate for check in own):
            continue
        graph = _arriving(graph, sink)
        if aside:
            with charged_to(sink):
                graph = _divided(graph, sink, aside)
    return graph


def gated_sinks(graph: Graph, checks: Checks) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check.node for check in checks if check.gate and check.node in graph.sinks and check.node is not None))


def gated_ports(graph: Graph, checks: Checks) -> frozenset[str]:
    """Tables whose readers wait, other than what sinks are to get."""
    return frozenset(check.table for check in checks if check.gate and check.table is not None and check.node not in graph.sinks)


def set_apart(graph: Graph, pieces: Sequence[Piece], checks: Checks) -> tuple[Graph, tuple[Piece, ...]]:
    """Gated sinks in pieces of their own, after all others; those that one commit was to publish stay together.

    What they are to get is made by the piece that has the last of its rows.
    """
    gated = gated_sinks(graph, checks)
    if not gated:
        return graph, tuple(pieces)
    computing: list[Piece] = []
    publishing: list[Piece] = []
    for piece in pieces:
        own = tuple(node for node in piece.nodes if node in gated)
        rest = tuple(node for node in piece.nodes if node not in gated)
        if rest:
            computing.append(replace(piece, nodes=rest))
        if own:
            publishing.append(Piece(own, _why(own, checks)))
    ports = dict(graph.ports)
    for sink in gated:
        # Several inputs come together there, too.
        inputs = graph.ports[sink].inputs
        made = [graph.ports[sink], *(port for port in graph.ports.values() if port.node == sink and port.table in inputs)]
        read = {graph.owner(table) for port in made for table in port.inputs} - {sink}
        host = [node for piece in computing for node in piece.nodes if node in read][-1]
        ports |= {port.table: replace(port, node=host, for_sink=sink) for port in made}
    return replace(graph, ports=ports), (*computing, *publishing)


def _why(sinks: Sequence[str], checks: Checks) -> str:
    waits = [(check.rules.name, check.node) for check in checks if check.gate and check.node in sinks]
    names = " and ".join(dict.fromkeys(name for name, _ in waits))
    many = len({name for name, _ in waits}) > 1
    return f"published only after rule set{'s' if many else ''} {names} {'have' if many else 'has'} passed"


def _arriving(graph: Graph, sink: str) -> Graph:
    """What the sink is to get as a port of the sink's name."""
    table, columns = graph.sink_inputs[sink], graph.sinks[sink].columns
    select = exp.Select(expressions=[column(c.name, table) for c in columns])
    select.from_(exp.Table(this=exp.to_identifier(table, quoted=True)), copy=False)
    select = _in_order(graph, table, select)
    port = Port(sink, sink, Relation(select, columns, "same"), (table,), internal=True, for_sink=sink)
    return replace(graph, ports={**graph.ports, sink: port}, sink_inputs={**graph.sink_inputs, sink: sink})


def _divided(graph: Graph, sink: str, aside: Sequence[tuple[Check, Rule]]) -> Graph:
    """With a port of the rows that are left, and one of those that a rule takes out; the sink reads the first."""
    for check, rule in aside:
        why = no_row_rule(rule)
        if rule["type"] == "REFERENTIAL" and "node" not in rule["references"]:
            why = f"its parents are in {rule['references']['connector']}, where one row cannot look; name a node that reads them"
        if rule["type"] == "UNIQUE" and is_replay(graph):
            why = "it compares each row with all others, of which a replay has none; correct what came before, and run it again"
        if why is not None:
            raise PlanProblem(f"rule {rule['name']} of rule set {check.rules.name} cannot reject rows of {sink}: {why}", node=sink)
    rules = [rule for _, rule in aside]
    # By place: rules of two rule sets may go by one name.
    parents = {at: _parent(graph, check, rule) for at, (check, rule) in enumerate(aside) if rule["type"] == "REFERENTIAL"}
    source = Input(sink, sink, graph.sinks[sink].columns)
    kept, failing = divided(rules, source, parents)
    kept = replace(kept, select=_in_order(graph, sink, kept.select))
    inputs = (sink, *(parent.table for parent in parents.values()))
    names = tuple(str(rule["name"]) for rule in rules)
    left, out = f"{sink} kept", f"{sink}.rejected"
    ports = {
        left: Port(sink, left, kept, inputs, internal=True),
        out: Port(sink, out, failing, inputs, error=True, rules=names),
    }
    # Whoever reads of a node comes after it.
    edges = tuple(Edge(parent.node, sink) for parent in parents.values())
    pipeline = replace(graph.pipeline, edges=(*graph.pipeline.edges, *edges))
    return replace(graph, pipeline=pipeline, ports={**graph.ports, **ports}, sink_inputs={**graph.sink_inputs, sink: left})


def _parent(graph: Graph, check: Check, rule: Rule) -> Input:
    (table,) = (table for other, table, _ in compared_nodes(check) if other is rule)
    there: Mapping[str, Port] = graph.ports
    columns = there[table].relation.columns if table in there else graph.sources[table].columns
    return Input(graph.owner(table), table, tuple(find(columns, name, table) for name in parent_columns(rule)))


def _in_order(graph: Graph, table: str, select: exp.Select) -> exp.Select:
    """A relation over a named one, in its order, which it has not by itself, as far as its columns tell."""
    order = graph.ports[table].relation.select.args.get("order") if table in graph.ports else None
    there = {c.name for c in graph.columns(table)}
    known = takewhile(lambda key: key.this.name in there, order.expressions if order is not None else ())
    keys = [exp.Ordered(this=column(key.this.name, table), desc=key.args["desc"], nulls_first=key.args["nulls_first"]) for key in known]
    return select.order_by(*keys, copy=False) if keys else select
