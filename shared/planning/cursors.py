"""Sources that read what is new since the last run: which rows of them are a run's window, and what is to be recorded of it.

The window ends where the greatest value of the cursor column was when the run began, and begins at the end of the last one, less the lag.
Rows that were in both are written again where that changes nothing (UPSERT); for all other sinks they are told apart from those of the
last window, by a key of the table and the cursor column, or by all their columns where no key is known.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.pipelines import graph
from shared.pipelines.model import Node, Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.relations import find
from shared.planning.cursor_values import CursorValue, check_kind, earlier, later, literal, read, write
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.needs import Need, need_of
from shared.sql.errors import SqlProblem

# Of a node's `incremental`, put there by whoever plans a run: {value, columns, floor, window, upto}; without `upto` it is open.
WINDOW = "window"

# Of the names that several windows have together.
_WINDOWS = UUID("0b6c1f0e-6f0c-4c8e-9a55-3f3f0a5d7b11")


def cursors(pipeline: Pipeline) -> tuple[str, ...]:
    """The nodes that go on from run to run where they ended."""
    return tuple(node.id for node in pipeline.nodes if node.config.get("incremental"))


def bounds(pipeline: Pipeline, connector_types: Mapping[str, str]) -> tuple[Need, ...]:
    """What has to be looked up for each run anew: the greatest values of cursor columns."""
    found: dict[str, Need] = {}
    for node_id in cursors(pipeline):
        node = pipeline.node(node_id)
        need = need_of(pipeline, node, connector_types)
        if need is None:
            continue
        options = {**need.options, "cursorColumn": node.config["incremental"]["cursorColumn"]}
        if node.config.get("schema"):
            options["schema"] = node.config["schema"]
        key = f"{need.connector}:bound:{json.dumps(options, sort_keys=True, default=str)}"
        there = found.get(key)
        found[key] = Need(key, need.connector, "bound", options, (*(there.nodes if there else ()), node_id))
    return tuple(found.values())


def end_of(value: str | None, bound: Mapping[str, Any], node: str) -> str | None:
    """Where a window ends: never before the last one did. `bound`: {value, type} as a survey found it."""
    kind = str(bound["type"])
    try:
        check_kind(kind, str(bound["column"]))
        known = None if value is None else read(kind, value, "the cursor")
        found = None if bound["value"] is None else read(kind, str(bound["value"]), f"the greatest {bound['column']}")
        end = later(known, found)
    except SqlProblem as problem:
        raise PlanProblem(f"node {node}: {problem.message}", node=node) from problem
    return None if end is None else write(end)


def floor_of(pipeline: Pipeline, node: str, window: Mapping[str, Any], bound: Mapping[str, Any]) -> str | None:
    """Before which the next window reads nothing: there what it can know of the rows of this one ends, or the very first began. `bound` as
    for `end_of`.
    """
    said = {**pipeline.node(node).config["incremental"], WINDOW: window}
    if not is_exact(pipeline, node):
        # Rows may be written twice, so a lag that has grown fetches what came late before it did.
        first = said.get("initialValue") if window["value"] is None else window["floor"]
        return None if first is None else str(first)
    try:
        found = _floor(said, str(bound["type"]))
    except SqlProblem as problem:
        raise PlanProblem(f"node {node}: {problem.message}", node=node) from problem
    return None if found is None else write(found)


def _floor(said: Mapping[str, Any], kind: str) -> CursorValue | None:
    """Never before what this window reads: a lag that has grown, or reaches back beyond initialValue, finds rows there of which nobody
    knows whether they were taken over.
    """
    upto = (said.get(WINDOW) or {}).get("upto")
    return later(_begin(said, kind), None if upto is None else earlier(read(kind, str(upto), "the end"), said["lag"]))


def _begin(said: Mapping[str, Any], kind: str) -> CursorValue | None:
    """The least value that is read; None where all are."""
    window = said.get(WINDOW) or {}
    if window.get("value") is None:
        first = said.get("initialValue")
        return None if first is None else read(kind, str(first), "initialValue")
    floor = window.get("floor")
    lagging = earlier(read(kind, str(window["value"]), "the cursor"), said["lag"])
    return later(lagging, None if floor is None else read(kind, str(floor), "the floor of the cursor"))


def windowed(pipeline: Pipeline, windows: Mapping[str, Mapping[str, Any]]) -> Pipeline:
    """The pipeline with its sources reading those windows."""
    if not windows:
        return pipeline
    return replace(pipeline, nodes=tuple(_windowed(n, windows[n.id]) if n.id in windows else n for n in pipeline.nodes))


def _windowed(node: Node, window: Mapping[str, Any]) -> Node:
    return replace(node, config={**node.config, "incremental": {**node.config["incremental"], WINDOW: dict(window)}})


def sinks_of(pipeline: Pipeline, node: str) -> list[str]:
    """The sinks that a node's rows reach."""
    ids, edges = [n.id for n in pipeline.nodes], [(e.source, e.target) for e in pipeline.edges]
    return [n.id for n in pipeline.nodes if NODE_TYPES[n.type].role == "sink" and node in graph.ancestors(ids, edges, n.id)]


def is_exact(pipeline: Pipeline, node: str) -> bool:
    """A row of the last window must not come again: some sink would have it twice."""
    return any(pipeline.node(sink).config["writeMode"] != "UPSERT" for sink in sinks_of(pipeline, node))


def inserting(pipeline: Pipeline, node: str) -> str | None:
    """The first sink that would have a row twice were it read twice."""
    return next((sink for sink in sinks_of(pipeline, node) if pipeline.node(sink).config["writeMode"] == "INSERT"), None)


def condition(node: Node, columns: Columns) -> exp.Expr | None:
    """Which rows are in the window; columns are not resolved yet. Raises SqlProblem."""
    said = node.config["incremental"]
    column = find(columns, said["cursorColumn"], node.id)
    kind = column.type
    check_kind(kind, column.name)
    window = said.get(WINDOW) or {}
    value = exp.column(column.name, quoted=True)
    parts: list[exp.Expr] = []
    if said["lag"] and kind == "TEXT":
        earlier("", said["lag"])
    if (start := _begin(said, kind)) is not None:
        parts.append(exp.GTE(this=value.copy(), expression=literal(start, kind)))
    if "upto" in window:
        if window["upto"] is None:
            # There was no value at all: what is there by now is the next run's.
            parts.append(exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(0)))
        else:
            parts.append(exp.LTE(this=value.copy(), expression=literal(read(kind, str(window["upto"]), "the end"), kind)))
    return exp.and_(*parts) if parts else None


def telling_apart(
    pipeline: Pipeline, node: Node, columns: Columns, read_columns: Columns, keys: Sequence[Sequence[str]]
) -> dict[str, Any] | None:
    """How a read tells its rows from those of the last window (`Read.window`); None where it need not.

    `columns`: of the table, `read_columns` those that the recipe reads; `keys`: of the table, primary key first.
    Raises SqlProblem where rows were remembered by columns that are not there any more.
    """
    if not is_exact(pipeline, node.id):
        return None
    said = node.config["incremental"]
    window = said.get(WINDOW) or {}
    cursor = find(columns, said["cursorColumn"], node.id)
    kind, by_name = cursor.type, {column.name: column for column in columns}
    end = read(kind, str(window["upto"]), "the end") if window.get("upto") is not None else None
    matched = [Column(name, type_) for name, type_ in window.get("columns") or ()]
    for column in matched:
        if column.name not in by_name or by_name[column.name].type != column.type:
            raise SqlProblem(
                f"rows of the last run are known by {column.name} ({column.type}), which is not there any more; see what the sink has,"
                " then set the cursor anew (penstock state)"
            )
    since = window.get("value")
    return {
        "cursor": cursor.name,
        "since": None if since is None else literal(read(kind, str(since), "the cursor"), kind).sql("duckdb"),
        "from": None if end is None else literal(earlier(end, said["lag"]), kind).sql("duckdb"),
        "floor": None if (floor := _floor(said, kind)) is None else write(floor),
        "match": [column.name for column in matched],
        "keep": [[column.name, column.type] for column in _known_by(columns, read_columns, cursor, keys)],
    }


def _known_by(columns: Columns, read_columns: Columns, cursor: Column, keys: Sequence[Sequence[str]]) -> Columns:
    filled = {column.name for column in columns if not column.nullable}
    key = next((set(key) for key in keys if key and filled.issuperset(key)), None)
    if key is None:
        return read_columns if cursor in read_columns else (*read_columns, cursor)
    return tuple(column for column in columns if column.name in key or column.name == cursor.name)


def unseen(logical: Graph) -> tuple[str, ...]:
    """A sentence for each source of whose rows some may have no cursor."""
    told = []
    for source in logical.sources.values():
        said = logical.pipeline.node(source.node).config.get("incremental")
        if said and any(c.name.lower() == str(said["cursorColumn"]).lower() and c.nullable for c in source.columns):
            told.append(f"{source.node}: rows without a {said['cursorColumn']} are not read")
    return tuple(told)


def of_stage(pipeline: Pipeline, nodes: Collection[str], sinks: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is to be recorded with a stage (`Program.cursors`): for each cursor it reads, or whose rows its sinks write, {reads, exact,
    sinks}.

    Raises PlanProblem for what cannot be exact: several stages that write, of which one must not write a row twice.
    """
    found = {}
    here = set(sinks)
    for node in cursors(pipeline):
        reached, exact = set(sinks_of(pipeline, node)), is_exact(pipeline, node)
        writes = reached & here
        if exact and writes and reached - here:
            twice = next(sink for sink in sorted(reached) if pipeline.node(sink).config["writeMode"] != "UPSERT")
            raise PlanProblem(
                f"node {node} reads what is new and reaches {' and '.join(sorted(reached))}, which are not written in one transaction: were"
                f" one of them to fail, {twice} would get its rows again; make all of them UPSERT, or a pipeline for each",
                node=node,
            )
        if writes or node in nodes:
            found[node] = {"reads": exact and node in nodes, "exact": exact, "sinks": sorted(writes)}
    return found


def published_as(pipeline: Pipeline, nodes: Collection[str], sinks: Iterable[str]) -> str | None:
    """The name under which a stage's sinks commit, where it is a window's and not the run's: whichever run reads the window again then
    finds what was written of it. Of several windows one name is made: rows of all of them were written, or of none.
    """
    here = set(sinks)
    reading = [node for node in cursors(pipeline) if here & set(sinks_of(pipeline, node))]
    if not any(is_exact(pipeline, node) for node in reading):
        return None
    said = [pipeline.node(node).config["incremental"].get(WINDOW) or {} for node in reading]
    windows = sorted(window["window"] for window in said if window.get("window"))
    return str(uuid5(_WINDOWS, " ".join(windows))) if len(windows) > 1 else next(iter(windows), None)
