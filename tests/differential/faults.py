"""Faults that are sown on purpose: the suite is only worth something if it finds them.

A fault changes a relation on its way to an engine's text, as a wrong emitter or a lost pass would. Each is a function from tree to tree
that returns None where it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp

from shared.sql.dialects import dialect as dialect_of
from shared.sql.render import rewritten
from tests.differential.text import Text, Write

Fault = Callable[[exp.Expr], None]


def _null_order_lost(tree: exp.Expr) -> None:
    for key in tree.find_all(exp.Ordered):
        # The database's own order: NULLs are largest in PostgreSQL.
        key.set("nulls_first", bool(key.args.get("desc")))


def _direction_lost(tree: exp.Expr) -> None:
    for key in tree.find_all(exp.Ordered):
        key.set("desc", False)


def _limit_lost(tree: exp.Expr) -> None:
    tree.set("limit", None)


def _condition_lost(tree: exp.Expr) -> None:
    for select in tree.find_all(exp.Select):
        select.set("where", None)


def _groups_filter_lost(tree: exp.Expr) -> None:
    tree.set("having", None)


def _aggregate_filter_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.Filter)):
        found.replace(found.this.copy())


def _distinct_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.Count)):
        if isinstance(found.this, exp.Distinct):
            found.set("this", found.this.expressions[0].copy())


def _rows_distinct_lost(tree: exp.Expr) -> None:
    for found in tree.find_all(exp.Select):
        found.set("distinct", None)
    for found in tree.find_all(exp.Union):
        found.set("distinct", False)


def _division_as_doubles(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.IntDiv)):
        left, right = (exp.cast(found.args[side].copy(), "DOUBLE PRECISION") for side in ("this", "expression"))
        found.replace(exp.Paren(this=exp.Div(this=left, expression=right)))


def _outer_join_lost(tree: exp.Expr) -> None:
    for found in tree.find_all(exp.Join):
        found.set("side", None)


def _off_by_one(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.LTE, exp.GTE)):
        found.replace((exp.LT if isinstance(found, exp.LTE) else exp.GT)(this=found.this.copy(), expression=found.expression.copy()))


def _else_lost(tree: exp.Expr) -> None:
    for found in tree.find_all(exp.Case):
        found.set("default", None)


def _coalesce_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.Coalesce)):
        if not found.find_ancestor(exp.Coalesce):
            found.replace(found.this.copy())


def _case_of_like_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.ILike)):
        found.replace(exp.Like(this=found.this.copy(), expression=found.expression.copy()))


def _trimmed(tree: exp.Expr) -> None:
    """As databases do that pad texts when they compare them."""
    for found in list(tree.find_all(exp.EQ)):
        if found.this.type is not None and found.this.type.this in exp.DataType.TEXT_TYPES:
            found.set("this", exp.func("RTRIM", found.this.copy()))
            found.set("expression", exp.func("RTRIM", found.expression.copy()))


def _empty_is_null(tree: exp.Expr) -> None:
    """As Oracle has it."""
    for found in list(tree.find_all(exp.Literal)):
        if found.is_string and not found.name and isinstance(found.parent, exp.Coalesce | exp.EQ | exp.In | exp.Case):
            found.replace(exp.Null())


def _date_is_moment(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.TimestampTrunc)):
        found.replace(found.this.copy())


def _rounding_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.Round)):
        found.replace(exp.Floor(this=found.this.copy()))


def _guard_lost(tree: exp.Expr) -> None:
    for found in list(tree.find_all(exp.Nullif)):
        found.replace(found.this.copy())


def _window_order_lost(tree: exp.Expr) -> None:
    for found in tree.find_all(exp.Window):
        if isinstance(found.this, exp.RowNumber):
            found.set("order", None)


# name -> what happens to each relation.
FAULTS: Mapping[str, Fault] = {
    "the order of NULLs is left to the database": _null_order_lost,
    "DESC is lost": _direction_lost,
    "LIMIT is lost": _limit_lost,
    "WHERE is lost": _condition_lost,
    "HAVING is lost": _groups_filter_lost,
    "an aggregate's FILTER is lost": _aggregate_filter_lost,
    "COUNT(DISTINCT) counts all": _distinct_lost,
    "DISTINCT rows are all rows": _rows_distinct_lost,
    "whole numbers are divided as doubles": _division_as_doubles,
    "an outer join loses rows": _outer_join_lost,
    "a bound is left out": _off_by_one,
    "ELSE is lost": _else_lost,
    "COALESCE is lost": _coalesce_lost,
    "ILIKE looks at case": _case_of_like_lost,
    "blanks at the end do not count": _trimmed,
    "an empty text is NULL": _empty_is_null,
    "DATE_TRUNC is lost": _date_is_moment,
    "ROUND cuts off": _rounding_lost,
    "division by zero has no guard": _guard_lost,
    "ROW_NUMBER has no order": _window_order_lost,
}


def sown(engine: Text, fault: Fault) -> Write:
    """The engine's writing with the fault in it."""
    sound = engine.write

    def write(tree: exp.Expr) -> str:
        wrong = tree.copy()
        fault(wrong)
        return sound(wrong)

    return write


def without_pass(engine: Text, name: str) -> Write:
    """The engine's writing without one of its dialect's passes."""
    target = dialect_of(engine.dialect, engine.version)
    less = replace(target, passes=tuple(one for one in target.passes if one.name != name))
    return lambda tree: rewritten(tree, less).sql(dialect=less.writes, identify=False)
