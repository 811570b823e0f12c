"""NOT_NULL: column, maxNullPercent 0. Passes when the nulls are at most that share of the rows."""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.shares import percent, percent_of
from shared.rules.trees import is_null, rows_where, typed, typed_each, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, named


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    # What is there and not what is missing: two plain counts, which other rules and the profile need as well.
    counted = {"checked": count(within(rule, columns)), "present": values(column(rule["column"]), within(rule, columns))}
    return Scan(typed_each(counted, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked = int(measured["checked"])
    nulls = checked - int(measured["present"])
    allowed = rule.get("maxNullPercent") or 0
    return Verdict(
        passed=nulls * 100 <= percent(allowed) * checked,
        checked=checked,
        failing=nulls,
        observed={"nulls": nulls, "nullPercent": percent_of(nulls, checked)},
        expected={"maxNullPercent": allowed},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    condition = within(rule, columns, is_null(column(rule["column"])))
    assert condition is not None
    return rows_where(typed(condition, columns))


NOT_NULL = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
