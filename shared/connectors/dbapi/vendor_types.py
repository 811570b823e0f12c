"""The types of the vendors' catalogues as ours (PostgreSQL's names). A column whose own type has none of ours is read as text, and one
whose values compare otherwise than ours is told of (`Table.foreign`), so that nothing that looks at it is computed there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.connectors.dbapi.arrow_types import MOST_DIGITS
from shared.connectors.dbapi.database import Table
from shared.datasets import Column

# In the vendors' manuals: Data types. What one of them means by another word stands in its driver.
KNOWN: Mapping[str, str] = {
    **dict.fromkeys(("varchar", "varchar2", "nvarchar", "nvarchar2", "character varying", "string", "univarchar", "shorttext"), "TEXT"),
    **dict.fromkeys(("tinyint", "byteint", "smallint", "int2"), "SMALLINT"),
    **dict.fromkeys(("int", "integer", "int4"), "INTEGER"),
    **dict.fromkeys(("bigint", "int8"), "BIGINT"),
    **dict.fromkeys(("number", "numeric", "decimal"), "NUMERIC"),
    **dict.fromkeys(("real", "float4", "binary_float"), "REAL"),
    **dict.fromkeys(("float", "double", "double precision", "float8", "binary_double"), "DOUBLE PRECISION"),
    **dict.fromkeys(("boolean", "bool"), "BOOLEAN"),
    "date": "DATE",
    **dict.fromkeys(("time", "time without time zone"), "TIME"),
    **dict.fromkeys(("timestamp", "timestamp without time zone", "timestamp_ntz"), "TIMESTAMP"),
    **dict.fromkeys(("timestamp with time zone", "timestamptz", "timestamp_tz", "timestamp_ltz"), "TIMESTAMPTZ"),
    **dict.fromkeys(("varbinary", "binary", "blob", "bytea", "raw", "varbyte", "binary varying", "image"), "BYTEA"),
    # Padded with blanks; too long to be compared. `Table.foreign` tells.
    **dict.fromkeys(("char", "nchar", "character", "bpchar", "unichar"), "padded"),
    **dict.fromkeys(("clob", "nclob", "long", "text", "ntext", "unitext"), "long"),
}
_WHOLE_DIGITS = 18

Described = tuple[Column, str, str | None]


def described_by(types: Mapping[str, str], name: str, kind: str, precision: Any, scale: Any, nullable: Any) -> Described:
    """(the column, the vendor's type, what is foreign about it). `types`: what the vendor means otherwise than `KNOWN`."""
    base = " ".join(kind.partition("(")[0].split() + kind.partition(")")[2].split()).lower()
    ours = types.get(base, KNOWN.get(base))
    foreign = {"padded": f"char, {kind.strip()}", "long": f"clob, {kind.strip()}", None: f"unknown, {kind.strip()}"}.get(ours)
    if ours == "NUMERIC":
        ours = _digits(precision, scale)
    elif foreign is not None:
        ours = "TEXT"
    may = nullable if isinstance(nullable, bool) else str(nullable).strip().upper()[:1] in ("Y", "1", "T")
    return Column(name.strip(), str(ours), bool(may)), kind.strip().lower(), foreign


def _digits(precision: Any, scale: Any) -> str:
    """As its values are: a whole number of up to 18 digits is one. Without a scale, an Oracle number has any."""
    if scale is None:
        return "NUMERIC"
    digits = int(precision) if precision is not None else MOST_DIGITS
    if int(scale) == 0 and digits <= _WHOLE_DIGITS:
        return "BIGINT"
    return f"NUMERIC({digits}, {int(scale)})" if 0 <= int(scale) <= digits <= MOST_DIGITS else "NUMERIC"


def table_of(described: Sequence[Described], rows: int | None) -> Table:
    columns = tuple(column for column, _, _ in described)
    foreign = {column.name: why for column, _, why in described if why is not None}
    return Table(columns, tuple(kind for _, kind, _ in described), rows=rows, foreign=foreign)


def type_by_values(described: Sequence[Any], values: Sequence[Any]) -> str:
    """By the values themselves; a column without any is text, or a number of the precision it is described with."""
    precision, scale = described[4] if len(described) > 4 else None, described[5] if len(described) > 5 else None
    kinds = {type(value) for value in values}
    if kinds <= {int, Decimal} and (kinds or precision):
        if isinstance(precision, int) and isinstance(scale, int) and 0 < precision <= 38 and 0 <= scale <= precision:
            return "BIGINT" if scale == 0 and precision <= _WHOLE_DIGITS and Decimal not in kinds else f"NUMERIC({precision}, {scale})"
        return "BIGINT" if kinds == {int} else "NUMERIC" if kinds else "TEXT"
    if kinds == {datetime}:
        return "TIMESTAMPTZ" if all(value.tzinfo for value in values) else "TIMESTAMP"
    for kind, ours in _BY_VALUE:
        if kinds and kinds <= kind:
            return ours
    return "TEXT"


_BY_VALUE: tuple[tuple[set[type], str], ...] = (
    ({bool}, "BOOLEAN"),
    ({float, int}, "DOUBLE PRECISION"),
    ({bytes, bytearray, memoryview}, "BYTEA"),
    ({date}, "DATE"),
    ({time, timedelta}, "TIME"),
    ({UUID}, "UUID"),
    ({dict, list}, "JSON"),
)
