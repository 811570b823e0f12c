"""A division of doubles where one that is whole may be kept as a whole number (SQLite): `coalesce(x, 3) / 4` would give 0 there."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import grouped


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Div)):
        if not isinstance(node.this, exp.Cast):
            node.set("this", exp.cast(grouped(node.this.copy()), "DOUBLE PRECISION"))
    return tree


# Before the division of whole numbers is written with the same sign.
REAL_DIVISION = Pass("real_division", (exp.Div,), _apply)
