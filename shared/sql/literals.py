"""Values as SQL: a tree of a literal of the value's own type. The one way in which a value that a person gave gets into SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlglot import exp

from shared.sql.errors import SqlProblem

Scalar = str | int | float | bool | date | datetime
Value = Scalar | Sequence[Scalar] | None

_DATE, _TIMESTAMPTZ = (exp.DataType.build(kind, dialect="postgres") for kind in ("DATE", "TIMESTAMPTZ"))


def literal(value: Value) -> exp.Expr:
    """Numbers, texts, TRUE, DATE and TIMESTAMPTZ (in UTC); a list is an ARRAY. None is NULL."""
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return _cast(value.astimezone(UTC).isoformat(sep=" "), _TIMESTAMPTZ)
    if isinstance(value, date):
        return _cast(value.isoformat(), _DATE)
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.Array(expressions=items(value))


def items(values: Sequence[Scalar]) -> list[exp.Expr]:
    """The items of a list, for IN (…). Raises SqlProblem for a list without any, which SQL cannot write."""
    if not values:
        raise SqlProblem("the list is empty, and SQL has no way to write that; give it at least one value")
    return [literal(value) for value in values]


def _cast(text: str, kind: exp.DataType) -> exp.Expr:
    return exp.Cast(this=exp.Literal.string(text), to=kind.copy())


def _number(value: float) -> exp.Expr:
    # In parentheses, since a minus after a minus would begin a comment.
    number = exp.Literal.number(repr(abs(value)))
    return exp.Paren(this=exp.Neg(this=number)) if str(value).startswith("-") else number
