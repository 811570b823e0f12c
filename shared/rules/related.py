"""The relations that a rule compares `this` with: their names, and their columns as far as they are known."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.rules.trees import NUMBERS, TIMES, table
from shared.rules.types import Rule, column
from shared.sql.errors import SqlProblem

_KINDS = (NUMBERS, TIMES)


def relation(rule: Rule, kind: str) -> str:
    """The table's name in the statement; `kind`: references, equals or destination."""
    return f"{rule['name']}.{kind}"


def keys_of(rule: Rule, kind: str, columns: Columns, mine: Sequence[str], theirs: Sequence[str]) -> Mapping[str, Columns]:
    """The relation with the columns that are compared, by its name. Where it is not known they are of the types of `this`'s.

    Raises SqlProblem for one that is not there, or whose values are of another kind.
    """
    types = {one.name: one.type for one in columns}
    name = relation(rule, kind)
    known: Columns | None = (rule.get("tables") or {}).get(name)
    if known is None:
        return {name: tuple(Column(there, types[here]) for here, there in zip(mine, theirs, strict=True))}
    found = {one.name: one for one in known}
    for here, there in zip(mine, theirs, strict=True):
        if there not in found:
            near = difflib.get_close_matches(there, found, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(list(found)[:20])}"
            raise SqlProblem(f"what {here} is compared with has no column {there}; {hint}")
        if not _comparable(types[here], found[there].type):
            raise SqlProblem(f"{here} is {types[here]} and {there}, which it is compared with, {found[there].type}; cast one of them")
    return {name: tuple(found[there] for there in theirs)}


def _comparable(one: str, other: str) -> bool:
    bases = {one.partition("(")[0], other.partition("(")[0]}
    return len(bases) == 1 or any(bases <= kinds for kinds in _KINDS)


def is_in(name: str, theirs: Sequence[str], keys: Sequence[exp.Expr]) -> exp.Expr:
    """The relation of that name has a row with these keys."""
    same = [exp.EQ(this=column(there, name), expression=key.copy()) for there, key in zip(theirs, keys, strict=True)]
    found = exp.Select(expressions=[exp.Literal.number(1)]).from_(table(name), copy=False)
    return exp.Exists(this=found.where(exp.and_(*same, copy=False), copy=False))
