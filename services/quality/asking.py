"""What is to be asked of a dataset for each of its rules; or why a rule cannot be asked at all, as a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from services.quality.fuse import Asked
from services.quality.relations import Relations
from shared.datasets import Columns
from shared.errors import PenstockError
from shared.rules import RULES, RuleType
from shared.rules.related import relation
from shared.rules.types import Rule

# What a rule may compare `this` with, as the check's reads are named after it.
COMPARED = ("references", "equals", "destination")


@dataclass(frozen=True, slots=True)
class Question:
    """A rule that can be measured: `asked` what its verdict needs, `compared` the relations beside `this` that it reads."""

    rule: Rule
    type: RuleType
    asked: Asked
    compared: tuple[str, ...]


def question(number: int, rule: Rule, columns: Columns, relations: Relations) -> Question | str:
    """`number`: the rule's place among all. The sentence of a rule that cannot be measured names what is wrong with it."""
    type_ = RULES.get(rule["type"])
    if type_ is None:
        return f"type {rule['type']} is not known; there are {', '.join(RULES)}"
    if (gone := _missing(type_.columns(rule), columns)) is not None:
        return gone
    own = [relation(rule, kind) for kind in COMPARED]
    try:
        if rule.get("destination") and relations.absent(into := relation(rule, "destination")):
            # The sink that comes after makes it: no key is in it yet.
            rule = {**rule, "destination": False}
            own.remove(into)
        known = {table: relations.columns(table) for table in own if relations.has(table)}
        rule = {**rule, "tables": known} if known else rule
        scan = type_.scan(rule, columns, f"grouped_{number}")
    except PenstockError as problem:
        return problem.message
    except (ArithmeticError, ValueError) as error:
        # A bound or an age that no date can be, or more digits than a number may have.
        return f"what it says is beyond what can be computed ({error}); correct its values"
    named = {table.name for tree in (*scan.aggregates.values(), *scan.grouped.values()) for table in tree.find_all(exp.Table)}
    compared = tuple(table for table in own if table in named)
    if absent := [table for table in compared if table not in known]:
        return f"what it is compared with, {absent[0]}, is not among what the check reads; plan the run again"
    return Question(rule, type_, Asked(number, scan), compared)


def trees(question: Question) -> list[exp.Expr]:
    """All that is asked for a rule's verdict."""
    return [*question.asked.scan.aggregates.values(), *question.asked.scan.grouped.values()]


def used(trees: Iterable[exp.Expr], columns: Columns) -> list[str]:
    """Which of the columns the trees may name, in their order; all where a tree takes whatever there is."""
    named: set[str] = set()
    for tree in trees:
        for node in tree.find_all(exp.Column):
            if isinstance(node.this, exp.Star):
                return [column.name for column in columns]
            named.add(node.name)
        if any(isinstance(star.parent, exp.Select) for star in tree.find_all(exp.Star)):
            return [column.name for column in columns]
    return [column.name for column in columns if column.name in named] or [column.name for column in columns[:1]]


def _missing(wanted: Sequence[str], columns: Columns) -> str | None:
    names = [column.name for column in columns]
    gone = [name for name in wanted if name not in names]
    if not gone:
        return None
    near = difflib.get_close_matches(gone[0], names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(names[:20])}"
    return f"there is no column {', '.join(gone)} in the dataset; {hint}"
