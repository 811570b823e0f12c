"""Dead letters as a file: JSON lines and CSV as they come, Parquet whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.api.recipes.parquet import parquet

TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
# Numbers stay numbers where the format has them.
_NUMBERS = ("position", "retry_count")
_COLUMNS = (
    "id",
    "run",
    "pipeline",
    "node",
    "kind",
    "rule",
    "state",
    "error_message",
    "position",
    "retry_count",
    "timestamp",
    "original_record",
    "record",
    "replayRun",
    "changedAt",
    "changedBy",
)
_RECORDS = ("original_record", "record")
_AT_ONCE = 500


def exported(form: str, letters: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """`letters` as the API tells them, but with records as the JSON texts they are: so they keep all their digits."""
    if form == "parquet":
        kinds = {name: "integer" if name in _NUMBERS else "text" for name in _COLUMNS}
        return parquet(kinds, (_flat(letter) for letter in letters))
    return _csv(letters) if form == "csv" else _lines(letters)


def _lines(letters: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for some in _some(letters):
        yield "".join(f"{_line(letter)}\n" for letter in some).encode()


def _line(letter: Mapping[str, Any]) -> str:
    parts = (
        f"{json.dumps(key)}: {(value or 'null') if key in _RECORDS else json.dumps(value, ensure_ascii=False)}"
        for key, value in letter.items()
    )
    return "{" + ", ".join(parts) + "}"


def _csv(letters: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\r\n")
    written.writerow(_COLUMNS)
    for some in _some(letters):
        written.writerows(_flat(letter) for letter in some)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _flat(letter: Mapping[str, Any]) -> list[Any]:
    pipeline = f"{letter['pipeline']['namespace']}/{letter['pipeline']['name']}"
    return [pipeline if name == "pipeline" else letter[name] for name in _COLUMNS]


def _some(letters: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    some: list[Mapping[str, Any]] = []
    for letter in letters:
        some.append(letter)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
