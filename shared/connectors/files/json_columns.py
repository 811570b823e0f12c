"""Columns of JSON records, from a sample: by the same rule as CSV's, so that no value is lost.

A text stays TEXT unless all of them are dates or times in ISO 8601; a number with more digits than its type holds makes TEXT;
objects and arrays are JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.datasets import Column, Columns
from shared.formats.inference import looks
from shared.formats.options import PLAIN, Texts

_OF_TEXTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME")
_OF_NUMBERS = ("BIGINT", "DOUBLE PRECISION")


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def columns(records: Iterable[str], path: str, texts: Texts = PLAIN) -> Columns:
    """`records`: JSON texts; those that are no objects are left out, as rejected records. Columns come in the order in which they are first
    seen.

    Raises Misconfigured where there are only records that are no objects, and for names that SQL takes for one.
    """
    values: dict[str, list[Any]] = {}
    other: str | None = None
    for record in records:
        read = json.loads(record, parse_int=_Number, parse_float=_Number)
        if not isinstance(read, dict):
            other = type(read).__name__
            continue
        for name, value in read.items():
            values.setdefault(name, []).append(value)
    if not values and other is not None:
        raise Misconfigured(f"{path} holds {other} values where records are wanted; make each one an object with names")
    seen: dict[str, str] = {}
    for name in values:
        if (twin := seen.setdefault(name.lower(), name)) != name:
            raise Misconfigured(f"{path} has fields {twin} and {name}, which are one name in SQL; give one of them another name")
    return tuple(Column(name, _type(_values(found, texts), texts)) for name, found in values.items())


def _values(found: Iterable[Any], texts: Texts) -> list[Any]:
    return [value for value in found if value is not None and not (isinstance(value, str) and value in texts.null_values)]


def _type(found: list[Any], texts: Texts) -> str:
    kinds = {type(value) for value in found}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds and kinds <= {dict, list}:
        return "JSON"
    if kinds in ({_Number}, {str}):
        numbers = kinds == {_Number} or texts.numbers
        fitting = (_OF_NUMBERS if numbers else ()) + (_OF_TEXTS if kinds == {str} else ()) + (("BOOLEAN",) if texts.numbers else ())
        type_ = looks(found, date_format=texts.date_format, timestamp_format=texts.timestamp_format) or "TEXT"
        return type_ if type_ in fitting else "TEXT"
    return "TEXT"
