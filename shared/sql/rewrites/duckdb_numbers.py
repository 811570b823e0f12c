"""Where DuckDB's functions give other numbers than PostgreSQL's: doubles are rounded half to even, and seconds have their fraction."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap
from shared.sql.typing import type_of


def _half_even(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Round)):
        if type_of(node.this) in {"DOUBLE PRECISION", "REAL"} and node.args.get("decimals") is None:
            tree = swap(tree, node, exp.Anonymous(this="round_even", expressions=[node.this.copy(), exp.Literal.number(0)]))
    return tree


def _seconds(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Extract)):
        if node.this.name.upper() == "SECOND":
            # Microseconds are whole, and hold the seconds too.
            exact = exp.Extract(this=exp.var("MICROSECOND"), expression=node.expression.copy())
            scaled = exp.Mul(this=exact, expression=exp.Literal.number("0.000001"))
            tree = swap(tree, node, exp.cast(scaled, "NUMERIC(8, 6)"))
    return tree


HALF_EVEN = Pass("half_even", (exp.Round,), _half_even)
SECONDS = Pass("seconds", (exp.Extract,), _seconds)
