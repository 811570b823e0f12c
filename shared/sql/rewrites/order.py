"""What a key of ORDER BY stands for, and where more may be said of it than its name."""

from __future__ import annotations

from typing import TypeGuard

from sqlglot import exp

from shared.sql.rewrites.tree import swap

_NAME = "penstock_distinct"


def ordered_by(key: exp.Expr, query: exp.Expr | None) -> exp.Expr:
    """What a key of ORDER BY stands for, as an expression that may be built upon: 1 is the first column, a name may be a column's alias."""
    if not isinstance(query, exp.Select):
        return key
    if isinstance(key, exp.Literal) and key.is_int:
        at: exp.Expr = query.expressions[int(key.name) - 1]
        return at.unalias()
    if isinstance(key, exp.Column) and not key.table:
        return next((given.unalias() for given in query.expressions if given.alias_or_name == key.name), key)
    return key


def selects_only(query: exp.Expr | None) -> TypeGuard[exp.Query]:
    """SELECT DISTINCT and UNION order by what they select and nothing else, not even by an expression over it."""
    return isinstance(query, exp.SetOperation) or (isinstance(query, exp.Select) and bool(query.args.get("distinct")))


def order_around(tree: exp.Expr, query: exp.Query) -> exp.Expr:
    """The order, the limit and the CTEs move to a select around the query; the keys stay the nodes they were, as columns of it."""
    names = {projection.unalias(): projection.alias_or_name for projection in query.selects}
    types = {projection.alias_or_name: projection.type for projection in query.selects}
    for key in query.args["order"].expressions:
        said = ordered_by(key.this, query)
        column = exp.column(names.get(said, said.name), table=_NAME, quoted=True)
        column.type = said.type or types.get(column.name)
        key.set("this", column)
    outer = exp.Select(expressions=[exp.column(name, table=_NAME, quoted=True) for name in query.named_selects])
    for clause in ("order", "limit", "offset", "with_"):
        if (part := query.args.get(clause)) is not None:
            query.set(clause, None)
            outer.set(clause, part)
    alias = exp.TableAlias(this=exp.to_identifier(_NAME, quoted=True))
    outer.from_(exp.Subquery(this=query.copy(), alias=alias), copy=False)
    return swap(tree, query, outer)
