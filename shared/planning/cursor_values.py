"""Values of cursor columns: read from text, compared, moved back by a lag, and written as text and as SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from shared.datasets.quantities import microseconds
from shared.sql.errors import SqlProblem

CursorValue = int | Decimal | date | datetime | str
_WHOLE = {"SMALLINT", "INTEGER", "BIGINT"}
_TIMES = {"TIMESTAMP", "TIMESTAMPTZ"}


def check_kind(kind: str, column: str) -> None:
    """Raises SqlProblem for a type whose values do not stand in one order everywhere."""
    if kind not in {*_WHOLE, *_TIMES, "DATE", "TEXT"} and not kind.startswith("NUMERIC"):
        raise SqlProblem(f"cursorColumn {column} is {kind}; take a column of whole numbers, decimals, dates, timestamps or texts")


def read(kind: str, text: str, what: str) -> CursorValue:
    """Raises SqlProblem that begins with `what`."""
    try:
        if kind in _WHOLE:
            return int(text)
        if kind.startswith("NUMERIC"):
            value = Decimal(text)
            if not value.is_finite():
                raise ValueError
            return value
        if kind == "DATE":
            return date.fromisoformat(text.strip()[:10]) if len(text.strip()) == 10 else datetime.fromisoformat(text.strip()).date()
        if kind in _TIMES:
            moment = datetime.fromisoformat(text.strip())
            if kind == "TIMESTAMP":
                return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, InvalidOperation) as error:
        raise SqlProblem(f"{what} is {text!r}, which is no {kind}; give it as the column has it") from error
    return text


def write(value: CursorValue) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def later(one: CursorValue | None, other: CursorValue | None) -> CursorValue | None:
    """The greater of two of one type; None is less than any."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def earlier(value: CursorValue, lag: float | str) -> CursorValue:
    """The value a lag before: a duration before a moment, so many whole days before a date, so much less than a number.

    Raises SqlProblem for a lag that the type has no like of.
    """
    if not lag or (steps := microseconds(lag)) == 0:
        return value
    if isinstance(value, str):
        raise SqlProblem("lag cannot be counted back from a text; leave it out, or take a column of dates, timestamps or numbers")
    try:
        if isinstance(value, datetime):
            return value - timedelta(microseconds=steps)
        if isinstance(value, date):
            # Whole days, rounded away from the value: a part of a day would leave out rows of it.
            return value - timedelta(days=-(-steps // 86_400_000_000))
    except OverflowError as error:
        raise SqlProblem(f"lag {lag} reaches back beyond the first date there is; make it shorter") from error
    if not isinstance(lag, int | float):
        raise SqlProblem(f"lag {lag} is a time, and cursorColumn holds numbers; give lag as a number")
    back = Decimal(str(lag))
    return value - back if isinstance(value, Decimal) else int((Decimal(value) - back).to_integral_value(rounding="ROUND_FLOOR"))


def literal(value: CursorValue, kind: str) -> exp.Expr:
    if isinstance(value, int | Decimal):
        number = exp.Literal.number(str(abs(value)))
        return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number
    text = exp.Literal.string(write(value))
    return text if kind == "TEXT" else exp.Cast(this=text, to=exp.DataType.build(kind, dialect="postgres"))
