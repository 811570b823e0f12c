"""MySQL's and MariaDB's types in ours, and back. Widening only.

Sources: https://dev.mysql.com/doc/refman/8.4/en/data-types.html, https://mariadb.com/docs/server/reference/data-types
"""

from __future__ import annotations

import re

from shared.connectors.errors import Misconfigured
from shared.datasets import Column

_OURS = {
    "tinyint": "SMALLINT",
    "smallint": "SMALLINT",
    "mediumint": "INTEGER",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "REAL",
    "double": "DOUBLE PRECISION",
    "date": "DATE",
    "time": "TIME",
    "datetime": "TIMESTAMP",
    "timestamp": "TIMESTAMPTZ",
    "year": "SMALLINT",
    "json": "JSON",
    "uuid": "UUID",
}
_UNSIGNED = {"tinyint": "SMALLINT", "smallint": "INTEGER", "mediumint": "INTEGER", "int": "BIGINT", "bigint": "NUMERIC(20, 0)"}
_BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry", "point", "polygon"}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def our_type(column_type: str) -> str:
    """Of information_schema's COLUMN_TYPE, e.g. `int(10) unsigned`. What has no like (enum, set, inet6) is its text."""
    said = column_type.lower()
    if said in {"tinyint(1)", "bit(1)"}:
        # What BOOLEAN is there; a value that is neither 0 nor 1 is an error where it is read.
        return "BOOLEAN"
    if found := _DECIMAL.match(said):
        return f"NUMERIC({found[1]}, {found[2]})"
    word = re.split(r"[ (]", said, maxsplit=1)[0]
    if "unsigned" in said and word in _UNSIGNED:
        return _UNSIGNED[word]
    return "BYTEA" if word in _BINARY else _OURS.get(word, "TEXT")


# PEP 249 type codes as the protocol numbers them (include/field_types.h).
_CODES = {
    0: "decimal",
    1: "tinyint",
    2: "smallint",
    3: "int",
    4: "float",
    5: "double",
    7: "timestamp",
    8: "bigint",
    9: "mediumint",
    10: "date",
    11: "time",
    12: "datetime",
    13: "year",
    16: "bit",
    245: "json",
    246: "decimal",
}
_TEXTS_OR_BYTES = {249, 250, 251, 252, 253, 254}
_UNSIGNED_FLAG = 32
_BINARY_CHARSET = 63


def column_type(code: int, length: int, scale: int, flags: int, charset: int) -> str:
    """A result column's type in information_schema's spelling."""
    if code in _TEXTS_OR_BYTES:
        return "longblob" if charset == _BINARY_CHARSET else "longtext"
    word = _CODES.get(code, "longtext")
    unsigned = bool(flags & _UNSIGNED_FLAG)
    if word == "decimal":
        return f"decimal({length - (scale > 0) - (not unsigned)},{scale})"
    if word in {"tinyint", "bit"} and length == 1:
        return f"{word}(1)"
    return f"{word} unsigned" if unsigned else word


_DECLARED = {
    "BOOLEAN": "TINYINT(1)",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "REAL": "FLOAT",
    "DOUBLE PRECISION": "DOUBLE",
    "NUMERIC": "DECIMAL(38, 10)",
    "TEXT": "LONGTEXT",
    "DATE": "DATE",
    "TIME": "TIME(6)",
    "TIMESTAMP": "DATETIME(6)",
    "TIMESTAMPTZ": "TIMESTAMP(6) NULL DEFAULT NULL",
    "BYTEA": "LONGBLOB",
    "UUID": "CHAR(36)",
    "JSON": "JSON",
}
# What a column of text or bytes in an index may hold: 3072 bytes in all, four to a character.
_KEYS = {"TEXT": "VARCHAR(255)", "BYTEA": "VARBINARY(255)", "TIMESTAMPTZ": "TIMESTAMP(6)"}
_MOST_DIGITS, _MOST_SCALE = 65, 38


def declared(column: Column, *, key: bool) -> str:
    if column.type.startswith("NUMERIC("):
        return column.type.replace("NUMERIC", "DECIMAL")
    if column.type.endswith("[]"):
        return "JSON"
    if column.type not in _DECLARED:
        raise Misconfigured(f"MySQL has no type for column {column.name}, which is {column.type}; cast it to text before the sink")
    return _KEYS.get(column.type, _DECLARED[column.type]) if key else _DECLARED[column.type]
