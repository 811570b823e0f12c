"""Rows that break a rule, as people may see them: a few of them with its result, or all of them as a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlglot import exp

from services.quality.answers import Answers
from services.quality.asking import Question
from services.quality.secrecy import secret
from shared.datasets import Columns
from shared.engines.duckdb.connection import name
from shared.engines.duckdb.rows import DuckRows
from shared.rules import RuleType
from shared.rules.types import THIS, Rule, column
from shared.secrets.shown import MASK, looks_secret, shown

MOST = 10
# Of a wide table, the columns that say which row it is and what is wrong with it come first.
MOST_COLUMNS = 40


def offenders(answers: Answers, type_: RuleType, rule: Rule, columns: Columns, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The first rows that break a rule: {column: value}, key columns first, then those the rule looks at; secret ones masked."""
    names, rows = answers.rows(_picked(type_, rule, columns, keys, MOST_COLUMNS).limit(MOST, copy=False), MOST)
    masks = [_is_masked(rule, columns, one) for one in names]
    return [
        {key: MASK if mask and value is not None else shown(value) for key, value, mask in zip(names, row, masks, strict=True)}
        for row in rows
    ]


def offending_rows(
    connection: duckdb.DuckDBPyConnection, answers: Answers, question: Question, keys: Sequence[str], scratch: str, uri: str
) -> tuple[Columns, int]:
    """All rows that break a rule, as Parquet at `uri`: their columns, in the order of `offenders`, secret ones masked; and how many."""
    with answers.relation(_picked(question.type, question.rule, answers.columns, keys, len(answers.columns))) as text:
        names = [str(column[0]) for column in connection.execute(f"SELECT * FROM ({text}) AS r LIMIT 0").description or ()]  # noqa: S608
        told = ", ".join(
            f"CASE WHEN {name(one)} IS NOT NULL THEN '{MASK}' END AS {name(one)}"
            if _is_masked(question.rule, answers.columns, one)
            else name(one)
            for one in names
        )
        rows = DuckRows(connection, f"SELECT {told} FROM ({text}) AS r", scratch)  # noqa: S608 (a SELECT made as a tree, and quoted names)
        rows.to_file(uri, "parquet", {})
        return rows.columns, rows.count


def _is_masked(rule: Rule, columns: Columns, returned: str) -> bool:
    """A query that looks at a secret column may return it by any name."""
    return looks_secret(returned) or (rule["type"] == "CUSTOM_SQL" and secret(rule, columns) is not None)


def _picked(type_: RuleType, rule: Rule, columns: Columns, keys: Sequence[str], most: int) -> exp.Select:
    """All that is there in the order in which it is told, where the rule says `this.*`; what a rule picks itself stays as it is."""
    select = type_.offending(rule, columns)
    if not (len(select.expressions) == 1 and _is_all(select.expressions[0])):
        return select
    names = [one.name for one in columns]
    first = [one for one in dict.fromkeys((*keys, *type_.columns(rule))) if one in names]
    told = [*first, *(one for one in names if one not in first)][:most]
    return select.select(*(column(one) for one in told), append=False, copy=False)


def _is_all(picked: exp.Expr) -> bool:
    return isinstance(picked, exp.Column) and isinstance(picked.this, exp.Star) and picked.table == THIS
