"""AVG of whole numbers and decimals: the exact sum as a double, over the count. By themselves databases give it anything from none to
6 digits behind the point.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap
from shared.sql.typing import type_of


def _cast(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """Where AVG is exact, as in PostgreSQL, only its type is settled."""
    for node in list(tree.find_all(exp.Avg)):
        whole = _with_its_clauses(node)
        if not _is_double(node):
            tree = swap(tree, whole, exp.cast(whole.copy(), "DOUBLE PRECISION"))
    return tree


def _divide(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Avg)):
        if _is_double(node):
            continue
        whole = _with_its_clauses(node)
        parts = []
        for kind in (exp.Sum, exp.Count):
            one = kind(this=node.this.copy())
            one.type = exp.DataType.build("NUMERIC(38, 0)") if kind is exp.Sum else exp.DataType.build("BIGINT")
            copied = whole.copy()
            if isinstance(whole, exp.Avg):
                copied = one
            else:
                found = copied.find(exp.Avg)
                assert found is not None
                found.replace(one)
            parts.append(exp.cast(copied, "DOUBLE PRECISION"))
        tree = swap(tree, whole, exp.Paren(this=exp.Div(this=parts[0], expression=parts[1], typed=False, safe=False)))
    return tree


def _with_its_clauses(node: exp.Expr) -> exp.Expr:
    """With FILTER and OVER."""
    while isinstance(node.parent, exp.Filter | exp.Window) and node.arg_key == "this":
        node = node.parent
    return node


def _is_double(node: exp.Expr) -> bool:
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    return type_of(argument) in {"DOUBLE PRECISION", "REAL"}


EXACT_AVERAGES = Pass("averages", (exp.Avg,), _cast)
AVERAGES = Pass("averages", (exp.Avg,), _divide)
