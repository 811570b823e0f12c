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
from shared.rules.types import Rule
from shared.sql.errors import SqlProblem


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
    try:
        if (gone := _missing(type_.columns(rule), columns, "the dataset")) is not None:
            return gone
        scan = type_.scan(rule, columns, f"grouped_{number}")
        compared = relations_of([*scan.aggregates.values(), *scan.grouped.values()], str(rule["name"]))
        for table in compared:
            gone = _missing(_named(rule, table), relations.columns(table), relations.read(table).options.get("table") or table)
            if gone is not None:
                return gone
    except (SqlProblem, PenstockError) as problem:
        return problem.message
    return Question(rule, type_, Asked(number, scan), compared)


def trees(question: Question) -> list[exp.Expr]:
    """All that is asked for a rule's verdict."""
    return [*question.asked.scan.aggregates.values(), *question.asked.scan.grouped.values()]


def relations_of(trees: Iterable[exp.Expr], rule: str) -> tuple[str, ...]:
    """The relations that a rule compares with, which are called after it, in the order in which they occur."""
    tables = (table.name for tree in trees for table in tree.find_all(exp.Table))
    return tuple(dict.fromkeys(table for table in tables if table.startswith(f"{rule}.")))


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


def _missing(wanted: Sequence[str], columns: Columns, where: object) -> str | None:
    names = [column.name for column in columns]
    gone = [name for name in wanted if name not in names]
    if not gone:
        return None
    near = difflib.get_close_matches(gone[0], names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(names[:20])}"
    return f"there is no column {', '.join(gone)} in {where}; {hint}"


def _named(rule: Rule, table: str) -> tuple[str, ...]:
    """The columns by which a rule compares itself with a relation."""
    if table == f"{rule['name']}.references":
        said = rule["references"]
        return tuple(said.get("columns") or ([said["column"]] if said.get("column") else ()))
    return ()
