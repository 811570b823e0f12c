"""FULL JOIN as the rows of the LEFT JOIN, and beneath them the right side's rows without a partner."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import number, swap

_NAME = "penstock_full"


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.full_join:
        return tree
    for select in reversed(list(tree.find_all(exp.Select))):
        joins = select.args.get("joins") or []
        if len(joins) == 1 and joins[0].side == "FULL":
            tree = swap(tree, select, _written_out(select))
    return tree


def _written_out(select: exp.Select) -> exp.Select:
    """The same select over a subquery that gives the columns it uses of either side."""
    outer = select.copy()
    join = outer.args["joins"][0]
    left, right, on = outer.args["from_"].this, join.this, join.args["on"]
    sides = {left.alias_or_name, right.alias_or_name}
    # The condition and the sides themselves move into the subquery.
    join.pop()
    used: dict[tuple[str, str], str] = {}
    for column in [found for found in outer.find_all(exp.Column) if found.table in sides and not _inside(found, left)]:
        name = used.setdefault((column.table, column.name), f"{_NAME}_{len(used) + 1}")
        if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
            moved: exp.Expr = exp.alias_(exp.column(name, table=_NAME, quoted=True), column.name, quoted=True)
        else:
            moved = exp.column(name, table=_NAME, quoted=True)
        moved.type = column.type
        column.replace(moved)
    if not used:
        raise ValueError("a FULL JOIN none of whose columns is used")
    given = [exp.alias_(exp.column(c, table=t, quoted=True), name, quoted=True) for (t, c), name in used.items()]
    matched = exp.Select(expressions=[each.copy() for each in given]).from_(left.copy(), copy=False)
    matched.join(right.copy(), on=on.copy(), join_type="LEFT", copy=False)
    partner = exp.Select(expressions=[number(1)]).from_(left.copy(), copy=False).where(on.copy(), copy=False)
    missing = {left.alias_or_name}
    alone = [
        exp.alias_(exp.null() if t in missing else exp.column(c, table=t, quoted=True), name, quoted=True) for (t, c), name in used.items()
    ]
    lonely = exp.Select(expressions=alone).from_(right.copy(), copy=False).where(exp.Not(this=exp.Exists(this=partner)), copy=False)
    both = exp.Union(this=matched, expression=lonely, distinct=False)
    alias = exp.TableAlias(this=exp.to_identifier(_NAME, quoted=True))
    outer.set("from_", exp.From(this=exp.Subquery(this=both, alias=alias)))
    return outer


def _inside(node: exp.Expr, holder: exp.Expr) -> bool:
    of: exp.Expr | None = node
    while of is not None:
        if of is holder:
            return True
        of = of.parent
    return False


FULL_JOIN = Pass("full_join", (exp.Join,), _apply)
