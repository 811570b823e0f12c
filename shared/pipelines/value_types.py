"""The types that parameters and templates have, and their values as JSON and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any

# A timestamp is aware, in the pipeline's zone. None: a parameter that was given no value and has no default.
Scalar = str | int | float | bool | date | datetime
Value = Scalar | list[Scalar] | None

# Each item is a literal in the SQL of every expression that names the list.
LONGEST_LIST = 10_000
# What every database holds; Python's own integers have no end.
_LEAST, _GREATEST = -(2**63), 2**63 - 1


class Type(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"

    @property
    def phrase(self) -> str:
        """With its article, for a sentence."""
        return _PHRASES[self]


DEFAULT_TYPE = Type.STRING
_PHRASES = {
    Type.STRING: "text",
    Type.INTEGER: "a whole number",
    Type.NUMBER: "a number",
    Type.BOOLEAN: "true or false",
    Type.DATE: "a date",
    Type.TIMESTAMP: "a timestamp",
    Type.LIST: "a list",
}


class NotOfType(ValueError):
    """The end of a sentence that begins with what was given: "must be …"."""


def read(kind: Type, given: Any, zone: tzinfo) -> Value:
    """A JSON value as one of that type, strictly: "3" is no number. A timestamp without an offset is one of `zone`. Raises NotOfType."""
    if kind is Type.STRING and isinstance(given, str):
        return _text(given)
    if kind is Type.BOOLEAN and isinstance(given, bool):
        return given
    if kind is Type.INTEGER and isinstance(given, int) and not isinstance(given, bool):
        if not _LEAST <= given <= _GREATEST:
            raise NotOfType(f"must be a whole number of 64 bits, from {_LEAST} to {_GREATEST}")
        return given
    if kind is Type.NUMBER and isinstance(given, int | float) and not isinstance(given, bool):
        return _number(given)
    if kind is Type.DATE and isinstance(given, str):
        return _date(given)
    if kind is Type.TIMESTAMP and isinstance(given, str):
        return _timestamp(given, zone)
    if kind is Type.LIST and isinstance(given, list):
        return _list(given)
    raise NotOfType(f"must be {kind.phrase}{_SUCH_AS[kind]}")


_SUCH_AS = {
    Type.STRING: "",
    Type.INTEGER: "",
    Type.NUMBER: "",
    Type.BOOLEAN: "",
    Type.DATE: " such as 2026-03-29",
    Type.TIMESTAMP: " such as 2026-03-29T02:00:00Z",
    Type.LIST: " of texts, numbers, or true and false",
}


def from_text(kind: Type, text: str, zone: tzinfo) -> Any:
    """What a person typed for a parameter of that type (a command line, a form), as the JSON value it means. Raises NotOfType."""
    if kind is Type.LIST:
        return [part.strip() for part in text.split(",")] if text.strip() else []
    if kind in (Type.INTEGER, Type.NUMBER):
        try:
            return int(text) if kind is Type.INTEGER else _number(float(text))
        except ValueError as error:
            raise NotOfType(f"must be {kind.phrase}") from error
    if kind is Type.BOOLEAN:
        if text.casefold() not in ("true", "false"):
            raise NotOfType(f"must be {kind.phrase}")
        return text.casefold() == "true"
    read(kind, text, zone)
    return text


def type_of(value: Value) -> Type | None:
    """None for a value that is missing."""
    for kind, of in (
        (Type.BOOLEAN, bool),
        (Type.STRING, str),
        (Type.INTEGER, int),
        (Type.NUMBER, float),
        (Type.TIMESTAMP, datetime),
        (Type.DATE, date),
        (Type.LIST, list),
    ):
        if isinstance(value, of):
            return kind
    return None


def plain(value: Value) -> Any:
    """As JSON has it: dates and timestamps as ISO 8601 text."""
    if isinstance(value, date):
        return value.isoformat()
    return [plain(one) for one in value] if isinstance(value, list) else value


def to_json(value: Value) -> dict[str, Any]:
    """With its type, so that `from_json` gives the same value again."""
    kind = type_of(value)
    return {"type": kind.value if kind else None, "value": plain(value)}


def from_json(stored: Mapping[str, Any], zone: tzinfo) -> Value:
    if stored["type"] is None:
        return None
    kind = Type(stored["type"])
    if kind is Type.DATE:
        return date.fromisoformat(stored["value"])
    if kind is Type.TIMESTAMP:
        return datetime.fromisoformat(stored["value"]).astimezone(zone)
    if kind is Type.NUMBER:
        return float(stored["value"])
    value: Value = stored["value"]
    return value


def _text(given: str) -> str:
    if "\0" in given:
        raise NotOfType("must not hold a NUL character, which no database keeps in text")
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise NotOfType("must not hold half a character (a lone surrogate)") from error
    return given


def _number(given: float) -> float:
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise NotOfType("must be a finite number")
    return number


def _date(given: str) -> date:
    try:
        if len(given) != len("2026-03-29"):
            raise ValueError
        return date.fromisoformat(given)
    except ValueError as error:
        raise NotOfType(f"must be a date such as 2026-03-29, not '{given[:40]}'") from error


def _timestamp(given: str, zone: tzinfo) -> datetime:
    try:
        if len(given) < len("2026-03-29T02:00"):
            raise ValueError
        at = datetime.fromisoformat(given)
        return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise NotOfType(f"must be a timestamp such as 2026-03-29T02:00:00Z, not '{given[:40]}'") from error


def _list(given: list[Any]) -> list[Scalar]:
    if len(given) > LONGEST_LIST:
        raise NotOfType(f"must not have more than {LONGEST_LIST} items; put more of them into a table or a file, and join it")
    items: list[Scalar] = []
    for item in given:
        if isinstance(item, str):
            items.append(_text(item))
        elif isinstance(item, bool | int):
            items.append(item)
        elif isinstance(item, float):
            items.append(_number(item))
        else:
            raise NotOfType("must be a list of texts, numbers, or true and false")
    return items
