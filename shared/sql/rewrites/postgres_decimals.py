"""A quotient of decimals with as many digits behind the point as its type says: PostgreSQL alone would choose them row by row."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal, size_of
from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import grouped, swap

# So many that rounding twice gives what rounding once does, for divisors of up to 23 digits.
_EXACT = 40


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Div)):
        size = size_of(node)
        if size is None or not is_decimal(node) or isinstance(node.parent, exp.Round):
            continue
        exact = exp.cast(grouped(node.this.copy()), f"DECIMAL(78, {_EXACT})")
        quotient = exp.Div(this=exact, expression=grouped(node.expression.copy()), typed=False, safe=False)
        rounded = exp.Round(this=quotient, decimals=exp.Literal.number(size[1]))
        rounded.type = node.type
        tree = swap(tree, node, rounded)
    return tree


DECIMALS = Pass("decimals", (exp.Div,), _apply)
