"""What a webhook was sent: its body as a document, and as rows.

JSON, JSON lines and CSV become the same thing, rows by column, so that what reads them need not know how they came. Envelopes of Debezium
become the change that they tell of: the columns as they are after it, or as they were before a delete, with what was done in `_op` and when
in `_ts`. Numbers keep all their digits.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.errors import DataError
from shared.formats import exact_json

# How a body is written, by what its sender says of it.
KINDS: Mapping[str, str] = {
    "application/json": "json",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "text/csv": "csv",
}
OPERATION, AT = "_op", "_ts"
# What Debezium calls what was done. Of `m`, a message, no row tells.
_CHANGES = ("c", "r", "u", "d")


class BadPayload(DataError):
    """The body is not what it should be; the sentence says where."""

    code = "bad_payload"


def document(body: bytes, kind: str) -> Any:
    """The body, of one of KINDS' values, as a JSON value; of lines and of CSV a list of objects. Raises BadPayload."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPayload(f"the body is not UTF-8 (byte {error.start + 1} of it)") from error
    if kind == "csv":
        return list(_of_csv(text))
    if kind == "jsonl":
        return [_value(line, f"line {number}") for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return _value(text, "the body")


def rows(found: Any) -> list[dict[str, Any]]:
    """The rows of a document: a list of objects, or one object, each as it is or, of an envelope, what it tells. Raises BadPayload."""
    listed = found if isinstance(found, list) else [found]
    made = []
    for number, one in enumerate(listed, start=1):
        if not isinstance(one, Mapping):
            raise BadPayload(f"row {number} of the body is {_called(one)}; rows are JSON objects, columns by name")
        row = _changed(_unwrapped(one), number)
        if row is not None:
            made.append(row)
    return made


def lines(found: Sequence[Mapping[str, Any]]) -> str:
    """Rows as lines of JSON, each with its line end."""
    return "".join(f"{exact_json.dumps(row)}\n" for row in found)


def _value(text: str, where: str) -> Any:
    try:
        return exact_json.loads(text)
    except json.JSONDecodeError as error:
        raise BadPayload(f"{where} is not JSON: {error}") from error
    except exact_json.NoNumber as error:
        raise BadPayload(f"{where} is not JSON: {error}") from error
    except RecursionError as error:
        raise BadPayload(f"{where} is nested too deeply") from error
    except ValueError as error:
        raise BadPayload(f"{where} holds a number of thousands of digits, which nothing here takes") from error


def _of_csv(text: str) -> Iterator[dict[str, str | None]]:
    """By the names in its first line. A cell without anything in it is no value."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if not header or "" in header or len(set(header)) < len(header):
            raise BadPayload("the first line of the CSV must name its columns, each once")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadPayload(f"line {reader.line_num} of the CSV has {len(cells)} cells, and its header names {len(header)} columns")
            yield {name: cell or None for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise BadPayload(f"line {reader.line_num} of the body is not CSV: {error}") from error


def _unwrapped(one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Kafka Connect's JSON with its schema: {schema, payload}. None: a tombstone."""
    if set(one) == {"schema", "payload"} and (one["payload"] is None or isinstance(one["payload"], Mapping)):
        inner: Mapping[str, Any] | None = one["payload"]
        return inner
    return one


def _changed(one: Mapping[str, Any] | None, number: int) -> dict[str, Any] | None:
    """The row; None for what tells of none."""
    if one is None:
        return None
    done = one.get("op")
    if done == "m" and "source" in one:
        return None
    if done not in (*_CHANGES, "t") or not ("source" in one or {"before", "after"} <= set(one)):
        return dict(one)
    if done == "t":
        raise BadPayload(f"row {number} tells that the table was truncated, which cannot be applied as rows; truncate the target by hand")
    image = one.get("before" if done == "d" else "after")
    if not isinstance(image, Mapping):
        lacks = "before; set REPLICA IDENTITY FULL for the table" if done == "d" else "after"
        raise BadPayload(f"row {number} is a change ('{done}') without {lacks}")
    return {**image, OPERATION: done, AT: _time(one)}


def _time(one: Mapping[str, Any]) -> str | None:
    """When it was done at the source, else when Debezium saw it; RFC 3339."""
    source = one.get("source")
    said = source.get("ts_ms") if isinstance(source, Mapping) else None
    said = one.get("ts_ms") if said is None else said
    if not isinstance(said, int) or isinstance(said, bool):
        return None
    try:
        return datetime.fromtimestamp(said / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return None


def _called(value: Any) -> str:
    return {str: "a text", list: "a list", bool: "true or false", type(None): "null"}.get(type(value), "a number")
