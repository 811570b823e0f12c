"""What many rules ask of one dataset, as few statements: an aggregate that several of them want is computed once.

Pure: trees in, trees out. A statement is one SELECT over `this`; the relations that aggregates read beside it stand before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shared.rules import Scan
from shared.rules.types import this


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured for a rule, by its place among all rules."""

    number: int
    scan: Scan


@dataclass(frozen=True, slots=True)
class Fused:
    """One statement: its one row holds, at `places[number, name]`, the value of each aggregate of each rule."""

    select: exp.Select
    places: Mapping[tuple[int, str], int]

    def measured(self, row: Sequence[Any]) -> dict[int, dict[str, Any]]:
        """The values of each rule's aggregates, by their names."""
        found: dict[int, dict[str, Any]] = {}
        for (number, name), place in self.places.items():
            found.setdefault(number, {})[name] = row[place]
        return found


def fused(asked: Sequence[Asked], widest: int) -> Iterator[Fused]:
    """One statement for all that is asked, or several where one would have more than `widest` columns."""
    taken: list[Asked] = []
    width = 0
    for one in asked:
        if taken and width + len(one.scan.aggregates) > widest:
            yield _statement(taken)
            taken, width = [], 0
        taken.append(one)
        width += len(one.scan.aggregates)
    if taken:
        yield _statement(taken)


def _statement(asked: Sequence[Asked]) -> Fused:
    select = exp.select().from_(this())
    columns: dict[exp.Expr, int] = {}
    places: dict[tuple[int, str], int] = {}
    for one in asked:
        for table, relation in one.scan.grouped.items():
            select.with_(exp.to_identifier(table, quoted=True), as_=relation, copy=False)
        for name, aggregate in one.scan.aggregates.items():
            places[one.number, name] = columns.setdefault(aggregate, len(columns))
    picked = [exp.alias_(aggregate, f"m{place}", quoted=True) for aggregate, place in columns.items()]
    select.select(*picked, append=False, copy=False)
    return Fused(select, places)
