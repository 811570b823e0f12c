"""Nodes to relations: every port's rows as one SELECT over upstream ports, with columns and types.

From here on no code asks for a node's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.datasets import Columns
from shared.datasets.columns import columns_from_json
from shared.engines.program import Sink
from shared.formats import file_format
from shared.pipelines import graph
from shared.pipelines.model import Edge, Node, Pipeline, port_table
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.pairing import are_alike, merged
from shared.pipelines.nodes.relations import find, typed
from shared.pipelines.nodes.sql import THIS, other_names, selected
from shared.pipelines.nodes.types import Input, Relation
from shared.planning.errors import PlanProblem
from shared.planning.needs import full_reference, need_of
from shared.planning.ordering import order_of
from shared.planning.targets import check_target, winning_order
from shared.sql.errors import SqlProblem
from shared.sql.render import sql
from shared.sql.typing import named_type, spelled


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that enter through a node. `table`: what they are called, the node's id unless a postQuery makes its main output of them."""

    node: str
    table: str
    connector: str
    options: dict[str, Any]
    columns: Columns
    keep: tuple[str, ...]
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """One relation: `table` is its name, `inputs` the tables it reads. `error`: the node's error port.

    `internal`: what a node makes of several inputs before its own work; no port of the recipe.
    """

    node: str
    table: str
    relation: Relation
    inputs: tuple[str, ...]
    error: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The logical plan. `order`: node ids, upstream first.

    Ports that nobody reads are left out (`dropped`), but for error ports, whose rows are rejects then, and with `ledger: exact` for all
    whose rows are counted.
    """

    pipeline: Pipeline
    order: tuple[str, ...]
    sources: Mapping[str, Source]
    ports: Mapping[str, Port]
    sinks: Mapping[str, Sink]
    sink_inputs: Mapping[str, str]
    dropped: Mapping[str, Port] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def reads(self, node: str) -> list[Source]:
        """What enters through a node."""
        return [source for source in self.sources.values() if source.node == node]

    def node_ports(self, node: str) -> list[Port]:
        return [port for port in self.ports.values() if port.node == node and not port.internal]

    def skips(self, node: str) -> bool:
        """Rows that fail in the node are dropped, and counted."""
        return self.pipeline.node(node).on_error == "skip"

    def inputs_of(self, node: str) -> tuple[str, ...]:
        """Tables a node reads, each once, in edge order."""
        return tuple(dict.fromkeys(port_table(e.source, e.output) for e in self.pipeline.incoming(node)))

    def owner(self, table: str) -> str:
        return self.sources[table].node if table in self.sources else self.ports[table].node

    def columns(self, table: str) -> Columns:
        """Those that the table has for who reads it: of a source, the ones that are read."""
        source = self.sources.get(table)
        return self.ports[table].relation.columns if source is None else tuple(c for c in source.columns if c.name in source.keep)


def compile_graph(pipeline: Pipeline, facts: Mapping[str, Mapping[str, Any]], connector_types: Mapping[str, str]) -> Graph:
    """Raises PlanProblem, charged to the node at fault."""
    levels = graph.generations([n.id for n in pipeline.nodes], [(e.source, e.target) for e in pipeline.edges])
    order = tuple(node for level in levels for node in level)
    sources: dict[str, Source] = {}
    ports: dict[str, Port] = {}
    sinks: dict[str, Sink] = {}
    sink_inputs: dict[str, str] = {}
    made: dict[str, Columns] = {}
    warnings: list[str] = []
    for node_id in order:
        node = pipeline.node(node_id)
        kind = NODE_TYPES[node.type]
        try:
            if (why := kind.refusal(node_id, node.config)) is not None:
                raise PlanProblem(why, node=node_id)
            inputs = tuple(_input(pipeline, edge, made) for edge in pipeline.incoming(node_id))
            if kind.inputs[1] == 1 and len(inputs) > 1:
                # No id holds a blank.
                table = f"{node_id} inputs"
                orders = [order_of(one.table, sources, ports, connector_types) for one in inputs]
                relation = merged(inputs, orders, table, node_id)
                if not are_alike(inputs):
                    warnings += [
                        f"{node_id}: the rows of {one.table} have no order of their own and are paired in the order of their columns;"
                        " put a sorter before, or a joiner that says what belongs together"
                        for one, order in zip(inputs, orders, strict=True)
                        if order.how == "none"
                    ]
                ports[table] = Port(node_id, table, relation, tuple(dict.fromkeys(i.table for i in inputs)), internal=True)
                inputs = (Input(node_id, table, relation.columns),)
            if kind.role == "source":
                source = _source(pipeline, node, facts, connector_types)
                query = node.config.get("postQuery")
                sources[source.table] = source
                made[node_id] = source.columns
                if query:
                    this = Input(node_id, source.table, source.columns)
                    relation = selected(query, (this, *inputs), {THIS: this.table, **other_names(inputs)}, node_id)
                    ports[node_id] = Port(node_id, node_id, relation, (this.table, *dict.fromkeys(i.table for i in inputs)))
                    made[node_id] = relation.columns
            elif kind.role == "sink":
                sinks[node_id] = _sink(pipeline, node, inputs[0], facts, connector_types)
                sink_inputs[node_id] = inputs[0].table
            elif kind.compile is not None:
                for name, relation in kind.compile(node, inputs).ports.items():
                    table = port_table(node_id, name)
                    ports[table] = Port(node_id, table, relation, tuple(dict.fromkeys(i.table for i in inputs)), name in kind.rejects)
                    made[table] = relation.columns
        except SqlProblem as problem:
            raise PlanProblem(f"node {node_id}: {problem.message}", node=node_id) from problem
    used = {port_table(edge.source, edge.output) for edge in pipeline.edges}
    exact = pipeline.settings.get("ledger") == "exact"
    kept = {table: port for table, port in ports.items() if table in used or port.error or port.internal or (exact and _is_counted(port))}
    dropped = {table: port for table, port in ports.items() if table not in kept}
    # Who keeps every node's output wants to look at it: whole.
    read = sources if pipeline.settings.get("staging") == "all" else _pruned(sources, kept, sinks, sink_inputs)
    return Graph(pipeline, order, read, kept, sinks, sink_inputs, dropped, tuple(warnings))


def _is_counted(port: Port) -> bool:
    """Rows of this port, where nobody reads them, are a term of its node's ledger."""
    return port.relation.aside is not None or port.relation.rows == "fewer"


def _input(pipeline: Pipeline, edge: Edge, made: Mapping[str, Columns]) -> Input:
    table = port_table(edge.source, edge.output)
    if table not in made:
        # A port such as `error` of a node none of whose expressions can fail: it is there, and empty.
        raise PlanProblem(f"nothing ever comes out of {edge.source}.{edge.output}; remove the edge to {edge.target}", node=edge.target)
    columns = made[table]
    if edge.columns is None:
        return Input(edge.source, table, columns)
    return Input(edge.source, table, tuple(find(columns, name, table) for name in edge.columns))


def _found(pipeline: Pipeline, node: Node, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> Mapping[str, Any] | None:
    need = need_of(pipeline, node, types)
    return facts[need.key] if need is not None else None


def _source(pipeline: Pipeline, node: Node, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> Source:
    found = _found(pipeline, node, facts, types) or {}
    columns = _pinned(node, columns_from_json(found["columns"]))
    chosen = node.config.get("columns")
    columns_out = tuple(find(columns, name, node.id) for name in chosen) if chosen else columns
    options = {key: node.config[key] for key in ("table", "query", "path", "format", "options") if node.config.get(key)}
    if where := node.config.get("where"):
        options["where"] = sql(typed(where, (Input(node.id, node.id, columns),)), "duckdb")
    options["surveyed"] = [column.to_json() for column in columns]
    connector = full_reference(pipeline, node.config["connector"])
    table = f"{node.id} {THIS}" if node.config.get("postQuery") else node.id
    return Source(node.id, table, connector, options, columns_out, tuple(c.name for c in columns_out), found.get("rows"))


def _pinned(node: Node, columns: Columns) -> Columns:
    """With the types that the recipe names, where inference is not to decide."""
    pinned = node.config.get("schema") or {}
    if pinned and ("path" not in node.config or file_format(node.config["path"], node.config.get("format")).typed):
        raise SqlProblem("schema is for files whose types are inferred (csv, json, xlsx, xml); leave it out, or cast in an expression node")
    types = {find(columns, name, node.id).name: spelled(named_type(type_)) for name, type_ in pinned.items()}
    return tuple(replace(column, type=types.get(column.name, column.type)) for column in columns)


def _sink(pipeline: Pipeline, node: Node, source: Input, facts: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> Sink:
    config = node.config
    connector = full_reference(pipeline, config["connector"])
    spec = CONNECTORS[types[connector]]
    if config["writeMode"] not in spec.write_modes:
        raise SqlProblem(f"{config['writeMode']} cannot be written through a {spec.type} connector; it takes {', '.join(spec.write_modes)}")
    keys = tuple(find(source.columns, key, source.node).name for key in config["upsertKeys"])
    if config.get("partitionBy") and spec.dialect is not None:
        raise SqlProblem(f"partitionBy divides files into folders, and {spec.type} has none; leave it out")
    check_target(node, source.columns, _found(pipeline, node, facts, types))
    partitions = {"partitionBy": [find(source.columns, name, source.node).name for name in config.get("partitionBy") or ()]}
    return Sink(
        node=node.id,
        connector=connector,
        sql="",
        columns=source.columns,
        target=config.get("table") or config["path"],
        write_mode=config["writeMode"],
        upsert_keys=keys,
        order=winning_order(node, source, keys),
        options={key: config[key] for key in ("createTable", "format", "options", "batchSize", "delivery") if key in config} | partitions,
    )


def _pruned(
    sources: Mapping[str, Source], ports: Mapping[str, Port], sinks: Mapping[str, Sink], sink_inputs: Mapping[str, str]
) -> dict[str, Source]:
    """Sources that deliver only the columns somebody refers to; at least one, so that there are rows to count."""
    used: dict[str, set[str]] = {table: set() for table in sources}
    for port in ports.values():
        for column in port.relation.select.find_all(exp.Column):
            if column.table in used:
                used[column.table].add(column.name)
    for sink, table in sink_inputs.items():
        if table in used:
            used[table].update(c.name for c in sinks[sink].columns)
    return {
        node: replace(source, keep=tuple(name for name in source.keep if name in used[node]) or source.keep[:1])
        for node, source in sources.items()
    }
