"""A pipeline as a PipelineTest runs it: its sources read what the test gives, and what comes out is kept in files instead of written.

Nothing else of it is changed, so that the planner and the engine treat it as any other. What belongs to a destination alone is left out:
its table, defaults of columns, partitions, batches. Of an UPSERT the rows are kept that would be there afterwards in an empty destination.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import EXCLUDE

from shared.errors import ConfigurationError
from shared.pipelines.kinds.pipeline import ends
from shared.pipelines.model import Edge, Node, Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.shapes import instance

# Stand for connectors: folders of the test, and a database for what is merged by keys. No connector can have such names.
GIVEN, BESIDE, TAKEN, MERGED = "test/given", "test/beside", "test/taken", "test/merged"
TYPES: Mapping[str, str] = {GIVEN: "files", BESIDE: "files", TAKEN: "files", MERGED: "duckdb"}
_READ = ("columns", "where", "postQuery")


class CannotTest(ConfigurationError):
    """The test does not say enough to be run, or its pipeline has what cannot be run here."""

    code = "cannot_test"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where what comes out of a place of the recipe (node, or node.port) is found after the run: a file of TAKEN, or a table of MERGED."""

    place: str
    connector: str
    name: str


@dataclass(frozen=True, slots=True)
class Trial:
    """`files`: lines of JSON by their path in GIVEN. `empty`: by source without rows, name -> type of its columns."""

    pipeline: Pipeline
    files: Mapping[str, str]
    kept: tuple[Kept, ...]
    empty: Mapping[str, Mapping[str, str]]


def trial(pipeline: Pipeline, given: Mapping[str, Mapping[str, Any]], expected: Iterable[str]) -> Trial:
    """`given` and `expected` as the spec of a PipelineTest has them. Raises CannotTest."""
    files: dict[str, str] = {}
    empty: dict[str, Mapping[str, str]] = {}
    nodes, kept = [], []
    for number, node in enumerate(pipeline.nodes):
        role = NODE_TYPES[node.type].role
        if role == "source":
            if node.id not in given:
                raise CannotTest(f"the test gives no rows for the source {node.id}")
            nodes.append(_source(node, given[node.id], files, empty))
        elif role == "sink":
            kept.append(_kept(node.id, node, number))
            nodes.append(_sink(node, kept[-1]))
        else:
            nodes.append(node)
    edges = list(pipeline.edges)
    ids = {node.id for node in pipeline.nodes}
    sinks = {one.place for one in kept}
    for number, place in enumerate(place for place in expected if place not in sinks):
        source, port = ends(place, None)
        if source not in ids:
            raise CannotTest(f"the test expects rows of {place}, which pipeline {pipeline.name} does not have")
        watch = next(name for at in range(len(ids) + 1) if (name := f"seen-{number}-{at}") not in ids)
        kept.append(Kept(place, TAKEN, f"{watch}.parquet"))
        nodes.append(_sink(Node(watch, "connector_sink", {}), kept[-1]))
        edges.append(Edge(source, watch, port))
    return Trial(replace(pipeline, nodes=tuple(nodes), edges=tuple(edges), quality=()), files, tuple(kept), empty)


def _source(node: Node, given: Mapping[str, Any], files: dict[str, str], empty: dict[str, Mapping[str, str]]) -> Node:
    config: dict[str, Any] = {key: node.config[key] for key in _READ if node.config.get(key)}
    types = {**(node.config.get("schema") or {}), **(given.get("schema") or {})}
    if "file" in given:
        read = {key: node.config[key] for key in ("format", "options") if "path" in node.config and node.config.get(key)}
        return replace(node, config={**config, **read, "connector": BESIDE, "path": given["file"], **({"schema": types} if types else {})})
    rows = given["rows"]
    names = list(dict.fromkeys([name for row in rows for name in row] + list(types) + list(config.get("columns", ()))))
    if not names:
        raise CannotTest(f"no columns are known of the source {node.id}: give it rows, or a schema beside rows: []")
    path = f"{node.id}.jsonl"
    lines = (json.dumps({name: row.get(name) for name in names}, default=str, ensure_ascii=False) for row in rows)
    files[path] = "".join(f"{line}\n" for line in lines)
    if not rows:
        empty[node.id] = {name: types.get(name, "TEXT") for name in names}
    return replace(node, config={**config, "connector": GIVEN, "path": path, "format": "jsonl", **({"schema": types} if types else {})})


def _kept(place: str, node: Node, number: int) -> Kept:
    if node.config.get("writeMode") == "UPSERT":
        return Kept(place, MERGED, f"sink_{number}")
    return Kept(place, TAKEN, f"{place}.parquet")


def _sink(node: Node, kept: Kept) -> Node:
    """Rows that the destination itself would not take are no matter of a test."""
    said: dict[str, Any] = {key: node.config[key] for key in ("upsertKeys", "orderBy") if node.config.get(key)}
    if kept.connector == MERGED:
        said |= {"connector": MERGED, "table": kept.name, "writeMode": "UPSERT", "createTable": True}
    else:
        said |= {"connector": TAKEN, "path": kept.name, "writeMode": "OVERWRITE", "format": "parquet"}
    return replace(node, type="connector_sink", config=instance(NODE_TYPES["connector_sink"].config_schema).load(said, unknown=EXCLUDE))
