"""`||` with NULL is NULL; where NULL is an empty text to the database, that is written out."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, is_null, swap


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.DPipe)):
        if isinstance(node.parent, exp.DPipe):
            continue
        parts = [part for part in node.flatten() if not isinstance(part, exp.Literal)]
        if parts:
            missing = exp.or_(*(is_null(part) for part in parts), copy=False)
            tree = swap(tree, node, case((missing, exp.null()), default=node.copy()))
    return tree


NULL_JOINS_TO_NULL = Pass("concatenation", (exp.DPipe,), _apply)
