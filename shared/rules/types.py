"""What a rule type is: the aggregates it needs from the one scan of a dataset, a verdict on their values, and which rows offend.

Expressions are typed sqlglot trees over the columns of the table `this`, and mean what PostgreSQL means; whoever has the rows renders
them. What a rule compares with is a table named after the rule ("RULE.references"). Aggregates of two rules that are the same are equal
trees, so that they can be computed once.
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

    Both are 0 for a rule that judges the dataset and no row of it. `learning`: it passed because there is too little history to judge by.
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

    `columns(rule)`: those of `this` that the rule names; they must be there. `offending(rule, columns)`: all columns of the rows that break
    the rule, without a limit; no row where the type is not `of_rows`. `scan` and `offending` raise SqlProblem for settings that make no
    sense with these columns.

    Keys of a rule that are not in the recipe but put there: `now` for FRESHNESS, the moment ages are counted to, as an aware datetime or
    its ISO 8601 text; `destination: True` for UNIQUE, whose keys must not be in "RULE.destination" either; `tables` where it is known:
    the columns of the relations that the rule compares with, by their name.
    """

    columns: Callable[[Rule], tuple[str, ...]]
    scan: Callable[[Rule, Columns, str], Scan]
    verdict: Callable[[Rule, Measured], Verdict]
    offending: Callable[[Rule, Columns], exp.Select]
    of_rows: bool = True


def named(rule: Rule) -> tuple[str, ...]:
    """Its `columns`, or its one `column`; nothing for a rule that has neither."""
    return tuple(rule["columns"]) if rule.get("columns") else (rule["column"],) if rule.get("column") else ()


def this() -> exp.Table:
    return exp.Table(this=exp.to_identifier(THIS, quoted=True))


def column(name: str, table: str = THIS) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def filtered(aggregate: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """The aggregate over the rows where the condition is true; over all rows without one."""
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition)) if condition is not None else aggregate


def count(condition: exp.Expr | None = None) -> exp.Expr:
    """count(*) of the rows where the condition is true; of all rows without one."""
    return filtered(exp.Count(this=exp.Star(), big_int=True), condition)
