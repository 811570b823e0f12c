"""A pipeline cut down to what becomes of rejected rows that are run again: the node that rejected them, all that comes after it, and
whatever else that reads. In place of what came before stands a source that reads the dead letters.

Only what treats each row by itself may come after: then the rows that are replayed add to the destination just what they would have added
at first. A sum over them alone would replace the sum over all; that is refused, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shared.errors import ConfigurationError
from shared.formats import file_format
from shared.formats.options import OPTIONS_OF, CsvDialect, csv_dialect
from shared.pipelines.graph import ancestors, descendants
from shared.pipelines.model import Edge, Node, Pipeline

# Stands for a connector: a folder with the letters, which whoever runs the stage fills. No connector can have such a name.
LETTERS = "replay/dead letters"
LETTERS_TYPE = "files"
# The files in it, by what is in them: records as JSON, a line each; or texts, as they stood in a file of the source.
RECORDS, LINES, TEXTS = "records.jsonl", "lines.csv", "texts.jsonl"
CONTENTS: Mapping[str, str] = {RECORDS: "records", LINES: "texts", TEXTS: "texts"}


class CannotReplay(ConfigurationError):
    """Rows cannot be run again through this node of this version; nothing was done."""

    code = "cannot_replay"


def replayed(pipeline: Pipeline, node_id: str, *, lines: bool) -> Pipeline:
    """The pipeline of a replay through a node. `lines`: what is replayed are lines of its file, not rows. Raises CannotReplay."""
    node = next((node for node in pipeline.nodes if node.id == node_id), None)
    if node is None:
        raise CannotReplay(f"this version has no node {node_id} any more; replay through the version that rejected the rows")
    if lines != (node.type == "connector_source"):
        raise CannotReplay(f"node {node_id} is another node in this version; replay through the version that rejected the rows")
    reached = {node_id, *descendants([one.id for one in pipeline.nodes], _pairs(pipeline), node_id)}
    for one in (pipeline.node(other) for other in reached):
        _refuse(pipeline, one, reached, first=one is node)
    if not any(pipeline.node(other).type == "connector_sink" for other in reached):
        raise CannotReplay(f"nothing after node {node_id} writes rows; connect it to a sink, or waive the rows")
    entry = _lines_of(node) if lines else _records_of(pipeline, node)
    edges = [edge for edge in pipeline.edges if edge.source in reached and edge.target in reached]
    if not lines:
        edges.append(Edge(entry.id, node_id))
    beside = [
        edge for edge in pipeline.edges if edge.source not in reached and edge.target in reached - {node_id} and _whole(pipeline, edge)
    ]
    needed = set().union(*(_up_to(pipeline, edge.source) for edge in beside))
    if entry.id in needed or needed & reached:
        raise CannotReplay(f"rows of {entry.id} come to a joiner by two ways, so {node_id} cannot be replayed by itself; run it all again")
    if sinks := [other for other in needed if pipeline.node(other).type == "connector_sink"]:
        raise CannotReplay(
            f"what rows of {node_id} are joined with comes out of the sink {sinks[0]}, which would write again; run it all again"
        )
    if partial := [other for other in needed if pipeline.node(other).config.get("incremental")]:
        raise CannotReplay(
            f"what rows of {node_id} are joined with comes from {partial[0]}, which reads only what is new; run it all again"
        )
    edges += [edge for edge in pipeline.edges if edge.target in needed] + beside
    kept = [node for node in pipeline.nodes if node.id in needed or (node.id in reached and node.id != entry.id)]
    order = {node.id: at for at, node in enumerate(pipeline.nodes)}
    return replace(pipeline, nodes=tuple(sorted((entry, *kept), key=lambda node: order[node.id])), edges=tuple(edges))


def through(cut: Pipeline) -> set[str]:
    """Of a pipeline that was cut down: the nodes that its letters come to, the one they enter by among them. All others are only read
    beside, a second time; what they reject was rejected by the run before, too.
    """
    entered = {node.id for node in cut.nodes if node.config.get("connector") == LETTERS}
    ids, pairs = [node.id for node in cut.nodes], _pairs(cut)
    return entered.union(*(descendants(ids, pairs, one) for one in entered))


def dialect_of(entry: Node) -> CsvDialect | None:
    """How the lines that enter a replay by this node are read; None for records of JSON."""
    config = entry.config
    return csv_dialect(config["format"], config["options"]) if config["path"] == LINES else None


def _up_to(pipeline: Pipeline, node_id: str) -> set[str]:
    return {node_id, *ancestors([node.id for node in pipeline.nodes], _pairs(pipeline), node_id)}


def _pairs(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in pipeline.edges]


def _whole(pipeline: Pipeline, edge: Edge) -> bool:
    """What comes by this edge is needed, all of it, to make something of the rows that are replayed; else it was handled before."""
    return pipeline.node(edge.target).type == "joiner"


def _records_of(pipeline: Pipeline, node: Node) -> Node:
    """By the name of the node that its rows came from, since its expressions may say that."""
    came = next((edge.source for edge in pipeline.incoming(node.id)), None)
    if came is None:
        raise CannotReplay(f"nothing comes to node {node.id} in this version; replay through the version that rejected the rows")
    return Node(came, "connector_source", {"connector": LETTERS, "path": RECORDS, "format": "jsonl"})


def _lines_of(node: Node) -> Node:
    """The source itself, over the lines alone: they are in UTF-8, and no header stands before them."""
    config = dict(node.config)
    if config.get("postQuery"):
        raise CannotReplay(f"node {node.id} has a postQuery, which looks at all rows together; run the pipeline again")
    if "path" not in config:
        raise CannotReplay(f"node {node.id} reads no file in this version; replay through the version that rejected the rows")
    file = file_format(config["path"], config.get("format"))
    options = config.pop("options", None) or {}
    config.pop("incremental", None)
    if file.delimited:
        left = {key: value for key, value in options.items() if key not in {"skipRows", "encoding"}}
        read: dict[str, Any] = {"path": LINES, "format": file.name, "options": {**left, "header": False}}
    else:
        left = {key: value for key, value in options.items() if key in OPTIONS_OF["jsonl"]}
        read = {"path": TEXTS, "format": "jsonl", **({"options": left} if left else {})}
    return replace(node, config={**config, "connector": LETTERS, **read})


def _refuse(pipeline: Pipeline, node: Node, reached: set[str], *, first: bool) -> None:
    """Raises for what does not treat each row by itself."""
    again = [edge.source for edge in pipeline.incoming(node.id) if edge.source in reached]
    why = _BY_ROW[node.type](node, pipeline, again) if node.type in _BY_ROW else "it looks at all rows together"
    if why is None and node.type not in {"joiner", "union"} and not first and len(pipeline.incoming(node.id)) > 1:
        why = "it puts several inputs together"
    if why is not None:
        raise CannotReplay(f"rows cannot be replayed through {node.id} ({node.type}): {why}; correct what came before, and run it again")


def _always(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    return None


def _validate(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    unique = next((rule["name"] for rule in node.config["rules"] if rule["type"] == "UNIQUE"), None)
    return f"rule {unique} compares each row with all others" if unique else None


def _sorter(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    return "it lets a number of all rows through" if node.config.get("limit") is not None else None


def _union(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    return "it compares each row with all others" if node.config["distinct"] else None


def _sequence(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    return None if node.config["persistent"] else "its numbers begin anew with each run"


def _joiner(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    """Rows of one side add what they are joined with; rows without a partner are added by their own side only."""
    named = {node.config[side].partition(".")[0]: side for side in ("left", "right")}
    sides = [named.get(source) for source in again]
    how = node.config["joinType"]
    if len(sides) != 1:
        return "both its inputs would be replayed"
    if how == "INNER" or sides == [how.lower()]:
        return None
    return f"a {how} join also gives rows that have no partner among those that are replayed"


def _sink(node: Node, pipeline: Pipeline, again: list[str]) -> str | None:
    if node.config["writeMode"] != "OVERWRITE":
        return None
    return "it overwrites its target, which would then hold the replayed rows alone; give it UPSERT or INSERT"


# What treats each row by itself, each with what would make it look at others: a sentence, or None.
_BY_ROW: Mapping[str, Callable[[Node, Pipeline, list[str]], str | None]] = {
    "connector_source": _always,
    "expression": _always,
    "filter": _always,
    "router": _always,
    "validate": _validate,
    "sorter": _sorter,
    "union": _union,
    "sequence_generator": _sequence,
    "joiner": _joiner,
    "connector_sink": _sink,
}
