"""What a rule type is: the aggregates it needs from the one scan of a dataset, a verdict on their values, and which rows offend.

Expressions are sqlglot trees over the columns of the table `this`; whoever has the rows renders them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from shared.datasets import Columns

Rule = Mapping[str, Any]
# The values of a rule's aggregates, by the names it gave them.
Measured = Mapping[str, Any]

THIS = "this"


@dataclass(frozen=True, slots=True)
class Scan:
    """`aggregates` go into the one SELECT over `this`. `grouped`: a relation over `this` that one of them reads as a table of that name."""

    aggregates: Mapping[str, exp.Expr]
    grouped: Mapping[str, exp.Select] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` rows the rule looked at, `failing` those of them that break it. A rule may pass with failing rows, where it allows some.

    `learning`: it passes since too little is known yet to judge.
    """

    passed: bool
    checked: int
    failing: int
    observed: Mapping[str, Any]
    expected: Mapping[str, Any]
    learning: bool = False


@dataclass(frozen=True, slots=True)
class RuleType:
    """`scan(rule, columns, prefix)`: names of grouped relations begin with prefix, which is the rule's own in the statement.

    `offending(rule, columns)`: all columns of the rows that break the rule, without a limit.
    """

    columns: Callable[[Rule], tuple[str, ...]]
    scan: Callable[[Rule, Columns, str], Scan]
    verdict: Callable[[Rule, Measured], Verdict]
    offending: Callable[[Rule, Columns], exp.Select]


def column(name: str) -> exp.Column:
    return exp.column(name, table=THIS, quoted=True)


def count(condition: exp.Expr | None) -> exp.Expr:
    """count(*) of the rows where the condition is true; of all rows without one."""
    counted = exp.Count(this=exp.Star())
    return exp.Filter(this=counted, expression=exp.Where(this=condition)) if condition is not None else counted


def rows_where(condition: exp.Expr) -> exp.Select:
    return exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(THIS, quoted=True))).from_(this()).where(condition)


def this() -> exp.Table:
    return exp.Table(this=exp.to_identifier(THIS, quoted=True))
