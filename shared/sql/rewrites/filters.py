"""FILTER (WHERE …) as CASE inside the aggregate, which then sees NULL for the rows left out."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, number, swap


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.filter:
        return tree
    for node in list(tree.find_all(exp.Filter)):
        aggregate, condition = node.this, node.expression.this
        argument = aggregate.this
        if isinstance(argument, exp.Distinct):
            argument.set("expressions", [case((condition, argument.expressions[0]))])
        else:
            counted = number(1) if argument is None or isinstance(argument, exp.Star) else argument
            guarded = case((condition, counted))
            guarded.type = counted.type
            aggregate.set("this", guarded)
        tree = swap(tree, node, aggregate)
    return tree


FILTERS = Pass("filters", (exp.Filter,), _apply)
