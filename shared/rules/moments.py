"""Dates and moments: as values from anywhere, and as literals of a column's type."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlglot import exp

from shared.rules.trees import as_type


def aware(value: datetime | date | str) -> datetime:
    """A moment, in UTC; what has no zone is UTC, a date is its midnight. Raises ValueError for text that is no ISO 8601."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def literal(moment: datetime, kind: str) -> exp.Expr:
    """In UTC, as DATE (its day), TIMESTAMP or TIMESTAMPTZ."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    if kind == "DATE":
        return as_type(exp.Literal.string(plain.date().isoformat()), kind)
    zone = "+00:00" if kind == "TIMESTAMPTZ" else ""
    return as_type(exp.Literal.string(plain.isoformat(sep=" ") + zone), kind)
