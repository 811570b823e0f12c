"""Whoever has the rows of a dataset and can be asked SELECTs about them; and how to ask so that one bad rule spoils no other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlglot import exp

from services.quality.asking import Question
from services.quality.fuse import Asked, fused
from shared.datasets import Columns
from shared.errors import PenstockError
from shared.rules.types import count, this


class Answers(Protocol):
    """The rows as a table `this`. Trees are typed and mean what PostgreSQL means. Failures are raised in our words.

    `widest`: so many columns a SELECT may have. `estimates`: it is DuckDB, which estimates what is dear to count.
    """

    widest: int
    estimates: bool

    def refuses(self, question: Question) -> str | None:
        """Why a rule cannot be asked here, as a sentence; None where it can."""
        ...

    def distrusts(self, select: exp.Query) -> str | None:
        """Why a typed SELECT would not mean there what it means to us, as a sentence; None where it does."""
        ...

    def ready(self, questions: Sequence[Question], *, whole: bool) -> None:
        """Told once, before anything is asked: these will be, and none else; and with `whole` any column."""
        ...

    @property
    def columns(self) -> Columns:
        """Those of `this` that can be shown."""
        ...

    def rows(self, select: exp.Query, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of its columns, and the first rows, `most` of them at most."""
        ...

    def relation(self, select: exp.Query) -> AbstractContextManager[str]:
        """The rows as a query of DuckDB's, for as long as one is inside."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The values of a rule's aggregates, or why they cannot be had. `duration_ms`: of the statement, which others may have shared.

    `kind`: of an error that came up over the rows, whose sentence may quote their values.
    """

    values: dict[str, Any] | None
    error: str | None
    duration_ms: int
    kind: str | None = None


def measured(answers: Answers, asked: Sequence[Asked]) -> dict[int, Found]:
    """Each rule's values, by its number. A statement that fails is asked again in halves, until the rule that breaks it is alone.

    Raises what failed where nothing at all can be asked of the rows, and what may be tried again.
    """
    found: dict[int, Found] = {}
    for statement in fused(asked, answers.widest):
        numbers = {number for number, _ in statement.places}
        part = [one for one in asked if one.number in numbers]
        began = time.monotonic()
        try:
            row = one_row(answers, statement.select)
        except PenstockError as error:
            if error.retryable:
                raise
            found |= _apart(answers, part, error, began)
            continue
        took = _since(began)
        found |= {number: Found(values, None, took) for number, values in statement.measured(row).items()}
    return found


def one_row(answers: Answers, select: exp.Select) -> tuple[Any, ...]:
    _, (row,) = answers.rows(select, 1)
    return row


def _apart(answers: Answers, part: Sequence[Asked], error: PenstockError, began: float) -> dict[int, Found]:
    if len(part) == 1:
        # Where not even the rows can be counted it is no rule's fault.
        one_row(answers, exp.select(count(None)).from_(this()))
        return {part[0].number: Found(None, error.message, _since(began), error.code)}
    half = len(part) // 2
    return measured(answers, part[:half]) | measured(answers, part[half:])


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
