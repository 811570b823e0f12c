"""IS TRUE and IS FALSE, which are never NULL, where there is no such test (sqlglot would leave the test away)."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Is)):
        if isinstance(node.expression, exp.Boolean):
            wanted = bool(node.expression.this)
            known = exp.Coalesce(this=node.this, expressions=[exp.Boolean(this=not wanted)])
            tree = swap(tree, node, known if wanted else exp.Not(this=known))
    return tree


IS_TRUE = Pass("is_true", (exp.Is,), _apply)
