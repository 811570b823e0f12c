r"""Avro object container files as Arrow batches, and back, by fastavro. Loads Arrow: only worker and quality can.

Logical types keep their meaning: decimals stay decimals, timestamps keep their zone (timestamp-*) or their lack of one (local-timestamp-*).
Records, maps and unions of several types besides null are JSON text, bytes in them \x and hexadecimal digits.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

import fastavro
import pyarrow as pa

from shared.formats.errors import UnfitRows, UnreadableFile

_BATCH_ROWS = 20_000
# What fastavro raises for bytes that are no Avro, or break off.
_BROKEN = (
    EOFError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    StopIteration,
    struct.error,
    zlib.error,
    UnicodeDecodeError,
    OverflowError,
)

_PLAIN: dict[str, pa.DataType] = {
    "null": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
    "enum": pa.string(),
    "fixed": pa.binary(),
}
_LOGICAL: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "time-millis": pa.time64("us"),
    "time-micros": pa.time64("us"),
    "timestamp-millis": pa.timestamp("us", "UTC"),
    "timestamp-micros": pa.timestamp("us", "UTC"),
    "local-timestamp-millis": pa.timestamp("us"),
    "local-timestamp-micros": pa.timestamp("us"),
    "uuid": pa.string(),
}


class _AsJson(Exception):
    """No Arrow type says it."""


def schema(stream: IO[bytes]) -> pa.Schema:
    """Of the file's records. Raises UnreadableFile."""
    return _schema(_reader(stream))


def batches(stream: IO[bytes]) -> pa.RecordBatchReader:
    """The records in the file's order. Reading raises UnreadableFile where the file breaks off."""
    reader = _reader(stream)
    arrow = _schema(reader)
    values = [(field.name, _VALUES[(field.metadata or {}).get(b"as", b"itself")]) for field in arrow]

    def made() -> Iterator[pa.RecordBatch]:
        records = iter(reader)
        read = 0
        while True:
            try:
                taken: list[Any] = list(islice(records, _BATCH_ROWS))
            except _BROKEN as error:
                raise UnreadableFile(f"the file breaks after record {read} or soon after: {error}") from error
            if not taken:
                return
            read += len(taken)
            columns = [[value(record[name]) for record in taken] for name, value in values]
            yield pa.record_batch([pa.array(column, field.type) for column, field in zip(columns, arrow, strict=True)], schema=arrow)

    return pa.RecordBatchReader.from_batches(arrow, made())


def _reader(stream: IO[bytes]) -> Any:
    try:
        reader = fastavro.reader(stream)
        found = reader.writer_schema
    except _BROKEN as error:
        raise UnreadableFile(f"the file is not Avro: {error}") from error
    if not isinstance(found, Mapping) or found.get("type") != "record":
        raise UnreadableFile("the file holds no records but single values; make each one a record with names")
    return reader


def _schema(reader: Any) -> pa.Schema:
    fields = []
    for field in reader.writer_schema["fields"]:
        try:
            kind = _arrow(field["type"])
            said = {"as": "text"} if kind == pa.string() else None
        except _AsJson:
            kind, said = pa.string(), {"as": "json"}
        fields.append(pa.field(field["name"], kind, metadata=said))
    return pa.schema(fields)


def _arrow(avro: Any) -> pa.DataType:
    if isinstance(avro, list):
        kinds = [kind for kind in avro if kind != "null"]
        if len(kinds) != 1:
            raise _AsJson
        return _arrow(kinds[0])
    if isinstance(avro, str):
        if avro not in _PLAIN:
            raise _AsJson
        return _PLAIN[avro]
    kind = avro["type"]
    logical = avro.get("logicalType")
    if logical == "decimal":
        if avro["precision"] > 38:
            raise _AsJson
        return pa.decimal128(avro["precision"], avro.get("scale", 0))
    if logical in _LOGICAL:
        return _LOGICAL[logical]
    if kind == "array":
        return pa.list_(_arrow(avro["items"]))
    if kind in ("map", "record"):
        raise _AsJson
    return _arrow(kind)


def _spelled(value: Any) -> str | None:
    return None if value is None else str(value)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=_inside)


def _inside(value: Any) -> str:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


_VALUES: dict[bytes, Callable[[Any], Any]] = {b"itself": lambda value: value, b"text": _spelled, b"json": _json}


def write(reader: pa.RecordBatchReader, path: str, options: Mapping[str, Any]) -> int:
    """Rows written; every column may be null. Raises UnfitRows for a column name that Avro has no room for."""
    for name in reader.schema.names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UnfitRows(f"Avro takes letters, digits and _ in names of columns, and one is {name!r}; rename it in an expression node")
    said = {"type": "record", "name": "row", "fields": [{"name": f.name, "type": ["null", _avro(f.type, f.name)]} for f in reader.schema]}
    count = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal count
        for batch in reader:
            count += batch.num_rows
            yield from batch.to_pylist()

    with Path(path).open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(said), rows(), codec="deflate")
    return count


def _avro(arrow: pa.DataType, column: str) -> Any:
    if pa.types.is_decimal(arrow):
        return {"type": "bytes", "logicalType": "decimal", "precision": arrow.precision, "scale": arrow.scale}
    if pa.types.is_timestamp(arrow):
        return {"type": "long", "logicalType": "timestamp-micros" if arrow.tz else "local-timestamp-micros"}
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return {"type": "array", "items": ["null", _avro(arrow.value_type, column)]}
    for fits, avro in _WRITTEN:
        if fits(arrow):
            return avro
    raise UnfitRows(f"column {column} is {arrow}, which Avro has no type for; cast it in an expression node")


_WRITTEN: tuple[tuple[Any, Any], ...] = (
    (pa.types.is_boolean, "boolean"),
    (lambda kind: (pa.types.is_integer(kind) and kind.bit_width < 32) or kind == pa.int32(), "int"),
    (lambda kind: kind in (pa.int64(), pa.uint32()), "long"),
    (lambda kind: kind == pa.float32(), "float"),
    (pa.types.is_floating, "double"),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), "string"),
    (lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind), "bytes"),
    (pa.types.is_date, {"type": "int", "logicalType": "date"}),
    (pa.types.is_time, {"type": "long", "logicalType": "time-micros"}),
)
