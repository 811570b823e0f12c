"""NOT_NULL: column, maxNullPercent 0. Passes when the nulls are at most that share of the rows."""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, rows_where


def _is_null(rule: Rule, columns: Columns) -> exp.Expr | None:
    return within(rule, columns, column(rule["column"]).is_(exp.null()))


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    return Scan({"checked": count(within(rule, columns)), "failing": count(_is_null(rule, columns))})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, nulls = int(measured["checked"]), int(measured["failing"])
    allowed = rule.get("maxNullPercent") or 0
    return Verdict(
        passed=nulls * 100 <= allowed * checked,
        checked=checked,
        failing=nulls,
        observed={"nulls": nulls, "nullPercent": round(nulls * 100 / checked, 3) if checked else 0},
        expected={"maxNullPercent": allowed},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    condition = _is_null(rule, columns)
    assert condition is not None
    return rows_where(condition)


NOT_NULL = RuleType(columns=lambda rule: (rule["column"],), scan=_scan, verdict=_verdict, offending=_offending)
