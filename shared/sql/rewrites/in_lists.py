"""IN over a list with more than constants in it, as the comparisons it stands for: in ClickHouse a NULL in a list is left out, where it
makes NULL of what is not found.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import grouped, swap

_CONSTANTS = (exp.Literal, exp.Boolean, exp.Cast, exp.Neg, exp.Paren)


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(exp.In))):
        if all(_is_constant(item) for item in node.expressions):
            continue
        equal = [_equal(node.this, item) for item in node.expressions]
        tree = swap(tree, node, exp.Paren(this=exp.or_(*equal, copy=False)))
    return tree


def _equal(value: exp.Expr, item: exp.Expr) -> exp.Expr:
    made = exp.EQ(this=grouped(value.copy()), expression=grouped(item.copy()))
    made.type = exp.DataType.build("BOOLEAN")
    return made


def _is_constant(node: exp.Expr) -> bool:
    return isinstance(node, _CONSTANTS) and not any(isinstance(part, exp.Column | exp.Func) for part in node.walk() if part is not node)


IN_LISTS = Pass("in_lists", (exp.In,), _apply)
