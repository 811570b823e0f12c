"""The records of a JSON file: how it holds them, and those inside a document, one by one, however large it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Literal

import ijson
from ijson.common import IncompleteJSONError, JSONError, ObjectBuilder

from shared.formats.errors import UnreadableFile
from shared.formats.exact import dumped

Shape = Literal["newline_delimited", "array", "unstructured"]
# Of its beginning; whether lines are records shows in the first few of them.
_LOOKED_AT_BYTES = 1 << 20
_LOOKED_AT_LINES = 100


def shape(stream: IO[bytes]) -> Shape:
    """An array, an object a line, or objects that span lines. An empty file has lines, none of them."""
    head = stream.read(_LOOKED_AT_BYTES).removeprefix(b"\xef\xbb\xbf")
    start = head.lstrip()[:1]
    if start == b"[":
        return "array"
    lines = head.splitlines()[:_LOOKED_AT_LINES]
    if start == b"{" and not any(_is_object(line) for line in lines):
        return "unstructured"
    return "newline_delimited"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def steps(path: str) -> list[str]:
    """data.items, $.data.items and /data/items are one path."""
    return [step for step in (path.split("/") if "/" in path else re.sub(r"^\$\.?", "", path).split(".")) if step]


def in_document(stream: IO[bytes], path: str | None) -> Iterator[str]:
    """Each record under `path` (None: the file is an array or a row of objects) as JSON text. An object instead of a list is one record.

    Raises UnreadableFile where the text is no JSON, after the records before that, or holds nothing at the path.
    """
    prefix = ".".join(steps(path)) if path else ""
    inside = f"{prefix}.item" if prefix else "item"
    builder: ObjectBuilder | None = None
    found, depth = False, 0
    try:
        # Several values in a row are read as well: objects that span lines need nothing between them.
        for at, event, value in ijson.parse(stream, multiple_values=not prefix):
            if builder is None:
                if at == prefix and event in ("start_array", "end_array"):
                    found = True
                    continue
                if at not in (prefix, inside) or event in ("end_map", "end_array", "map_key"):
                    continue
                builder, found = ObjectBuilder(), True
            builder.event(event, value)
            depth += (event in _STARTS) - (event in _ENDS)
            if depth == 0:
                yield dumped(builder.value)
                builder = None
    except (IncompleteJSONError, JSONError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"the file is not JSON: {' '.join(str(error).split())[:200]}") from error
    if prefix and not found:
        raise UnreadableFile(f"the document holds nothing at {path}; correct recordsPath")


_STARTS = ("start_map", "start_array")
_ENDS = ("end_map", "end_array")
