"""Rows of texts and whole numbers as a Parquet file, as it is sent: the API loads no library that holds tables.

Of the format (https://parquet.apache.org/docs/file-format/) it takes the least: version 1, plain values, uncompressed, one page for each
column of a row group, every column nullable. Its metadata is Thrift in the compact protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_MAGIC = b"PAR1"
GROUP_ROWS = 20_000

# Of Thrift's compact protocol.
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
# Of Parquet: physical types, and the encodings and repetition used here.
_PHYSICAL = {"integer": 2, "text": 6}
_UTF8, _OPTIONAL, _PLAIN, _RLE = 0, 1, 0, 3

# (field number, type, value); what is a list says the type of its items.
_Field = tuple[int, int, Any]


def parquet(columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """`columns`: text or integer by name. `rows`: their values in that order, None for null; integers of 64 bits."""
    yield _MAGIC
    at, groups, count = len(_MAGIC), [], 0
    for some in _some(rows):
        chunks = []
        for number, (name, kind) in enumerate(columns.items()):
            page = _page(kind, [row[number] for row in some])
            chunks.append(_chunk(name, kind, at, len(page), len(some)))
            yield page
            at += len(page)
        total = sum(size for _, size in chunks)
        groups.append([(1, _LIST, (_STRUCT, [chunk for chunk, _ in chunks])), (2, _I64, total), (3, _I64, len(some))])
        count += len(some)
    root: list[_Field] = [(4, _BINARY, "schema"), (5, _I32, len(columns))]
    schema = [root, *(_element(name, kind) for name, kind in columns.items())]
    footer = _struct(
        [(1, _I32, 1), (2, _LIST, (_STRUCT, schema)), (3, _I64, count), (4, _LIST, (_STRUCT, groups)), (6, _BINARY, "Penstock")]
    )
    yield footer + struct.pack("<I", len(footer)) + _MAGIC


def _element(name: str, kind: str) -> list[_Field]:
    text: list[_Field] = [(6, _I32, _UTF8)] if kind == "text" else []
    return [(1, _I32, _PHYSICAL[kind]), (3, _I32, _OPTIONAL), (4, _BINARY, name), *text]


def _chunk(name: str, kind: str, at: int, size: int, rows: int) -> tuple[list[_Field], int]:
    about: list[_Field] = [
        (1, _I32, _PHYSICAL[kind]),
        (2, _LIST, (_I32, [_PLAIN, _RLE])),
        (3, _LIST, (_BINARY, [name])),
        (4, _I32, 0),
        (5, _I64, rows),
        (6, _I64, size),
        (7, _I64, size),
        (9, _I64, at),
    ]
    return [(2, _I64, at), (3, _STRUCT, about)], size


def _page(kind: str, values: Sequence[Any]) -> bytes:
    present = [value for value in values if value is not None]
    if kind == "integer":
        data = struct.pack(f"<{len(present)}q", *present)
    else:
        texts = [str(value).encode() for value in present]
        data = b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))
    levels = _levels([value is not None for value in values])
    body = struct.pack("<I", len(levels)) + levels + data
    header: list[_Field] = [(1, _I32, len(values)), (2, _I32, _PLAIN), (3, _I32, _RLE), (4, _I32, _RLE)]
    return _struct([(1, _I32, 0), (2, _I32, len(body)), (3, _I32, len(body)), (5, _STRUCT, header)]) + body


def _levels(there: Sequence[bool]) -> bytes:
    """Which values are there, a bit each, as one run packed in groups of eight."""
    groups = (len(there) + 7) // 8
    bits = sum(1 << at for at, one in enumerate(there) if one)
    return _varint(groups << 1 | 1) + bits.to_bytes(groups, "little")


def _struct(fields: Iterable[_Field]) -> bytes:
    said, last = [], 0
    for number, kind, value in fields:
        said.append(bytes([(number - last) << 4 | kind]) + _value(kind, value))
        last = number
    return b"".join(said) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_I32, _I64):
        return _varint(value << 1 ^ value >> 63)
    if kind == _BINARY:
        text = str(value).encode()
        return _varint(len(text)) + text
    if kind == _STRUCT:
        return _struct(value)
    inner, items = value
    head = bytes([len(items) << 4 | inner]) if len(items) < 15 else bytes([0xF0 | inner]) + _varint(len(items))
    return head + b"".join(_value(inner, item) for item in items)


def _varint(value: int) -> bytes:
    said = bytearray()
    while value > 0x7F:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    said.append(value)
    return bytes(said)


def _some(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    some: list[Sequence[Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == GROUP_ROWS:
            yield some
            some = []
    if some:
        yield some
