"""RANGE: column, min, max, inclusive (true unless said). Passes when every value lies between; numbers, dates, timestamps.

Nulls are no values and are not looked at. NaN lies nowhere. In a text column with numeric bounds, text that is no number fails.
"""

from __future__ import annotations

import math
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, rows_where

_FLOATS = ("REAL", "DOUBLE PRECISION")


def _type(rule: Rule, columns: Columns) -> str:
    return next((found.type for found in columns if found.name == rule["column"]), "TEXT")


def _value(rule: Rule, columns: Columns) -> exp.Expr:
    bounds = [rule.get(bound) for bound in ("min", "max") if rule.get(bound) is not None]
    numeric = any(isinstance(bound, int | float) for bound in bounds)
    if numeric and _type(rule, columns) == "TEXT":
        return exp.TryCast(this=column(rule["column"]), to=exp.DataType.build("DOUBLE"))
    return column(rule["column"])


def _bound(value: Any) -> exp.Expr:
    return exp.convert(value) if isinstance(value, int | float) and math.isfinite(value) else exp.Literal.string(str(value))


def _below(rule: Rule, value: exp.Expr) -> exp.Expr:
    if rule.get("min") is None:
        return exp.false()
    inside = exp.LT if rule.get("inclusive", True) else exp.LTE
    return inside(this=value.copy(), expression=_bound(rule["min"]))


def _above(rule: Rule, value: exp.Expr) -> exp.Expr:
    if rule.get("max") is None:
        return exp.false()
    outside = exp.GT if rule.get("inclusive", True) else exp.GTE
    return outside(this=value.copy(), expression=_bound(rule["max"]))


def _no_number(rule: Rule, columns: Columns, value: exp.Expr) -> exp.Expr:
    if isinstance(value, exp.TryCast):
        return value.is_(exp.null())
    return exp.IsNan(this=value.copy()) if _type(rule, columns) in _FLOATS else exp.false()


def _outside(rule: Rule, columns: Columns) -> exp.Expr:
    value = _value(rule, columns)
    there = exp.not_(column(rule["column"]).is_(exp.null()))
    outside = exp.or_(_below(rule, value), _above(rule, value), _no_number(rule, columns, value))
    condition = within(rule, columns, exp.and_(there, outside))
    assert condition is not None
    return condition


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    value = _value(rule, columns)
    present = within(rule, columns, exp.not_(column(rule["column"]).is_(exp.null())))
    scope = within(rule, columns)
    least, greatest = (
        exp.Filter(this=extreme, expression=exp.Where(this=scope.copy())) if scope is not None else extreme
        for extreme in (exp.Min(this=value.copy()), exp.Max(this=value.copy()))
    )
    return Scan({"checked": count(present), "failing": count(_outside(rule, columns)), "least": least, "greatest": greatest})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    failing = int(measured["failing"])
    return Verdict(
        passed=failing == 0,
        checked=int(measured["checked"]),
        failing=failing,
        observed={"min": measured["least"], "max": measured["greatest"]},
        expected={"min": rule.get("min"), "max": rule.get("max"), "inclusive": bool(rule.get("inclusive", True))},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return rows_where(_outside(rule, columns))


RANGE = RuleType(columns=lambda rule: (rule["column"],), scan=_scan, verdict=_verdict, offending=_offending)
