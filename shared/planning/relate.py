"""Nodes to relations: every port's rows as one SELECT over upstream ports, with columns and types; and what each sink is to get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.datasets import Columns
from shared.engines.program import Sink
from shared.pipelines.model import Edge, Node, Pipeline, port_table
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.pairing import are_alike, merged
from shared.pipelines.nodes.relations import column, find
from shared.pipelines.nodes.sql import THIS, other_names, selected
from shared.pipelines.nodes.types import Input, Relation
from shared.planning.errors import PlanProblem
from shared.planning.graph import WRITTEN, Graph, Port, charged_to
from shared.planning.needs import Facts, full_reference
from shared.planning.ordering import order_of
from shared.planning.resolve import found_for
from shared.planning.targets import check_evolution, check_target, kept_columns, stamp_of, winning_order
from shared.sql.errors import SqlProblem


def related(graph: Graph, facts: Facts, connector_types: Mapping[str, str]) -> Graph:
    """A graph of sources with its ports and sinks. Raises PlanProblem, charged to the node at fault."""
    making = _Making(graph, facts, connector_types)
    for node in graph.order:
        with charged_to(node):
            making.add(graph.pipeline.node(node))
    return replace(graph, ports=making.ports, sinks=making.sinks, sink_inputs=making.sink_inputs, warnings=tuple(making.warnings))


class _Making:
    """Node by node, upstream first. `made`: the columns of every table so far."""

    def __init__(self, graph: Graph, facts: Facts, types: Mapping[str, str]) -> None:
        self._graph, self._facts, self._types = graph, facts, types
        self.ports: dict[str, Port] = {}
        self.sinks: dict[str, Sink] = {}
        self.sink_inputs: dict[str, str] = {}
        self.warnings: list[str] = []
        self.made: dict[str, Columns] = {}

    def add(self, node: Node) -> None:
        pipeline, kind = self._graph.pipeline, NODE_TYPES[node.type]
        inputs = tuple(_input(edge, self.made) for edge in pipeline.incoming(node.id))
        if kind.inputs[1] == 1 and len(inputs) > 1:
            inputs = (self._merged(node.id, inputs),)
        if kind.role == "source":
            self._source(node, inputs)
        elif kind.role == "sink":
            self.sinks[node.id] = _sink(pipeline, node, inputs[0], self._facts, self._types)
            self.sink_inputs[node.id] = inputs[0].table
            if pipeline.outgoing(node.id):
                self._port(_written(self.sinks[node.id], self._types))
        elif kind.compile is not None:
            for name, relation in kind.compile(node, inputs).ports.items():
                self._port(Port(node.id, port_table(node.id, name), relation, _tables(inputs), name in kind.rejects))

    def _port(self, port: Port) -> None:
        self.ports[port.table] = port
        self.made[port.table] = port.relation.columns

    def _merged(self, node: str, inputs: tuple[Input, ...]) -> Input:
        """What a node that reads one table makes of several. No id holds a blank."""
        table = f"{node} inputs"
        orders = [order_of(one.table, self._graph.sources, self.ports, self._types) for one in inputs]
        relation = merged(inputs, orders, table, node)
        if not are_alike(inputs):
            self.warnings += [
                f"{node}: the rows of {one.table} have no order of their own and are paired in the order of their columns;"
                " put a sorter before, or a joiner that says what belongs together"
                for one, order in zip(inputs, orders, strict=True)
                if order.how == "none"
            ]
        self._port(Port(node, table, relation, _tables(inputs), internal=True))
        return Input(node, table, relation.columns)

    def _source(self, node: Node, inputs: tuple[Input, ...]) -> None:
        (source,) = self._graph.reads(node.id)
        self.made[node.id] = source.columns
        if query := node.config.get("postQuery"):
            this = Input(node.id, source.table, source.columns)
            relation = selected(query, (this, *inputs), {THIS: this.table, **other_names(inputs)}, node.id)
            self._port(Port(node.id, node.id, relation, (this.table, *_tables(inputs))))


def _written(sink: Sink, types: Mapping[str, str]) -> Port:
    """The rows that a sink wrote, as they came to it. Raises SqlProblem where nobody can tell which those were."""
    spec = CONNECTORS[types[sink.connector]]
    if sink.write_mode == "UPSERT" and not spec.tells_winners:
        raise SqlProblem(
            f"which row of each key an UPSERT through a {spec.type} connector wrote is not told in this release, so no edge can lead on"
            " from the sink; deduplicate the rows before it, and lead the edge from there"
        )
    table = port_table(sink.node, WRITTEN)
    select = exp.Select(expressions=[column(c.name, table) for c in sink.columns])
    select.from_(exp.Table(this=exp.to_identifier(table, quoted=True)), copy=False)
    return Port(sink.node, table, Relation(select, sink.columns, "own"), (), written=True)


def _tables(inputs: tuple[Input, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.table for one in inputs))


def _input(edge: Edge, made: Mapping[str, Columns]) -> Input:
    table = port_table(edge.source, edge.output)
    if table not in made:
        # A port such as `error` of a node none of whose expressions can fail: it is there, and empty.
        raise PlanProblem(f"nothing ever comes out of {edge.source}.{edge.output}; remove the edge to {edge.target}", node=edge.target)
    columns = made[table]
    if edge.columns is None:
        return Input(edge.source, table, columns)
    return Input(edge.source, table, tuple(find(columns, name, table) for name in edge.columns))


_OPTIONS = ("createTable", "format", "options", "batchSize", "delivery", "schemaEvolution", "columnDefaults")


def _sink(pipeline: Pipeline, node: Node, source: Input, facts: Facts, types: Mapping[str, str]) -> Sink:
    config = node.config
    connector = full_reference(pipeline, config["connector"])
    spec = CONNECTORS[types[connector]]
    if config["writeMode"] not in spec.write_modes:
        if not spec.write_modes:
            raise SqlProblem(f"nothing can be written through a {spec.type} connector in this release; write files that it can load")
        raise SqlProblem(f"{config['writeMode']} cannot be written through a {spec.type} connector; it takes {', '.join(spec.write_modes)}")
    found = found_for(pipeline, node, facts, types)
    check_evolution(node, source.columns, spec)
    stamp = stamp_of(node, source.columns, spec)
    source = replace(source, columns=kept_columns(node, source.columns, found))
    keys = tuple(find(source.columns, key, source.node).name for key in config["upsertKeys"])
    if config.get("partitionBy") and spec.dialect is not None:
        raise SqlProblem(f"partitionBy divides files into folders, and {spec.type} has none; leave it out")
    check_target(node, (*source.columns, *stamp), found)
    # Rows that the destination does not take are set aside unless this says otherwise.
    on_error = {} if node.on_error == "route" else {"onError": node.on_error}
    partitions = {"partitionBy": [find(source.columns, name, source.node).name for name in config.get("partitionBy") or ()]}
    stamped = {"updatedAtColumn": stamp[0].name} if stamp else {}
    return Sink(
        node=node.id,
        connector=connector,
        sql="",
        columns=source.columns,
        target=config.get("table") or config["path"],
        write_mode=config["writeMode"],
        upsert_keys=keys,
        order=winning_order(node, source, keys),
        options={key: config[key] for key in _OPTIONS if key in config} | partitions | on_error | stamped,
    )
