"""CONSISTENCY: expression, nullIs (true unless said). Passes when the expression is true for every row.

A row for which it cannot be computed (a division by zero, a bad cast) breaks the rule.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import boolean, resolved, within
from shared.rules.trees import is_null, rows_where, typed, typed_each
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, count
from shared.sql.row_errors import guard


def _untrue(rule: Rule, columns: Columns) -> exp.Expr:
    safe, error = guard(boolean(resolved(rule["expression"], columns), "the expression"), "expression")
    broken: list[exp.Expr] = [exp.Not(this=exp.paren(safe, copy=False))]
    if str(rule.get("nullIs", "true")).lower() == "false":
        broken.append(is_null(exp.paren(safe)))
    if error is not None:
        broken.append(exp.Not(this=is_null(exp.paren(error, copy=False))))
    condition = within(rule, columns, exp.paren(exp.or_(*broken, copy=False), copy=False))
    assert condition is not None
    return typed(condition, columns)


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    return Scan(typed_each({"checked": count(within(rule, columns)), "failing": count(_untrue(rule, columns))}, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, failing = int(measured["checked"]), int(measured["failing"])
    return Verdict(failing == 0, checked, failing, {"true": checked - failing}, {"expression": rule["expression"]})


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return rows_where(_untrue(rule, columns))


CONSISTENCY = RuleType(columns=lambda rule: (), scan=_scan, verdict=_verdict, offending=_offending)
