"""Which rules look at columns whose names look secret: of those no value is told, by whatever name it comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.errors import PenstockError
from shared.rules.types import Rule, named
from shared.secrets.shown import MASK, looks_secret
from shared.sql import parse
from shared.sql.query import read_query

# What is observed and expected that is, or comes from, values of a rule's columns. Bounds are the recipe's own, and counts no values.
_OBSERVED = ("min", "max", "value", "newest", "ageSeconds")
_EXPECTED = ("mean", "deviation")
_COUNTS = ("row_count", "null_percent", "distinct")


def secret(rule: Rule, columns: Columns) -> str | None:
    """A column that the rule names and that looks secret, be it in its query, an expression or its `where`; None where there is none."""
    hidden = {one.name.lower() for one in columns if looks_secret(one.name)}
    return next((name for name in _names(rule, hidden) if _is_secret(name, hidden)), None)


def masked(rule: Rule, observed: Mapping[str, Any], expected: Mapping[str, Any], columns: Columns) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a verdict observed and expected, without values of secret columns."""
    counted = rule["type"] == "ANOMALY" and rule["metric"] in _COUNTS
    if counted or secret({**rule, "where": None}, columns) is None:
        return dict(observed), dict(expected)
    return _without(observed, _OBSERVED), _without(expected, _EXPECTED)


def sentence(rule: Rule, said: str, kind: str | None, columns: Columns) -> str:
    """`said`: by whoever failed, which may quote values; `kind`: of the error, which is all that is told where those may be secret."""
    column = secret(rule, columns) if kind is not None else None
    return said if column is None else f"it failed ({kind}); what was said is not shown, since it may hold values of {column}"


def _without(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: MASK if key in keys and value is not None else value for key, value in values.items()}


def _is_secret(name: str, hidden: set[str]) -> bool:
    return looks_secret(name) or looks_secret(name.lower()) or name.lower() in hidden


def _names(rule: Rule, hidden: set[str]) -> Iterator[str]:
    yield from named(rule)
    for tree in _trees(rule):
        yield from (found.name for found in tree.find_all(exp.Column))
        if _renames(tree):
            # By place, and not by name: any of them may be meant.
            yield from sorted(hidden)


def _trees(rule: Rule) -> Iterator[exp.Expr]:
    for text, read in (
        (rule.get("query"), read_query),
        (rule.get("expression"), parse.read_expression),
        (rule.get("where"), parse.read_expression),
        (rule.get("metric"), lambda text: parse.read_expression(text, aggregates=True)),
    ):
        try:
            if text:
                yield read(str(text))
        except PenstockError:
            # What cannot be read is not asked.
            continue


def _renames(tree: exp.Expr) -> bool:
    """Whether columns that are not named may come in by other names: FROM this AS t(a, b), WITH t(a) AS (SELECT *), UNION of stars."""
    by_place = tree.find(exp.SetOperation) is not None and tree.find(exp.Star) is not None
    return by_place or any(alias.columns for alias in tree.find_all(exp.TableAlias))
