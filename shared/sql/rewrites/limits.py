"""The first rows, in databases without LIMIT and OFFSET: by TOP, which has no offset, or by the number of the row."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import number, swap

_NAME, _PLACE = "penstock_rows", "penstock_place"


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.limit in ("limit", "fetch"):
        return tree
    for query in reversed(list(tree.find_all(exp.Query))):
        if isinstance(query, exp.Subquery) or not (query.args.get("limit") or query.args.get("offset")):
            continue
        if to.features.limit == "top" and isinstance(query, exp.Select) and not query.args.get("offset"):
            continue
        tree = swap(tree, query, _numbered(query, nulls_first=to.features.nulls == "small"))
    return tree


def _numbered(query: exp.Query, *, nulls_first: bool) -> exp.Select:
    """The rows by their place in the order; the outer select keeps that order. `nulls_first`: what goes without saying."""
    inner = query.copy()
    names = [projection.alias_or_name for projection in inner.selects]
    limit, offset, order = (inner.args.get(part) for part in ("limit", "offset", "order"))
    with_ = inner.args.get("with_")
    for part in ("limit", "offset", "order", "with_"):
        inner.set(part, None)
    if isinstance(inner, exp.Select) and not inner.args.get("distinct") and not inner.args.get("group"):
        keys = order.expressions if order is not None else [exp.Ordered(this=exp.null())]
        place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[key.copy() for key in keys]))
        inner.select(exp.alias_(place, _PLACE, quoted=True), copy=False)
    else:
        inner = _around(inner, names, order)
    outer = exp.Select(expressions=[exp.column(name, table=_NAME, quoted=True) for name in names])
    outer.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(_NAME, quoted=True))), copy=False)
    column = exp.column(_PLACE, table=_NAME, quoted=True)
    skipped = int(offset.expression.name) if offset is not None else 0
    if skipped:
        outer.where(exp.GT(this=column.copy(), expression=number(skipped)), copy=False)
    if limit is not None:
        outer.where(exp.LTE(this=column.copy(), expression=number(skipped + int(limit.expression.name))), copy=False)
    if order is not None:
        outer.set("order", exp.Order(expressions=[exp.Ordered(this=column, nulls_first=nulls_first)]))
    outer.set("with_", with_)
    return outer


def _around(inner: exp.Query, names: list[str], order: exp.Expr | None) -> exp.Select:
    """Groups and unions have their rows only once they are done, so the numbering goes around them."""
    by_expression = {projection.unalias(): projection.alias_or_name for projection in inner.selects}
    keys = []
    for key in order.expressions if order is not None else [exp.Ordered(this=exp.null())]:
        moved = key.copy()
        name = by_expression.get(key.this, key.this.name if isinstance(key.this, exp.Column) else None)
        if name is not None:
            moved.set("this", exp.column(name, table="penstock_all", quoted=True))
        keys.append(moved)
    place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=keys))
    columns: list[exp.Expr] = [exp.column(name, table="penstock_all", quoted=True) for name in names]
    around = exp.Select(expressions=[*columns, exp.alias_(place, _PLACE, quoted=True)])
    alias = exp.TableAlias(this=exp.to_identifier("penstock_all", quoted=True))
    return around.from_(exp.Subquery(this=inner, alias=alias), copy=False)


def _unordered(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """A subquery has no order, and some databases refuse one that says it has; where it takes the first rows, it keeps it."""
    for query in list(tree.find_all(exp.Select, exp.SetOperation)):
        inside = isinstance(query.parent, exp.Subquery | exp.CTE | exp.SetOperation | exp.In | exp.Exists)
        if inside and query.args.get("order") and not query.args.get("limit") and not query.args.get("offset"):
            query.set("order", None)
    return tree


LIMITS = Pass("limits", (exp.Limit, exp.Offset), _apply)
INNER_ORDER = Pass("inner_order", (exp.Order,), _unordered)
