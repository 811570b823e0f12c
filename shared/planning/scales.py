"""How many places a decimal has, where that follows from what it is made of.

A database's own decimals have as many as each value needs; what leaves it becomes a column, which has one number of places for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from shared.planning.compile import Graph
from shared.sql.typing import INTEGERS, spelled

Scales = Mapping[str, int | None]
_WRITTEN = re.compile(r"NUMERIC\(\d+, (\d+)\)")
_SAME = (exp.Sum, exp.Min, exp.Max, exp.Abs, exp.Neg, exp.Paren, exp.Window, exp.Filter, exp.Alias, exp.Ordered, exp.Distinct, exp.Lag)
_SAME_ALL = (exp.Coalesce, exp.Add, exp.Sub, exp.Greatest, exp.Least, exp.Mod)


def scales_of(graph: Graph, table: str) -> dict[str, int | None]:
    """By column of a table; None where it does not follow, and for what is no exact number."""
    if table in graph.sources:
        return {column.name: _of_type(column.type) for column in graph.sources[table].columns}
    port = graph.ports[table]
    return _of_query(port.relation.select, {read: scales_of(graph, read) for read in port.inputs})


def _of_type(spelling: str) -> int | None:
    if spelling in INTEGERS:
        return 0
    found = _WRITTEN.fullmatch(spelling)
    return int(found[1]) if found else None


def _of_query(query: exp.Expr, tables: Mapping[str, Scales]) -> dict[str, int | None]:
    if isinstance(query, exp.Subquery):
        return _of_query(query.this, tables)
    if isinstance(query, exp.SetOperation):
        left, right = _of_query(query.this, tables), _of_query(query.expression, tables)
        # Columns of both are matched by place, and go by the names of the first.
        return {name: _most([mine, other]) for (name, mine), other in zip(left.items(), right.values(), strict=False)}
    if not isinstance(query, exp.Select) or query.args.get("with_"):
        return {}
    sources = [query.args["from_"].this] if query.args.get("from_") else []
    sources += [join.this for join in query.args.get("joins") or ()]
    inside = {source.alias_or_name: tables.get(source.name, {}) for source in sources if isinstance(source, exp.Table)}
    inside |= {source.alias_or_name: _of_query(source, tables) for source in sources if isinstance(source, exp.Subquery)}

    def of_column(column: exp.Column) -> int | None:
        return inside.get(column.table, {}).get(column.name)

    return {expression.alias_or_name: _scale(expression, of_column) for expression in query.expressions}


def _scale(tree: exp.Expr, of_column: Callable[[exp.Column], int | None]) -> int | None:
    def scale(part: exp.Expr) -> int | None:
        return _scale(part, of_column)

    if isinstance(tree, exp.Column):
        return of_column(tree)
    if isinstance(tree, exp.Literal) and not tree.is_string:
        return len(tree.name.partition(".")[2]) if "e" not in tree.name.lower() else None
    if isinstance(tree, exp.Cast):
        return _of_type(spelled(tree.to))
    if isinstance(tree, exp.Count | exp.IntDiv | exp.RowNumber):
        return 0
    if isinstance(tree, exp.Mul):
        left, right = scale(tree.this), scale(tree.expression)
        return None if left is None or right is None else left + right
    if isinstance(tree, exp.Case):
        results = [branch.args["true"] for branch in tree.args["ifs"]] + ([tree.args["default"]] if tree.args.get("default") else [])
        return _most([scale(result) for result in results if not isinstance(result, exp.Null)])
    if isinstance(tree, exp.Round) and isinstance(tree.args.get("decimals"), exp.Literal):
        return int(tree.args["decimals"].name)
    if isinstance(tree, exp.Distinct):
        return _most([scale(part) for part in tree.expressions])
    if isinstance(tree, _SAME):
        return scale(tree.this)
    if isinstance(tree, _SAME_ALL):
        parts = [tree.this, *([tree.expression] if tree.args.get("expression") else []), *tree.expressions]
        return _most([scale(part) for part in parts])
    return None


def _most(scales: list[int | None]) -> int | None:
    known = [one for one in scales if one is not None]
    return max(known) if known and len(known) == len(scales) else None
