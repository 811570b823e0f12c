"""REGEX: column, pattern. Passes when every value matches it whole: a regular expression, or a named pattern (`shared.sql.patterns`).

Nulls are no values and are not looked at. What is no text is looked at as its text.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.trees import as_type, rows_where, there, type_of, typed, typed_each, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, named
from shared.sql.patterns import fits


def _other(rule: Rule, columns: Columns) -> exp.Expr:
    """The rows with a value that does not match."""
    name = rule["column"]
    text = column(name) if type_of(name, columns) == "TEXT" else as_type(column(name), "TEXT")
    wrong = exp.Not(this=exp.paren(fits(rule["pattern"], text), copy=False))
    condition = within(rule, columns, exp.and_(there(column(name)), wrong, copy=False))
    assert condition is not None
    return condition


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    checked = values(column(rule["column"]), within(rule, columns))
    return Scan(typed_each({"checked": checked, "failing": count(_other(rule, columns))}, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, failing = int(measured["checked"]), int(measured["failing"])
    return Verdict(failing == 0, checked, failing, {"matching": checked - failing}, {"pattern": rule["pattern"]})


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return rows_where(typed(_other(rule, columns), columns))


REGEX = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
