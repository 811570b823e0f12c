"""Rows that break a rule, as people may see them: a few of them with its result, or all of them as a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from services.quality.answers import Answers
from shared.datasets import Columns
from shared.rules import RuleType
from shared.rules.types import THIS, Rule, column
from shared.secrets.shown import shown

MOST = 10
# Of a wide table, the columns that say which row it is and what is wrong with it come first.
MOST_COLUMNS = 40


def offenders(answers: Answers, type_: RuleType, rule: Rule, columns: Columns, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The first rows that break a rule: {column: value}, key columns first, then those the rule looks at; secret ones masked."""
    names, rows = answers.rows(_picked(type_, rule, columns, keys, MOST_COLUMNS).limit(MOST, copy=False), MOST)
    return [{name: shown(value, name) for name, value in zip(names, row, strict=True)} for row in rows]


def _picked(type_: RuleType, rule: Rule, columns: Columns, keys: Sequence[str], most: int) -> exp.Select:
    """All that is there in the order in which it is told, where the rule says `this.*`; what a rule picks itself stays as it is."""
    select = type_.offending(rule, columns)
    if not (len(select.expressions) == 1 and _is_all(select.expressions[0])):
        return select
    names = [one.name for one in columns]
    first = [name for name in dict.fromkeys((*keys, *type_.columns(rule))) if name in names]
    told = [*first, *(name for name in names if name not in first)][:most]
    return select.select(*(column(name) for name in told), append=False, copy=False)


def _is_all(picked: exp.Expr) -> bool:
    return isinstance(picked, exp.Column) and isinstance(picked.this, exp.Star) and picked.table == THIS
