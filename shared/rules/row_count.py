"""ROW_COUNT: min, max, or equals {node, or connector and table} within tolerancePercent of it. Passes when the count is there.

The other dataset is the table "RULE.equals", all of it, whatever `where` says of this one.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.rules.related import relation
from shared.rules.scope import within
from shared.rules.shares import percent
from shared.rules.trees import no_rows, of_one_row, table, typed
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, count


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    counted = {"rows": typed(count(within(rule, columns)), columns)}
    if not rule.get("equals"):
        return Scan(counted)
    other = exp.Select(expressions=[exp.alias_(count(), "rows", quoted=True)]).from_(table(relation(rule, "equals")), copy=False)
    wanted = typed(of_one_row("rows", prefix), columns, {prefix: (Column("rows", "BIGINT"),)})
    return Scan({**counted, "wanted": wanted}, {prefix: typed(other, columns)})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    found = int(measured["rows"])
    least, most = rule.get("min"), rule.get("max")
    passed = (least is None or found >= least) and (most is None or found <= most)
    expected = {key: rule[key] for key in ("min", "max") if rule.get(key) is not None}
    if rule.get("equals"):
        wanted, tolerance = int(measured["wanted"]), rule.get("tolerancePercent") or 0
        passed = passed and abs(found - wanted) * 100 <= percent(tolerance) * wanted
        expected |= {"rows": wanted, "tolerancePercent": tolerance}
    return Verdict(passed, 0, 0, {"rows": found}, expected)


ROW_COUNT = RuleType(columns=lambda rule: (), scan=_scan, verdict=_verdict, offending=lambda rule, columns: no_rows(), of_rows=False)
