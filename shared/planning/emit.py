"""One piece of the graph as the program of one stage: reads, statements, outputs, rejects, sinks, and how its figures are computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.engines.program import Function, Out, Output, Program, Read, Rejects, Sink, Statement
from shared.planning.count import Counting, select_of
from shared.planning.cut import Piece
from shared.planning.figures import figures
from shared.planning.graph import Graph, Port, Source
from shared.planning.stack import stacked
from shared.planning.tally import InDatabase
from shared.sql.render import sql

# What each engine reads.
DIALECTS = {"duckdb": "duckdb", "python": "duckdb", "pandas": "frames", "dask": "frames"}


def emitted(
    graph: Graph,
    piece: Piece,
    stage_of: Mapping[str, int],
    checked: Collection[str],
    pushed: Collection[str] = (),
    entering: Sequence[Source] = (),
) -> Program:
    """`stage_of`: node -> stage number, of every node. `checked`: sinks whose rows are also staged for the quality
    service. `pushed`: nodes that a database computes, of which `entering` is what is read here.
    """
    nodes = set(piece.nodes)
    whole_ports = {table: port for table, port in graph.ports.items() if port.node in nodes and not port.written}
    ports = {table: port for table, port in whole_ports.items() if port.node not in pushed or port.for_sink}
    sources = [*entering, *(source for node in piece.nodes if node not in pushed for source in graph.reads(node))]
    sinks = [node for node in piece.nodes if node in graph.sinks]
    local = {*ports, *(source.table for source in sources)}
    read = {table for port in ports.values() for table in port.inputs} | {graph.sink_inputs[sink] for sink in sinks}
    foreign = read - local
    stacks = {table: found for table, port in ports.items() if (found := stacked(graph, port, foreign)) is not None}
    ports |= {table: found.port for table, found in stacks.items()}
    whole = {table for port in ports.values() for table in port.inputs} | {graph.sink_inputs[sink] for sink in sinks}
    outputs = [table for table in sorted(local, key=_in_order(graph)) if _leaves(graph, table, nodes)]
    away = {table: port for table, port in whole_ports.items() if port.node in pushed and not port.for_sink}
    inside = ({*away} | {node for node in pushed if node in graph.sources}) - local
    users: dict[str, list[str | tuple[str, str]]] = {table: [] for table in (*local, *inside)}
    for port in (*ports.values(), *away.values()):
        for table in port.inputs:
            if table in users:
                users[table].append(port.table)
    for sink in sinks:
        if graph.sink_inputs[sink] in users:
            users[graph.sink_inputs[sink]] += [("sink", sink)] + ([("output", sink)] if sink in checked else [])
    for table in outputs:
        users[table].append(("output", table))
    entered = frozenset(source.table for source in sources)
    counting = InDatabase(graph, away | ports, entered, frozenset(foreign), users, inside=frozenset(inside), way="read")
    rejecting = [port for port in ports.values() if port.error and not graph.is_read(port.table) and not graph.skips(port.node)]
    # A rule set looks at rejected rows, too: they are staged, and dead letters all the same.
    counting.materialised |= {port.table for port in rejecting if users[port.table]}
    counted = figures(graph, piece.nodes, counting)
    written = _Writing(graph, ports, counting, DIALECTS[piece.engine])

    def staged(table: str) -> tuple[int, str]:
        return stage_of[graph.owner(table)], table

    return Program(
        engine=piece.engine,
        reads=(
            *(
                Read(
                    table=source.table,
                    node=source.node,
                    columns=source.columns,
                    connector=source.connector,
                    options=source.options,
                    keep=source.keep,
                    materialise=source.table in counting.materialised,
                    window=source.window,
                )
                for source in sources
            ),
            *(
                Read(table=table, node=graph.owner(table), columns=graph.columns(table), datasets=(staged(table),))
                for table in sorted(foreign & whole)
            ),
            *(
                Read(table=s.table, node=s.port.node, columns=s.port.relation.columns, datasets=tuple(staged(part) for part in s.parts))
                for s in stacks.values()
            ),
        ),
        counters=tuple(dict.fromkeys(counting.counters.values())),
        statements=tuple(written.statement(table) for table in sorted(ports, key=_in_order(graph)) if written.is_named(table)),
        outputs=(
            *(Output(table, written.rows(table, graph.columns(table)), graph.columns(table)) for table in outputs),
            *(
                Output(sink, written.rows(graph.sink_inputs[sink], graph.sinks[sink].columns), graph.sinks[sink].columns)
                for sink in sinks
                if sink in checked
            ),
        ),
        rejects=(
            *(Rejects(source.node, read=source.table) for source in sources),
            *(rejects_of(graph, port, written.rows(port.table, port.relation.columns)) for port in rejecting),
        ),
        sinks=tuple(_sink(graph, written, sink) for sink in sinks),
        figures=counted,
    )


def rejects_of(graph: Graph, port: Port, query: str) -> Rejects:
    """The rows of an error port that nobody reads. The last of its columns is the error."""
    return Rejects(port.node, query, columns=port.relation.columns[:-1], rules=rules_of(graph, port))


def rules_of(graph: Graph, port: Port) -> tuple[str, ...]:
    """Names of the rules that the rows of its node are to keep, with which the errors begin."""
    rules = graph.pipeline.node(port.node).config.get("rules", ())
    return port.rules or tuple(str(rule["name"]) for rule in rules if isinstance(rule, Mapping) and "name" in rule)


def _in_order(graph: Graph) -> Any:
    position = {node: number for number, node in enumerate(graph.order)}

    def place(table: str) -> tuple[int, int, str]:
        # What a node makes of its inputs comes before what it makes of that; what is for a sink comes last, whole at the very last.
        port = graph.ports.get(table)
        last = 0 if port is None or port.for_sink is None else 2 + (table == port.for_sink)
        return position[graph.owner(table)], last or int(port is None or not port.internal), table

    return place


def _leaves(graph: Graph, table: str, nodes: set[str]) -> bool:
    """Somebody in another stage reads it, or a rule set does."""
    if table in graph.watched:
        return True
    readers = {port.node for port in graph.ports.values() if table in port.inputs} | {s for s, t in graph.sink_inputs.items() if t == table}
    return bool(readers - nodes)


def _sink(graph: Graph, written: _Writing, sink: str) -> Sink:
    out = graph.written_by(sink)
    return replace(
        graph.sinks[sink],
        sql=written.rows(graph.sink_inputs[sink], graph.sinks[sink].columns),
        out=Out(out.table, out.relation.columns) if out is not None else None,
    )


class _Writing:
    """Relations as the engine's SQL, by name where they are used by name, else in place."""

    def __init__(self, graph: Graph, ports: Mapping[str, Port], counting: Counting, dialect: str) -> None:
        self._graph, self._ports, self._counting, self._dialect = graph, ports, counting, dialect

    def is_named(self, table: str) -> bool:
        """It is a temporary table, or another relation of the stage reads it; otherwise it stands where it is used, with its order."""
        used = table in self._counting.materialised or any(isinstance(user, str) for user in self._counting.users[table])
        return used or self._ports[table].relation.function is not None

    def statement(self, table: str) -> Statement:
        relation = self._ports[table].relation
        if (made := relation.function) is not None:
            function = Function(made.source, made.requirements, relation.columns, made.timeout_s)
            return Statement(table, sql(relation.select, self._dialect), True, function=function)
        return Statement(table, sql(self._select(self._ports[table]), self._dialect), table in self._counting.materialised)

    def rows(self, table: str, columns: Columns) -> str:
        if table in self._ports and not self.is_named(table):
            return sql(_only(self._select(self._ports[table]), columns), self._dialect)
        picked = [exp.column(c.name, quoted=True) for c in columns]
        select = exp.Select(expressions=picked).from_(exp.Table(this=exp.to_identifier(table, quoted=True)), copy=False)
        order = self._ports[table].relation.select.args.get("order") if table in self._ports else None
        if order is not None:
            # A named relation has no order of its own for whoever reads it.
            keys = [
                exp.Ordered(this=exp.column(k.this.name, quoted=True), desc=k.args["desc"], nulls_first=k.args["nulls_first"])
                for k in order.expressions
            ]
            select.order_by(*keys, copy=False)
        return sql(select, self._dialect)

    def _select(self, port: Port) -> exp.Select:
        return select_of(port, self._counting, lambda counter: exp.Anonymous(this="nextval", expressions=[exp.Literal.string(counter)]))


def _only(select: exp.Select, columns: Columns) -> exp.Select:
    by_name = {e.alias_or_name: e for e in select.expressions}
    if [c.name for c in columns] != list(by_name):
        select.set("expressions", [by_name[c.name] for c in columns])
    return select
