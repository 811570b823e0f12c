"""The Java class that Spring would see for each of our column types, and how it is written as an SQL type.

Whole numbers are computed in 64 bits, whatever their class; the class (Integer or Long) is kept, since `instanceof` asks for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from sqlglot import exp

from shared.sql.typing import UNKNOWN, named_type


class Kind(Enum):
    """What Spring distinguishes, by the name of the Java class."""

    NULL = "null"
    BOOLEAN = "Boolean"
    INTEGER = "Integer"
    LONG = "Long"
    FLOAT = "Float"
    DOUBLE = "Double"
    DECIMAL = "BigDecimal"
    TEXT = "String"
    DATE = "LocalDate"
    TIMESTAMP = "LocalDateTime"
    INSTANT = "Instant"
    UUID = "UUID"
    DAY_OF_WEEK = "DayOfWeek"
    ROUNDING = "RoundingMode"
    UNIT = "ChronoUnit"
    LIST = "List"
    # Of a type that SpEL has nothing for here (JSON, BYTEA, …): it can be passed on and compared with null.
    OTHER = "Object"


WHOLE = frozenset({Kind.INTEGER, Kind.LONG})
FLOATING = frozenset({Kind.FLOAT, Kind.DOUBLE})
NUMBERS = WHOLE | FLOATING | {Kind.DECIMAL}
MAX_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Type:
    """`sql`: in our spelling of column types; for a list that of its elements is `element`. `digits` and `scale` only of a DECIMAL."""

    kind: Kind
    sql: str
    digits: int = 0
    scale: int = 0
    element: Type | None = None

    def __str__(self) -> str:
        return {Kind.NULL: "null", Kind.LIST: "a list"}.get(self.kind, self.sql)

    @property
    def data_type(self) -> exp.DataType:
        return named_type(self.sql)


NULL = Type(Kind.NULL, UNKNOWN)
BOOLEAN = Type(Kind.BOOLEAN, "BOOLEAN")
INTEGER = Type(Kind.INTEGER, "BIGINT")
LONG = Type(Kind.LONG, "BIGINT")
FLOAT = Type(Kind.FLOAT, "REAL")
DOUBLE = Type(Kind.DOUBLE, "DOUBLE PRECISION")
TEXT = Type(Kind.TEXT, "TEXT")
DATE = Type(Kind.DATE, "DATE")
TIMESTAMP = Type(Kind.TIMESTAMP, "TIMESTAMP")
INSTANT = Type(Kind.INSTANT, "TIMESTAMPTZ")
DAY_OF_WEEK = Type(Kind.DAY_OF_WEEK, "a day of the week")
ROUNDING = Type(Kind.ROUNDING, "a rounding mode")
UNIT = Type(Kind.UNIT, "a unit of time")

_KINDS = {
    "BOOLEAN": Kind.BOOLEAN,
    "SMALLINT": Kind.INTEGER,
    "INTEGER": Kind.INTEGER,
    "BIGINT": Kind.LONG,
    "REAL": Kind.FLOAT,
    "DOUBLE PRECISION": Kind.DOUBLE,
    "TEXT": Kind.TEXT,
    "DATE": Kind.DATE,
    "TIMESTAMP": Kind.TIMESTAMP,
    "TIMESTAMPTZ": Kind.INSTANT,
    "UUID": Kind.UUID,
}
_NUMERIC = re.compile(r"NUMERIC(?:\((\d+)(?:, ?(\d+))?\))?")
# A NUMERIC that says nothing of its digits is carried with these (shared/formats/types.py).
_UNSAID = ("38", "10")


def of_column(spelling: str) -> Type:
    if spelling.endswith("[]"):
        return Type(Kind.LIST, spelling, element=of_column(spelling[:-2]))
    if found := _NUMERIC.fullmatch(spelling):
        digits, scale = found.groups() if found[1] else _UNSAID
        return Type(Kind.DECIMAL, spelling, int(digits), int(scale or 0))
    return Type(_KINDS.get(spelling, Kind.OTHER), spelling)


def decimal(digits: int, scale: int) -> Type:
    """A NUMERIC of at most 38 digits: what engines can hold. More digits than that fail where they arise, as any overflow does."""
    digits = min(MAX_DIGITS, max(digits, scale))
    return Type(Kind.DECIMAL, f"NUMERIC({digits}, {scale})", digits, scale)


def as_decimal(number: Type) -> Type:
    """The DECIMAL that a whole number is."""
    if number.kind is Kind.DECIMAL:
        return number
    return decimal(10 if number.kind is Kind.INTEGER else 19, 0)
