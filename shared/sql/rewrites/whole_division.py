"""Division that truncates toward zero: ways to say it without going over to doubles, as sqlglot would.

Of whole numbers, but for PostgreSQL's `div`, which takes decimals as well.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import grouped, swap
from shared.sql.typing import type_of


def _plain(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """`/` truncates there by itself."""
    for node in list(tree.find_all(exp.IntDiv)):
        tree = swap(tree, node, exp.Div(this=grouped(node.this), expression=grouped(node.expression), typed=True, safe=False))
    return tree


def _without_rest(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """`/` gives a decimal there, which may be rounded up: so the rest is taken away first, and nothing is left to round."""
    for node in list(tree.find_all(exp.IntDiv)):
        top, bottom = grouped(node.this), grouped(node.expression)
        rest = exp.Mod(this=top.copy(), expression=bottom.copy())
        exact = exp.Div(this=exp.Paren(this=exp.Sub(this=top, expression=rest)), expression=bottom, typed=False, safe=False)
        tree = swap(tree, node, exp.cast(exact, "BIGINT"))
    return tree


def _function(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.IntDiv)):
        tree = swap(tree, node, exp.Anonymous(this="intDiv", expressions=[node.this, node.expression]))
    return tree


def _of_decimals(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """`/` of decimals keeps what is behind the point."""
    for node in list(tree.find_all(exp.IntDiv)):
        if any(type_of(side).startswith("NUMERIC") for side in (node.this, node.expression)):
            tree = swap(tree, node, exp.Anonymous(this="DIV", expressions=[node.this, node.expression]))
    return tree


DECIMALS_BY_DIV = Pass("decimals_by_div", (exp.IntDiv,), _of_decimals)
SLASH_TRUNCATES = Pass("whole_division", (exp.IntDiv,), _plain)
SLASH_IS_EXACT = Pass("whole_division", (exp.IntDiv,), _without_rest)
INT_DIV = Pass("whole_division", (exp.IntDiv,), _function)
