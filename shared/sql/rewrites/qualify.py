"""QUALIFY as a condition around a subquery; ORDER BY, LIMIT and DISTINCT stay outside, where they come after it."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap

_NAME = "penstock_qualify"


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.qualify:
        return tree
    for select in reversed(list(tree.find_all(exp.Select))):
        if select.args.get("qualify") is not None:
            tree = swap(tree, select, _around(select))
    return tree


def _around(select: exp.Select) -> exp.Select:
    inner = select.copy()
    names = {projection.alias_or_name: projection.unalias() for projection in inner.expressions}
    carried: dict[exp.Expr, str] = {}

    def outside(node: exp.Expr) -> exp.Expr:
        """What the subquery has to give for the node, as a column of it."""
        name = next((name for name, given in names.items() if given == node), None)
        if name is None:
            name = carried.setdefault(node.copy(), f"{_NAME}_{len(carried) + 1}")
        found = exp.column(name, table=_NAME, quoted=True)
        found.type = node.type
        return found

    condition = _moved(inner.args["qualify"].this, outside)
    outer = exp.Select(expressions=[exp.column(name, table=_NAME, quoted=True) for name in names])
    order, limits = inner.args.get("order"), {part: inner.args.get(part) for part in ("limit", "offset", "distinct", "with_")}
    for part in ("qualify", "order", *limits):
        inner.set(part, None)
    if order is not None:
        for key in order.expressions:
            by_name = isinstance(key.this, exp.Column) and not key.this.table and key.this.name in names
            place = exp.column(key.this.name, table=_NAME, quoted=True) if by_name else None
            key.set("this", place if place is not None else _moved(key.this, outside))
        outer.set("order", order)
    for part, said in limits.items():
        outer.set(part, said)
    for node, name in carried.items():
        inner.select(exp.alias_(node, name, quoted=True), copy=False)
    inner.set("expressions", [each if each.alias else exp.alias_(each, each.name, quoted=True) for each in inner.expressions])
    alias = exp.TableAlias(this=exp.to_identifier(_NAME, quoted=True))
    outer.from_(exp.Subquery(this=inner, alias=alias), copy=False)
    return outer.where(condition, copy=False)


def _moved(tree: exp.Expr, outside: object) -> exp.Expr:
    """The tree with columns of the subquery in place of windows, and of columns that stand in none."""
    assert callable(outside)
    if isinstance(tree, exp.Window | exp.Column | exp.AggFunc):
        moved: exp.Expr = outside(tree)
        return moved
    for child in list(tree.iter_expressions()):
        new = _moved(child, outside)
        if new is not child:
            child.replace(new)
    return tree


QUALIFY = Pass("qualify", (exp.Qualify,), _apply)
