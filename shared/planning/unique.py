"""Which columns of a table tell its rows apart, as far as the recipe and the catalogue show."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from shared.planning.databases import found_of
from shared.planning.graph import Graph
from shared.planning.needs import Facts

Keys = set[frozenset[str]]


def keys_of(graph: Graph, table: str, facts: Facts, types: Mapping[str, str]) -> Keys:
    """Sets of columns by each of which no two rows are the same: groups have them, and they stay where rows only go on or are dropped."""
    if table in graph.sources:
        return _of_source(graph, table, facts, types)
    port = graph.ports[table]
    select = port.relation.select
    plain = {e.unalias().name: e.alias_or_name for e in select.expressions if isinstance(e.unalias(), exp.Column)}
    group = select.args.get("group")
    if group is not None:
        named = [key.name for key in group.expressions if isinstance(key, exp.Column)]
        whole = len(named) == len(group.expressions) and all(name in plain for name in named)
        return {frozenset(plain[name] for name in named)} if whole and named else set()
    if port.relation.rows not in {"same", "fewer"} or len(port.inputs) != 1 or select.args.get("joins"):
        return set()
    above = keys_of(graph, port.inputs[0], facts, types)
    return {frozenset(plain[name] for name in key) for key in above if all(name in plain for name in key)}


def _of_source(graph: Graph, node: str, facts: Facts, types: Mapping[str, str]) -> Keys:
    found = found_of(graph, node, facts, types)
    if graph.sources[node].options.get("query"):
        return set()
    # A unique index takes any number of NULLs.
    filled = {column.name for column in graph.sources[node].columns if not column.nullable}
    return {frozenset(key) for key in found.get("keys") or () if filled.issuperset(key)}
