"""A recipe that gives different rows, made as small as it goes: nodes, then parts of settings, then rows are taken away."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import sqlglot

from tests.differential.cases import Case
from tests.differential.tables import ROWS

# Settings that are lists of parts of which each can be left out, but for the last.
_LISTS = ("columns", "aggregations", "rules", "routes", "by", "groupBy", "keys", "orderBy")
SECONDS = 40


def shrunk(case: Case, differs: Callable[[Case], bool]) -> Case:
    """The smallest found in that time. `differs` says whether a recipe still shows the difference."""
    until = monotonic() + SECONDS
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(case):
            if monotonic() > until:
                return case
            if differs(candidate):
                case, smaller = candidate, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    read = {edge["from"].split(".")[0] for edge in case.edges}
    for node in case.nodes:
        if node["id"] not in read and node["type"] != "connector_source":
            yield _without(case, node["id"])
    for node in case.nodes:
        into = [edge for edge in case.edges if edge["to"] == node["id"]]
        if len(into) == 1 and node["type"] in {"expression", "filter", "sorter", "deduplicate", "sequence_generator", "validate", "router"}:
            yield _bridged(case, node["id"], into[0]["from"])
    for at, node in enumerate(case.nodes):
        for config in _configs(node["config"]):
            made = copy.deepcopy(case)
            made.nodes[at] = {**node, "config": config}
            yield made
    if not any(node["id"] == "row" for node in case.nodes):
        for number in range(1, ROWS + 1):
            yield _one_row(case, number)


def _without(case: Case, node: str) -> Case:
    made = copy.deepcopy(case)
    made.nodes = [n for n in made.nodes if n["id"] != node]
    made.edges = [e for e in made.edges if e["to"] != node]
    used = {e["from"].split(".")[0] for e in made.edges}
    kept = {n["id"] for n in made.nodes if n["type"] != "connector_source"}
    made.nodes = [n for n in made.nodes if n["id"] in used | kept] or made.nodes
    made.ordered -= {node}
    return made


def _bridged(case: Case, node: str, source: str) -> Case:
    """What read the node reads what the node has read."""
    made = copy.deepcopy(case)
    made.nodes = [n for n in made.nodes if n["id"] != node]
    made.edges = [{**e, "from": source} if e["from"].split(".")[0] == node else e for e in made.edges if e["to"] != node]
    made.ordered -= {node}
    return made


def _configs(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _LISTS:
        parts = config.get(name)
        if isinstance(parts, list) and len(parts) > 1:
            for at in range(len(parts)):
                yield {**config, name: [*parts[:at], *parts[at + 1 :]]}
    for name in ("limit", "having"):
        if name in config:
            yield {key: value for key, value in config.items() if key != name}
    if "query" in config:
        yield from ({**config, "query": query} for query in _queries(config["query"]))
    condition = config.get("condition")
    if isinstance(condition, str):
        yield from ({**config, "condition": part} for part in _parts(condition))


def _parts(condition: str) -> Iterator[str]:
    """Either side of its AND or OR."""
    tree = sqlglot.parse_one(condition, dialect="postgres").unnest()
    if isinstance(tree, sqlglot.exp.Connector):
        yield from (side.unnest().sql("postgres") for side in (tree.left, tree.right))


def _queries(query: str) -> Iterator[str]:
    """Each without one of its columns, or without its condition."""
    tree = sqlglot.parse_one(query, dialect="postgres")
    for at in range(len(tree.expressions)):
        less = tree.copy()
        less.set("expressions", [column for n, column in enumerate(less.expressions) if n != at])
        if less.expressions:
            yield less.sql("postgres")
    if tree.args.get("where") is not None:
        without = tree.copy()
        without.set("where", None)
        yield without.sql("postgres")


def _one_row(case: Case, number: int) -> Case:
    """Only one row of the first source goes in."""
    made = copy.deepcopy(case)
    made.nodes.insert(1, {"id": "row", "type": "filter", "config": {"condition": f"id = {number}"}})
    made.edges = [{**e, "from": "row"} if e["from"] == "rows" else e for e in made.edges]
    made.edges.insert(0, {"from": "rows", "to": "row"})
    # A joiner names its inputs.
    for node in made.nodes:
        if node["type"] == "joiner" and node["config"]["left"] == "rows":
            node["config"] = {**node["config"], "left": "row"}
    return made
