"""SQLite's declared types in ours, and back. A declaration there is a wish: what was really stored is asked of a sample where it matters.

Source: https://www.sqlite.org/datatype3.html (affinity by substring of the declared type; dates have no type of their own).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.datasets import Column

_SAID: dict[str, str] = {
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMPTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
    "UUID": "UUID",
    "UUID TEXT": "UUID",
    "JSON": "JSON",
    "JSON TEXT": "JSON",
    "NUMERIC": "NUMERIC",
    "DECIMAL": "NUMERIC",
}
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_LENGTH = re.compile(r"\s*\([^)]*\)")
_ZONE = re.compile(r"\d{2}:\d{2}.*(?:Z|[+-]\d{2}(?::?\d{2})?)$", re.IGNORECASE)
_TEMPORAL = {"DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ"}


def our_type(declared: str) -> str | None:
    """None: the declaration says nothing, and only a sample can."""
    said = " ".join(declared.upper().split())
    if found := _DECIMAL.fullmatch(said):
        return f"NUMERIC({found[1]}, {found[2] or 0})"
    plain = _LENGTH.sub("", said)
    if plain in _SAID:
        return _SAID[plain]
    if "INT" in plain:
        return "BIGINT"
    if any(word in plain for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in plain:
        return "BYTEA"
    return "DOUBLE PRECISION" if any(word in plain for word in ("REAL", "FLOA", "DOUB")) else None


def needs_sample(type_: str | None) -> bool:
    return type_ is None or type_ in _TEMPORAL


def sampled(type_: str | None, values: Sequence[Any]) -> str:
    """The type of a column whose declaration leaves it open, from the first values that are not NULL.

    A date that is kept as a number (seconds? milliseconds? a Julian day?) stays that number.
    """
    kinds = {type(value) for value in values if value is not None}
    if type_ is not None and kinds <= {str}:
        return _temporal(type_, [value for value in values if value is not None])
    if not kinds:
        return "TEXT"
    if kinds == {int}:
        return "BIGINT"
    if kinds <= {int, float}:
        return "DOUBLE PRECISION"
    return "BYTEA" if kinds == {bytes} else "TEXT"


def _temporal(type_: str, texts: Sequence[str]) -> str:
    if type_ == "TIMESTAMP" and texts and all(_ZONE.search(text) for text in texts):
        return "TIMESTAMPTZ"
    if type_ == "DATE" and any(len(text) > 10 and text[11:].strip("0:.") for text in texts):
        return "TIMESTAMP"
    return type_


_DECLARED = {
    "BOOLEAN": "BOOLEAN",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "REAL",
    "DOUBLE PRECISION": "DOUBLE PRECISION",
    "NUMERIC": "NUMERIC",
    "TEXT": "TEXT",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMPTZ",
    "BYTEA": "BLOB",
    # Without the word TEXT, a JSON number would be kept as a number of SQLite's, and its spelling lost.
    "UUID": "UUID TEXT",
    "JSON": "JSON TEXT",
}


def declared(column: Column) -> str:
    if column.type.startswith("NUMERIC("):
        return column.type
    if column.type.endswith("[]"):
        return "JSON TEXT"
    if column.type not in _DECLARED:
        raise Misconfigured(f"SQLite has no type for column {column.name}, which is {column.type}; cast it to text before the sink")
    return _DECLARED[column.type]
