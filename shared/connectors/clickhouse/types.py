"""ClickHouse's types in ours, how values of each leave it as Arrow, and what each takes. Widening only: what has no like is its text.

Sources: https://clickhouse.com/docs/sql-reference/data-types (ranges of Date, Date32, DateTime and DateTime64 on their own pages) and
https://clickhouse.com/docs/interfaces/formats/Arrow (which types its Arrow output has).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pyarrow as pa
from sqlglot import exp

from shared.connectors.dbapi.arrow_types import arrow_type
from shared.connectors.errors import Misconfigured
from shared.datasets import Column

_OURS = {
    "Bool": "BOOLEAN",
    "Int8": "SMALLINT",
    "UInt8": "SMALLINT",
    "Int16": "SMALLINT",
    "UInt16": "INTEGER",
    "Int32": "INTEGER",
    "UInt32": "BIGINT",
    "Int64": "BIGINT",
    "UInt64": "NUMERIC(20, 0)",
    "Int128": "NUMERIC(39, 0)",
    "UInt128": "NUMERIC(39, 0)",
    "Int256": "NUMERIC(77, 0)",
    "UInt256": "NUMERIC(78, 0)",
    "BFloat16": "REAL",
    "Float32": "REAL",
    "Float64": "DOUBLE PRECISION",
    "Date": "DATE",
    "Date32": "DATE",
    "UUID": "UUID",
    # Any bytes, in fact; a text that is no UTF-8 is an error where it is read.
    "String": "TEXT",
    "FixedString": "BYTEA",
}
_NESTED = (
    "Array",
    "Tuple",
    "Map",
    "Nested",
    "JSON",
    "Object",
    "Variant",
    "Dynamic",
    "Point",
    "Ring",
    "Polygon",
    "MultiPolygon",
    "LineString",
)
_DIGITS = {"Decimal32": 9, "Decimal64": 18, "Decimal128": 38, "Decimal256": 76}
# Of a moment, so many digits behind the second are kept.
_MICROSECONDS = 6


def plain(said: str) -> str:
    """Without what does not change what a value is: Nullable, LowCardinality, SimpleAggregateFunction."""
    while found := re.fullmatch(r"(Nullable|LowCardinality|SimpleAggregateFunction)\((.*)\)", said, re.DOTALL):
        said = found[2].partition(",")[2].strip() if found[1] == "SimpleAggregateFunction" else found[2]
    return said


def nullable(said: str) -> bool:
    return "Nullable(" in said.partition("(")[0] + "(" or said.startswith("LowCardinality(Nullable(")


def our_type(said: str) -> str:
    """Raises Misconfigured for states of aggregates, which mean nothing outside."""
    kind = plain(said)
    word, given = _parts(kind)
    if word == "AggregateFunction":
        raise Misconfigured(
            f"a column is {said}, the state of an aggregate; read it by a query that finishes it (…Merge, finalizeAggregation)"
        )
    if found := _decimal(kind):
        return f"NUMERIC({found[0]}, {found[1]})"
    if word in ("DateTime", "DateTime64"):
        digits, zone = _moment(kind)
        if digits > _MICROSECONDS:
            return "TEXT"
        return "TIMESTAMPTZ" if zone else "TIMESTAMP"
    if word in _NESTED:
        return "JSON"
    return _OURS.get(word, "TEXT") if word != "FixedString" or given else "TEXT"


def leaving(name: str, said: str) -> exp.Expr:
    """What is selected so that the value leaves as Arrow with all that it holds."""
    column: exp.Expr = exp.column(name, quoted=True)
    word, _ = _parts(plain(said))
    ours = our_type(said)
    if word == "UInt64":
        column = _cast(column, "Nullable(Decimal(20, 0))")
    elif word == "BFloat16":
        column = _call("toFloat32", column)
    elif ours == "DATE":
        column = _call("toDate32", column)
    elif ours in ("TIMESTAMP", "TIMESTAMPTZ"):
        column = _call("toDateTime64", column, exp.Literal.number(_MICROSECONDS), exp.Literal.string("UTC"))
    elif ours == "JSON":
        column = _call("toJSONString", column)
    elif ours == "UUID" or (ours == "TEXT" and word != "String") or (pa.types.is_string(arrow_type(ours)) and ours != "TEXT"):
        column = _call("toString", column)
    elif said.startswith("LowCardinality("):
        column = _cast(column, said.removeprefix("LowCardinality(").removesuffix(")"))
    return exp.alias_(column, name, quoted=True)


def _call(function: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=list(arguments))


def _cast(value: exp.Expr, kind: str) -> exp.Expr:
    # As it is: sqlglot would spell the type anew.
    return exp.Anonymous(this="CAST", expressions=[value, exp.Literal.string(kind)])


_WHOLE = {
    "Int8": pa.int8(),
    "UInt8": pa.uint8(),
    "Int16": pa.int16(),
    "UInt16": pa.uint16(),
    "Int32": pa.int32(),
    "UInt32": pa.uint32(),
    "Int64": pa.int64(),
    "UInt64": pa.uint64(),
}


def taken(said: str) -> pa.DataType | None:
    """The Arrow type that goes into such a column with nothing left for the server to convert; None: that of our type."""
    return _WHOLE.get(plain(said))


# First and last that are kept as they are; beyond, the server puts another in their place without a word.
_DAYS = {"Date": (date(1970, 1, 1), date(2149, 6, 6)), "Date32": (date(1900, 1, 1), date(2299, 12, 31))}
_SECONDS = {
    "DateTime": (datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)),
    "DateTime64": (datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
}


def span(said: str) -> tuple[date, date] | tuple[datetime, datetime] | None:
    """The first and the last that a column of days or moments holds; None for all others."""
    word, _ = _parts(plain(said))
    return _DAYS.get(word) or _SECONDS.get(word)


def unit(said: str) -> int | None:
    """Microseconds in the smallest step of a column of moments; None for all others."""
    kind = plain(said)
    if _parts(kind)[0] not in _SECONDS:
        return None
    digits, _ = _moment(kind)
    return int(10 ** max(0, _MICROSECONDS - digits))


def width(said: str) -> int | None:
    """Bytes of a FixedString, which are always so many."""
    word, given = _parts(plain(said))
    return int(given) if word == "FixedString" else None


_DECLARED = {
    "BOOLEAN": "Bool",
    "SMALLINT": "Int16",
    "INTEGER": "Int32",
    "BIGINT": "Int64",
    "REAL": "Float32",
    "DOUBLE PRECISION": "Float64",
    "NUMERIC": "Decimal(38, 10)",
    "TEXT": "String",
    "DATE": "Date32",
    "TIMESTAMP": "DateTime64(6)",
    "TIMESTAMPTZ": "DateTime64(6, 'UTC')",
    "UUID": "UUID",
    "JSON": "String",
}
_MOST_DIGITS = 76


def declared(column: Column, *, key: bool) -> str:
    """Keys are never NULL: a MergeTree sorts by them."""
    kind = _DECLARED.get(column.type)
    if column.type.endswith("[]"):
        kind = "String"
    elif column.type.startswith("NUMERIC(") and int(column.type[8:].partition(",")[0]) <= _MOST_DIGITS:
        kind = column.type.replace("NUMERIC", "Decimal")
    if kind is None:
        raise Misconfigured(f"ClickHouse has no type for column {column.name}, which is {column.type}; cast it to text before the sink")
    return kind if key else f"Nullable({kind})"


def _parts(kind: str) -> tuple[str, str]:
    word, _, rest = kind.partition("(")
    return word.strip(), rest.removesuffix(")").strip()


def _decimal(kind: str) -> tuple[int, int] | None:
    word, given = _parts(kind)
    if word == "Decimal":
        precision, _, scale = given.partition(",")
        return int(precision), int(scale or 0)
    return (_DIGITS[word], int(given)) if word in _DIGITS else None


def _moment(kind: str) -> tuple[int, str | None]:
    """(digits behind the second, zone) of DateTime['zone'] and DateTime64(digits['zone'])."""
    word, given = _parts(kind)
    parts = [part.strip() for part in given.split(",")] if given else []
    digits = int(parts.pop(0)) if word == "DateTime64" else 0
    return digits, parts[0].strip("'") if parts else None
