"""UNIQUE: column or columns. Passes when no combination of values is there twice.

A combination with a null in it equals nothing, as in SQL, unless `nullsEqual`. Failing are all rows whose combination is repeated, since
nothing says which of them is the right one.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.types import THIS, Measured, Rule, RuleType, Scan, Verdict, column, count, this


def _columns(rule: Rule) -> tuple[str, ...]:
    return tuple(rule["columns"]) if rule.get("columns") else (rule["column"],)


def _compared(rule: Rule, columns: Columns) -> exp.Expr | None:
    """The rows that can be equal to another."""
    if rule.get("nullsEqual"):
        return within(rule, columns)
    return within(rule, columns, exp.and_(*(exp.not_(column(name).is_(exp.null())) for name in _columns(rule))))


def _repeated(rule: Rule, columns: Columns) -> exp.Select:
    keys = [column(name) for name in _columns(rule)]
    grouped = exp.select(
        *(key.copy().as_(f"k{number}", quoted=True) for number, key in enumerate(keys)), count(None).as_("n", quoted=True)
    ).from_(this())
    condition = _compared(rule, columns)
    if condition is not None:
        grouped = grouped.where(condition)
    return grouped.group_by(*keys).having(count(None) > exp.Literal.number(1))


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    table = exp.Table(this=exp.to_identifier(prefix, quoted=True))
    size = exp.column("n", quoted=True)
    return Scan(
        {
            "checked": count(within(rule, columns)),
            "combinations": exp.select(count(None)).from_(table).subquery(),
            "failing": exp.select(exp.func("COALESCE", exp.Sum(this=size), exp.Literal.number(0))).from_(table.copy()).subquery(),
        },
        {prefix: _repeated(rule, columns)},
    )


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    failing = int(measured["failing"])
    return Verdict(
        passed=failing == 0,
        checked=int(measured["checked"]),
        failing=failing,
        observed={"repeatedCombinations": int(measured["combinations"]), "rows": failing},
        expected={"repeatedCombinations": 0},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    """Rows of repeated combinations, those of one combination one after the other."""
    keys = [column(name) for name in _columns(rule)]
    repeated = _repeated(rule, columns).subquery("repeated")
    equal = [
        exp.NullSafeEQ(this=key.copy(), expression=exp.column(f"k{number}", table="repeated", quoted=True))
        for number, key in enumerate(keys)
    ]
    select = (
        exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(THIS, quoted=True)))
        .from_(this())
        .join(repeated, on=exp.and_(*equal))
    )
    condition = within(rule, columns)
    if condition is not None:
        select = select.where(condition)
    return select.order_by(*keys)


UNIQUE = RuleType(columns=_columns, scan=_scan, verdict=_verdict, offending=_offending)
