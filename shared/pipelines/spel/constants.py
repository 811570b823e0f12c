"""Values that the text, or a parameter, says: as SQL literals of their type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.tree import Literal
from shared.pipelines.spel.types import Kind
from shared.pipelines.spel.values import Value, cast, number, text
from shared.pipelines.spel.wording import java_double

NULL = Value(exp.Null(), types.NULL, nullable=True)


def boolean(value: bool) -> Value:
    return Value(exp.Boolean(this=value), types.BOOLEAN, constant=value)


def whole(value: int, *, long: bool = False) -> Value:
    return Value(number(value), types.LONG if long else types.INTEGER, constant=value)


def double(value: float) -> Value:
    # Read from its shortest text: an engine's decimal literal need not become the nearest double.
    return Value(cast(text(repr(value)), "DOUBLE PRECISION"), types.DOUBLE, constant=value)


def single(value: float) -> Value:
    return Value(cast(text(repr(value)), "REAL"), types.FLOAT)


def string(value: str) -> Value:
    return Value(text(value), types.TEXT, constant=value)


def decimal(value: Decimal) -> Value:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    plain = f"{abs(value):f}"
    literal: exp.Expr = exp.Literal.number(plain)
    kind = types.decimal(len(digits) + max(exponent, 0), max(-exponent, 0))
    return Value(literal if value >= 0 else exp.Neg(this=literal), kind, constant=value)


def day(value: date) -> Value:
    return Value(cast(text(value.isoformat()), "DATE"), types.DATE, constant=value)


def moment(value: datetime) -> Value:
    """A LocalDateTime; where the value has a time zone, an Instant."""
    if value.tzinfo is None:
        return Value(cast(text(value.isoformat(" ")), "TIMESTAMP"), types.TIMESTAMP)
    return Value(cast(text(value.astimezone(UTC).isoformat(" ")), "TIMESTAMPTZ"), types.INSTANT, constant=value)


def in_utc(value: Value) -> Value:
    """An Instant that the text or a parameter says as the LocalDateTime it is in UTC; anything else as it is."""
    if value.kind is Kind.INSTANT and isinstance(value.constant, datetime):
        return moment(value.constant.astimezone(UTC).replace(tzinfo=None))
    return value


def literal(node: Literal) -> Value:
    value = node.value
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        return whole(value, long=node.kind == "long")
    if isinstance(value, float):
        return double(value) if node.kind == "double" else single(value)
    return NULL if value is None else string(value)


def parameter(value: Any) -> Value | None:
    """A run's parameter; None for a type that SpEL has no literal for. Whole numbers are Long, as 64 bits have it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        return whole(value, long=True)
    if isinstance(value, float):
        return double(value)
    if isinstance(value, Decimal):
        return decimal(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, list | tuple):
        items = tuple(parameter(item) for item in value)
        return written_list(tuple(item for item in items if item is not None)) if None not in items else None
    return None


def written_list(items: tuple[Value, ...]) -> Value:
    """A list has no SQL of its own: what is done with it has."""
    return Value(exp.Null(), types.Type(Kind.LIST, "a list"), items=items)


def negated(value: Value) -> Value | None:
    """The constant with its sign turned; None where it is not one."""
    constant = value.constant
    if isinstance(constant, bool) or not isinstance(constant, int | float | Decimal):
        return None
    if isinstance(constant, int):
        return whole(-constant, long=value.kind is Kind.LONG)
    return double(0 - constant) if isinstance(constant, float) else decimal(-constant)


def written_as_decimal(value: Value) -> Value | None:
    """A Double that the text says, as the BigDecimal that Spring makes of it: from its decimal text."""
    constant = value.constant
    if value.kind is not Kind.DOUBLE or not isinstance(constant, float) or abs(constant) >= 1e30 or (constant and abs(constant) < 1e-30):
        return None
    return decimal(Decimal(java_double(constant)))
