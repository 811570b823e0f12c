"""What the recipe's names stand for: the order of its nodes, and what each source reads, with the columns that were found there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.datasets.columns import columns_from_json
from shared.formats import file_format
from shared.pipelines import graph
from shared.pipelines.model import MAIN_PORT, Edge, Node, Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.relations import find, typed_tree
from shared.pipelines.nodes.sql import THIS
from shared.pipelines.nodes.types import Input
from shared.planning import cursors
from shared.planning.errors import PlanProblem
from shared.planning.graph import WRITTEN, Graph, Source, charged_to
from shared.planning.needs import Facts, full_reference, need_of
from shared.sql.errors import SqlProblem
from shared.sql.parse import expression
from shared.sql.render import sql
from shared.sql.typing import named_type, spelled


def resolved(pipeline: Pipeline, facts: Facts, connector_types: Mapping[str, str]) -> Graph:
    """A graph of sources only. Raises PlanProblem, charged to the node, for what this release cannot run and columns that are not there."""
    levels = graph.generations([n.id for n in pipeline.nodes], [(e.source, e.target) for e in pipeline.edges])
    order = tuple(node for level in levels for node in level)
    sources: dict[str, Source] = {}
    for node in (pipeline.node(node_id) for node_id in order):
        kind = NODE_TYPES[node.type]
        if (why := kind.refusal(node.id, node.config)) is not None:
            raise PlanProblem(why, node=node.id)
        if kind.role == "source":
            with charged_to(node.id):
                source = _source(pipeline, node, facts, connector_types)
            sources[source.table] = source
    return Graph(replace(pipeline, edges=tuple(_edge(pipeline, edge) for edge in pipeline.edges)), order, sources)


def _edge(pipeline: Pipeline, edge: Edge) -> Edge:
    """What leaves a sink goes by a name of its own. Raises PlanProblem for a port of a sink that this release does not have."""
    if NODE_TYPES[pipeline.node(edge.source).type].role != "sink":
        return edge
    if edge.output != MAIN_PORT:
        raise PlanProblem(
            f"rows that {edge.source} cannot write are kept as dead letters, and no edge leads on from its port {edge.output} in this"
            f" release; remove the edge to {edge.target}, or lead it from {edge.source}, which gives the rows that were written",
            node=edge.target,
        )
    return replace(edge, output=WRITTEN)


def found_for(pipeline: Pipeline, node: Node, facts: Facts, types: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The facts about what a source reads or a sink writes; None for a target that has no columns of its own."""
    need = need_of(pipeline, node, types)
    return facts[need.key] if need is not None else None


def _source(pipeline: Pipeline, node: Node, facts: Facts, types: Mapping[str, str]) -> Source:
    found = found_for(pipeline, node, facts, types) or {}
    columns = _pinned(node, columns_from_json(found["columns"]))
    chosen = node.config.get("columns")
    columns_out = tuple(find(columns, name, node.id) for name in chosen) if chosen else columns
    options = {key: node.config[key] for key in ("table", "query", "path", "format", "options") if node.config.get(key)}
    wanted = [expression(where)] if (where := node.config.get("where")) else []
    if node.config.get("incremental") and (new := cursors.condition(node, columns)) is not None:
        wanted.append(new)
    if wanted:
        options["where"] = sql(typed_tree(exp.and_(*wanted), (Input(node.id, node.id, columns),)), "duckdb")
    options["surveyed"] = [column.to_json() for column in columns]
    connector = full_reference(pipeline, node.config["connector"])
    table = f"{node.id} {THIS}" if node.config.get("postQuery") else node.id
    window = None
    if node.config.get("incremental"):
        window = cursors.telling_apart(pipeline, node, columns, columns_out, found.get("keys") or ())
    whole = "where" not in options and window is None
    counted = types[connector] == "files" and whole and file_format(options["path"], options.get("format")).typed
    kept = tuple(c.name for c in columns_out)
    return Source(node.id, table, connector, options, columns_out, kept, found.get("rows"), counted, window)


def _pinned(node: Node, columns: Columns) -> Columns:
    """With the types that the recipe names, where inference is not to decide."""
    pinned = node.config.get("schema") or {}
    if pinned and ("path" not in node.config or file_format(node.config["path"], node.config.get("format")).typed):
        raise SqlProblem("schema is for files whose types are inferred (csv, json, xlsx, xml); leave it out, or cast in an expression node")
    types = {find(columns, name, node.id).name: spelled(named_type(type_)) for name, type_ in pinned.items()}
    return tuple(replace(column, type=types.get(column.name, column.type)) for column in columns)
