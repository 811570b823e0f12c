"""ANOMALY: metric, column, zScore 3, minHistory 5. Passes when the metric is within so many deviations of its history.

Metrics: row_count, null_percent, mean, sum, distinct, min, max, stddev (of a sample), or an SQL expression over aggregates. With less
history than minHistory it passes as learning. A metric that has no value (the mean of nothing, or one that is not finite) is an anomaly.
`measured` holds beside the aggregates `history`, the values before, and `at`, the moment this one is of.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from fractions import Fraction

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.baseline import baseline
from shared.rules.scope import resolved, within
from shared.rules.trees import NUMBERS, as_type, no_rows, type_of, typed_each, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, filtered, named
from shared.sql import parse
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import guard

# As far as it looks back, where minHistory does not ask for more.
WINDOW = 30
# What counts as noise where all values were alike: floating point sums of the same rows differ from scan to scan.
RELATIVE_NOISE = 1e-9
_MARK = "#"

_OF_NUMBERS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "mean": lambda of: exp.Avg(this=of),
    "sum": lambda of: exp.Sum(this=of),
    "min": lambda of: exp.Min(this=of),
    "max": lambda of: exp.Max(this=of),
    "stddev": lambda of: exp.StddevSamp(this=of),
}
METRICS = ("row_count", "null_percent", "mean", "sum", "distinct", "min", "max", "stddev")


def _columns(rule: Rule) -> tuple[str, ...]:
    return named(rule) if rule["metric"] in METRICS and rule["metric"] != "row_count" else ()


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    return Scan(typed_each(_aggregates(rule, columns), columns))


def _aggregates(rule: Rule, columns: Columns) -> dict[str, exp.Expr]:
    metric, scope = rule["metric"], within(rule, columns)
    check_metric(rule)
    if metric == "row_count":
        return {"rows": count(scope)}
    if metric not in METRICS:
        return {"value": _expression(rule, columns)}
    of = column(rule["column"])
    if metric == "null_percent":
        return {"rows": count(scope), "present": values(of, within(rule, columns))}
    if metric == "distinct":
        return {"value": filtered(exp.Count(this=exp.Distinct(expressions=[of]), big_int=True), scope)}
    if (kind := type_of(rule["column"], columns)) not in NUMBERS:
        raise SqlProblem(f"the metric {metric} is of numbers, and {rule['column']} is {kind}")
    # SQLite's sum of long integers is one, and overflows.
    summed = as_type(of, "NUMERIC(38, 0)") if (metric, kind) == ("sum", "BIGINT") else of
    return {"value": filtered(_OF_NUMBERS[metric](summed), scope)}


def check_metric(rule: Rule) -> None:
    """Raises SqlProblem for a metric that is none, whatever the dataset."""
    metric = rule["metric"]
    if metric in METRICS:
        if metric != "row_count" and not rule.get("column"):
            raise SqlProblem(f"the metric {metric} is of a column; name it")
        return
    tree = parse.read_expression(metric, aggregates=True)
    if not any(tree.find_all(exp.AggFunc)):
        raise SqlProblem(f"{metric!r} is no metric ({', '.join(METRICS)}) and holds no aggregate, such as SUM(amount) / COUNT(*)")
    outside = next((found for found in tree.find_all(exp.Column) if found.find_ancestor(exp.AggFunc) is None), None)
    if outside is not None:
        raise SqlProblem(f"column {outside.name} of {metric!r} stands outside of an aggregate; say which of its values is meant")


def _expression(rule: Rule, columns: Columns) -> exp.Expr:
    tree = resolved(rule["metric"], columns, aggregates=True)
    safe, _ = guard(tree, "metric")
    scope = within(rule, columns)
    if scope is None:
        return safe
    return exp.paren(safe).transform(lambda node: _within(node, scope), copy=False)


def _within(node: exp.Expr, scope: exp.Expr) -> exp.Expr:
    """An aggregate, with the FILTER it may have of its own, over the rows of the scope."""
    if isinstance(node, exp.Filter):
        own = exp.and_(scope.copy(), node.expression.this.copy(), copy=False)
        return exp.Filter(this=node.this.copy(), expression=exp.Where(this=own))
    return filtered(node.copy(), scope.copy()) if isinstance(node, exp.AggFunc) else node


def kept_as(rule: Rule) -> str:
    """What its values are kept under: its name, and what it measures. Once that is another, the values before are no past of it."""
    said = json.dumps([rule["metric"], rule.get("column"), rule.get("where")])
    return f"{rule['name']}{_MARK}{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def kept_for(name: str) -> str:
    """The name of the rule whose values are kept under that one."""
    return name.rpartition(_MARK)[0] or name


def value(rule: Rule, measured: Measured) -> float | None:
    """The metric, to be kept as history; None where it has no finite value."""
    if rule["metric"] == "row_count":
        return float(measured["rows"])
    if rule["metric"] == "null_percent":
        found, there = int(measured["rows"]), int(measured["present"])
        return float(Fraction((found - there) * 100, found)) if found else None
    if measured["value"] is None:
        return None
    number = float(measured["value"])
    return number if math.isfinite(number) else None


def window(rule: Rule) -> int:
    """So many checks it looks back over: never fewer than it has to know of, else it would be learning for ever."""
    return max(WINDOW, _least(rule))


def _least(rule: Rule) -> int:
    return int(rule.get("minHistory", 5))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    found = value(rule, measured)
    allowed, least = rule.get("zScore", 3), _least(rule)
    past = baseline(measured["history"], measured["at"], window=window(rule), least=least)
    observed = {"value": found, "history": len(measured["history"])}
    expected = {"zScore": allowed, "minHistory": least}
    if past is None:
        return Verdict(True, 0, 0, observed, expected, learning=True)
    deviation = max(past.deviation, RELATIVE_NOISE * abs(past.mean))
    expected |= {"mean": past.mean, "deviation": deviation, "season": past.season}
    if found is None:
        return Verdict(False, 0, 0, observed, expected)
    away = abs(found - past.mean)
    z = away / deviation if deviation else math.inf if away else 0.0
    observed |= {"zScore": round(z, 3) if math.isfinite(z) else None}
    return Verdict(z <= allowed, 0, 0, observed, expected)


ANOMALY = RuleType(columns=_columns, scan=_scan, verdict=_verdict, offending=lambda rule, columns: no_rows(), of_rows=False)
