"""GREATEST and LEAST, which leave NULLs out of account, in databases where one NULL makes NULL of all, or which have neither."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, grouped, is_null, swap


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(exp.Greatest, exp.Least))):
        compare = exp.GTE if isinstance(node, exp.Greatest) else exp.LTE
        best, *others = [node.this, *node.expressions]
        for other in others:
            better = compare(this=grouped(best.copy()), expression=grouped(other.copy()))
            best = case((is_null(best), other.copy()), (is_null(other), best.copy()), (better, best.copy()), default=other)
        tree = swap(tree, node, best)
    return tree


EXTREMES = Pass("extremes", (exp.Greatest, exp.Least), _apply)
