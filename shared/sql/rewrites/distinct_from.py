"""IS [NOT] DISTINCT FROM, written out: true or false, never NULL."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, grouped, is_null, swap


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.distinct_from:
        return tree
    for node in list(tree.find_all(exp.NullSafeEQ, exp.NullSafeNEQ)):
        left, right = node.this, node.expression
        equal = exp.EQ(this=grouped(left.copy()), expression=grouped(right.copy()))
        neither = exp.Paren(this=exp.And(this=is_null(left), expression=is_null(right)))
        same = isinstance(node, exp.NullSafeEQ)
        asked = case((exp.Or(this=equal, expression=neither), exp.Boolean(this=same)), default=exp.Boolean(this=not same))
        asked.type = exp.DataType.build("BOOLEAN")
        tree = swap(tree, node, asked)
    return tree


DISTINCT_FROM = Pass("distinct_from", (exp.NullSafeEQ, exp.NullSafeNEQ), _apply)
