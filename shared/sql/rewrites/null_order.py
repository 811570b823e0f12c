"""NULLs where PostgreSQL has them, by a key of their own, in databases without NULLS FIRST and NULLS LAST."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.order import order_around, ordered_by, selects_only
from shared.sql.rewrites.tree import case, is_null, number


def first(key: exp.Ordered) -> bool:
    """Whether NULLs come first: as said, else as PostgreSQL has it."""
    said = key.args.get("nulls_first")
    return bool(key.args.get("desc")) if said is None else bool(said)


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.null_order:
        return tree
    for order in list(tree.find_all(exp.Order)):
        by_itself = {id(key): _by_itself(key, to) for key in order.expressions}
        if selects_only(order.parent) and any(first(key) != by_itself[id(key)] for key in order.expressions):
            tree = order_around(tree, order.parent)
        keys: list[exp.Expr] = []
        for key in order.expressions:
            if first(key) != by_itself[id(key)]:
                early, late = number(0 if first(key) else 1), number(1 if first(key) else 0)
                missing = case((is_null(ordered_by(key.this, order.parent)), early), default=late)
                keys.append(exp.Ordered(this=missing, desc=False, nulls_first=to.features.nulls == "small"))
                # sqlglot says nothing of NULLs where they are as it takes the database to have them.
                key.set("nulls_first", by_itself[id(key)])
            keys.append(key)
        order.set("expressions", keys)
    return tree


def _by_itself(key: exp.Ordered, to: Dialect) -> bool:
    """Whether NULLs come first there if nothing is said."""
    descending = bool(key.args.get("desc"))
    return {"large": descending, "small": not descending, "last": False}[to.features.nulls]


NULL_ORDER = Pass("null_order", (exp.Order, exp.Limit, exp.Offset), _apply)
