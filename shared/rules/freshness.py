"""FRESHNESS: column, maxAge. Passes when the newest value is at most so old; without a value nothing is fresh.

Ages are counted to `now`, which the rule is given as it is measured: the same moment wherever the rows are. A date is its midnight in UTC,
as is a timestamp without a zone. Values from the future are fresh.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlglot import exp

from shared.datasets import Columns
from shared.datasets.quantities import microseconds
from shared.rules.moments import aware, literal
from shared.rules.scope import within
from shared.rules.trees import TIMES, no_rows, type_of, typed_each
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, filtered, named
from shared.sql.errors import SqlProblem


def _kind(rule: Rule, columns: Columns) -> str:
    kind = type_of(rule["column"], columns)
    if kind not in TIMES:
        raise SqlProblem(f"{rule['column']} is {kind}; FRESHNESS needs a date or a timestamp: make it one before")
    return kind


def _oldest(rule: Rule) -> datetime:
    """The moment after which a value is fresh."""
    return aware(rule["now"]) - timedelta(microseconds=microseconds(rule["maxAge"]))


def _fresh(rule: Rule, columns: Columns) -> exp.Expr:
    kind, oldest = _kind(rule, columns), _oldest(rule)
    if kind == "DATE" and oldest.astimezone(UTC).time() != datetime.min.time():
        # Midnight of that day is before the moment.
        return exp.GT(this=column(rule["column"]), expression=literal(oldest, kind))
    return exp.GTE(this=column(rule["column"]), expression=literal(oldest, kind))


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    newest = filtered(exp.Max(this=column(rule["column"])), within(rule, columns))
    fresh = count(within(rule, columns, _fresh(rule, columns)))
    return Scan(typed_each({"fresh": fresh, "newest": newest}, columns))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    newest = measured["newest"]
    observed = {"newest": newest, "ageSeconds": None if newest is None else round((aware(rule["now"]) - aware(newest)).total_seconds())}
    return Verdict(int(measured["fresh"]) > 0, 0, 0, observed, {"maxAge": rule["maxAge"]})


FRESHNESS = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=lambda rule, columns: no_rows(), of_rows=False)
