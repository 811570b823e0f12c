"""EXISTS over one table as a SEMI JOIN, and NOT EXISTS as an ANTI JOIN.

DuckDB answers a correlated EXISTS by way of all distinct values of the outer row: measured with 3 million rows, four times the time, and
it holds both sides. A join holds one, and spills it.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for select in list(tree.find_all(exp.Select)):
        where, outer = select.args.get("where"), _tables(select)
        if where is None or outer is None:
            continue
        kept: list[exp.Expr] = []
        joins: list[exp.Join] = []
        for condition in _parts(where.this):
            join = _join(condition, outer)
            if join is None:
                kept.append(condition)
            else:
                joins.append(join)
                outer.add(join.alias_or_name.lower())
        if joins:
            select.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
            select.set("joins", [*(select.args.get("joins") or ()), *joins])
    return tree


def _tables(select: exp.Select) -> set[str] | None:
    """What is joined, by name; None for nothing, and where a comma stands between, which binds less than JOIN."""
    source, joins = select.args.get("from_"), select.args.get("joins") or ()
    if source is None or any(not (join.args.get("on") or join.args.get("using") or join.args.get("kind") == "CROSS") for join in joins):
        return None
    return {one.this.alias_or_name.lower() for one in (source, *joins)}


def _join(condition: exp.Expr, outer: set[str]) -> exp.Join | None:
    """The join that keeps the rows for which the condition is true; None where it is no EXISTS over one table more, by its columns."""
    kind = "SEMI"
    if isinstance(condition, exp.Not):
        kind, condition = "ANTI", condition.this
    inner = condition.this if isinstance(condition, exp.Exists) else None
    if not isinstance(inner, exp.Select) or {name for name, value in inner.args.items() if value} - {"expressions", "from_", "where"}:
        return None
    source, where = inner.args["from_"].this, inner.args.get("where")
    if not isinstance(source, exp.Table) or where is None or where.find(exp.Query, exp.AggFunc):
        return None
    # An aggregate, as any function that is not known may be, has a row even of no rows: it is there whatever the condition.
    if any(picked.find(exp.AggFunc, exp.WithinGroup, exp.Anonymous) for picked in inner.expressions):
        return None
    name = source.alias_or_name.lower()
    named = {column.table.lower() for column in where.find_all(exp.Column)}
    sides = [{column.table.lower() for column in side.find_all(exp.Column)} for side in _equal(where.this)]
    joined = {name} in sides and any(side and side <= outer for side in sides)
    return exp.Join(this=source, kind=kind, on=where.this) if joined and name not in outer and named <= outer | {name} else None


def _parts(condition: exp.Expr) -> list[exp.Expr]:
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _equal(condition: exp.Expr) -> list[exp.Expr]:
    """Both sides of each equality among the parts of a condition."""
    return [side for part in _parts(condition) if isinstance(part, exp.EQ) for side in (part.this, part.expression)]


SEMI_JOINS = Pass("semi_joins", (exp.Exists,), _apply)
