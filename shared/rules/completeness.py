"""COMPLETENESS: column or columns, minPercent, blankIsMissing. Passes when at least that share of the rows is filled in.

A row is filled in when every one of the columns is. `blankIsMissing`: an empty text is missing as well; one of blanks is not empty. A
dataset without rows is complete.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.shares import percent, percent_of
from shared.rules.trees import all_there, is_null, rows_where, type_of, typed, typed_each, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, named


def _texts(rule: Rule, columns: Columns) -> list[str]:
    """Those of its columns in which an empty text is missing."""
    return [name for name in named(rule) if type_of(name, columns) == "TEXT"] if rule.get("blankIsMissing") else []


def _filled(rule: Rule, columns: Columns) -> exp.Expr:
    written = [exp.NEQ(this=column(name), expression=exp.Literal.string("")) for name in _texts(rule, columns)]
    return exp.and_(all_there(named(rule)), *written, copy=False)


def _missing(rule: Rule, columns: Columns) -> exp.Expr:
    empty = [exp.EQ(this=column(name), expression=exp.Literal.string("")) for name in _texts(rule, columns)]
    return exp.or_(*(is_null(column(name)) for name in named(rule)), *empty, copy=False)


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    names = named(rule)
    if len(names) == 1 and not _texts(rule, columns):
        filled = values(column(names[0]), within(rule, columns))
    else:
        filled = count(within(rule, columns, _filled(rule, columns)))
    return Scan(typed_each({"checked": count(within(rule, columns)), "filled": filled}, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, filled = int(measured["checked"]), int(measured["filled"])
    return Verdict(
        passed=filled * 100 >= percent(rule["minPercent"]) * checked,
        checked=checked,
        failing=checked - filled,
        observed={"filled": filled, "filledPercent": percent_of(filled, checked) if checked else 100.0},
        expected={"minPercent": rule["minPercent"]},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    condition = within(rule, columns, exp.paren(_missing(rule, columns), copy=False))
    assert condition is not None
    return rows_where(typed(condition, columns))


COMPLETENESS = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
