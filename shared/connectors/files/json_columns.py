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

_OF_TEXTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME")
_OF_NUMBERS = ("BIGINT", "DOUBLE PRECISION")


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def columns(records: Iterable[str], path: str) -> Columns:
    """`records`: JSON texts. Columns come in the order in which they are first seen. Raises Misconfigured for what is no object."""
    values: dict[str, list[Any]] = {}
    for record in records:
        read = json.loads(record, parse_int=_Number, parse_float=_Number)
        if not isinstance(read, dict):
            raise Misconfigured(f"{path} holds {type(read).__name__} values where records are wanted; make each one an object with names")
        for name, value in read.items():
            values.setdefault(name, []).append(value)
    return tuple(Column(name, _type([value for value in found if value is not None])) for name, found in values.items())


def _type(found: list[Any]) -> str:
    kinds = {type(value) for value in found}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds and kinds <= {dict, list}:
        return "JSON"
    if kinds in ({_Number}, {str}):
        fitting = _OF_NUMBERS if kinds == {_Number} else _OF_TEXTS
        type_ = looks(found) or "TEXT"
        return type_ if type_ in fitting else "TEXT"
    return "TEXT"
