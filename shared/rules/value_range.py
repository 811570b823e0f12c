"""RANGE: column, min, max, inclusive (true unless said). Passes when every value lies between; numbers, dates, timestamps.

Nulls are no values and are not looked at. NaN lies nowhere, an infinity beyond every bound. In a text column with numeric bounds, text
that is no number fails. Bounds without a zone are UTC, a date is its midnight.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.moments import aware, literal
from shared.rules.scope import within
from shared.rules.trees import FLOATS, NUMBERS, TIMES, as_type, is_null, rows_where, there, type_of, typed, typed_each, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, filtered, named
from shared.sql.errors import SqlProblem

# Of a literal that all engines read as a decimal.
_MOST_DIGITS = 38


def _bounds(rule: Rule) -> dict[str, Any]:
    return {key: rule[key] for key in ("min", "max") if rule.get(key) is not None}


def _kind(rule: Rule, columns: Columns) -> str:
    """What the values are compared as: DOUBLE PRECISION, NUMERIC (any exact number), or a type of time. Raises SqlProblem."""
    kind, bounds = type_of(rule["column"], columns), _bounds(rule)
    if not any(isinstance(bound, str) for bound in bounds.values()):
        if kind in FLOATS or kind == "TEXT":
            return "DOUBLE PRECISION"
        if kind in NUMBERS:
            return "NUMERIC"
        raise _other_kind(rule, kind, "numbers")
    if kind not in TIMES:
        raise _other_kind(rule, kind, "dates or timestamps")
    if kind == "DATE" and any(aware(bound).time() != datetime.min.time() for bound in bounds.values()):
        return "TIMESTAMP"
    return kind


def _other_kind(rule: Rule, kind: str, of: str) -> SqlProblem:
    shown = " and ".join(f"{key} {bound}" for key, bound in _bounds(rule).items())
    return SqlProblem(f"{rule['column']} is {kind}, and its bounds ({shown}) are {of}; give bounds of its kind, or cast the column before")


def _value(rule: Rule, columns: Columns) -> exp.Expr:
    """The column as what it is compared as; of a text that is no number, NULL."""
    kind, of = type_of(rule["column"], columns), column(rule["column"])
    wanted = _kind(rule, columns)
    if kind == "TEXT":
        tried = as_type(of, wanted)
        return exp.TryCast(this=tried.this, to=tried.args["to"])
    return as_type(of, wanted) if wanted != kind and wanted != "NUMERIC" else of


def _number(bound: float) -> exp.Expr:
    text = f"{Decimal(str(abs(bound))):f}"
    literal = exp.Literal.number(text if len(text) <= _MOST_DIGITS else repr(abs(bound)))
    return exp.Neg(this=literal) if bound < 0 else literal


def _bound(bound: Any, kind: str) -> exp.Expr:
    return literal(aware(bound), kind) if isinstance(bound, str) else _number(bound)


def _outside(rule: Rule, columns: Columns) -> exp.Expr:
    """True of a value outside, and of none that is NULL."""
    kind, bounds, inclusive = _kind(rule, columns), _bounds(rule), rule.get("inclusive", True)
    greater: Callable[..., exp.Expr] = exp.GT if inclusive else exp.GTE
    less: Callable[..., exp.Expr] = exp.LT if inclusive else exp.LTE
    beyond: list[exp.Expr] = []
    if "min" in bounds:
        if kind == "DOUBLE PRECISION" and "max" not in bounds:
            # NaN is greater than every number, and so is -NaN: turned round, the comparison finds it.
            beyond.append(greater(this=exp.Neg(this=_value(rule, columns)), expression=_number(-bounds["min"])))
        else:
            beyond.append(less(this=_value(rule, columns), expression=_bound(bounds["min"], kind)))
    if "max" in bounds:
        beyond.append(greater(this=_value(rule, columns), expression=_bound(bounds["max"], kind)))
    return exp.or_(*beyond, copy=False)


def _failing(rule: Rule, columns: Columns) -> exp.Expr:
    outside = _outside(rule, columns)
    if type_of(rule["column"], columns) == "TEXT":
        unread = exp.and_(there(column(rule["column"])), is_null(_value(rule, columns)), copy=False)
        outside = exp.or_(outside, unread, copy=False)
    condition = within(rule, columns, exp.paren(outside, copy=False))
    assert condition is not None
    return condition


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    counted = {
        "checked": values(column(rule["column"]), within(rule, columns)),
        "failing": count(_failing(rule, columns)),
        "least": filtered(exp.Min(this=_value(rule, columns)), within(rule, columns)),
        "greatest": filtered(exp.Max(this=_value(rule, columns)), within(rule, columns)),
    }
    return Scan(typed_each(counted, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    failing = int(measured["failing"])
    return Verdict(
        passed=failing == 0,
        checked=int(measured["checked"]),
        failing=failing,
        observed={"min": _shown(measured["least"]), "max": _shown(measured["greatest"])},
        expected={"min": rule.get("min"), "max": rule.get("max"), "inclusive": bool(rule.get("inclusive", True))},
    )


def _shown(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return rows_where(typed(_failing(rule, columns), columns))


RANGE = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
