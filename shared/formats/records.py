"""Files that no engine reads without loss, as lines of JSON: one record after the other, so that all of them get their types, their
rejected records and their inference in the one way that JSON has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from shared.formats import json_records, xml_records
from shared.formats.names import FileFormat
from shared.formats.unpacking import unpacked


def is_converted(file: FileFormat, options: Mapping[str, Any]) -> bool:
    return file.name in ("xlsx", "xml") or (file.name == "json" and bool(options.get("recordsPath")))


def converted(stream: IO[bytes], file: FileFormat, options: Mapping[str, Any]) -> Iterator[str | None]:
    """The records of a file as it lies there, in order; None takes the place of what holds none, so that a record's number is its row's.

    Raises UnreadableFile, after the records before that, where the file is not what its format promises.
    """
    path = options.get("recordsPath")
    if file.name == "xlsx":
        # Heavy, and most workers never see a workbook.
        from shared.formats import workbooks

        return workbooks.records(stream, options)
    if file.name == "xml":
        return xml_records.records(unpacked(stream, file), path)
    return json_records.in_document(unpacked(stream, file), path)


def sample(stream: IO[bytes], file: FileFormat, options: Mapping[str, Any], count: int) -> list[str]:
    """The first `count` records of a file of JSON, or of one that can be converted; lines that hold none are left out."""
    found: list[str] = []
    for record in _records(stream, file, options):
        if record is not None:
            found.append(record)
        if len(found) == count:
            break
    return found


def _records(stream: IO[bytes], file: FileFormat, options: Mapping[str, Any]) -> Iterator[str | None]:
    if is_converted(file, options):
        return converted(stream, file, options)
    if file.name == "json":
        shape = json_records.shape(unpacked(stream, file))
        stream.seek(0)
        if shape != "newline_delimited":
            return json_records.in_document(unpacked(stream, file), None)
    lines = (line.decode("utf-8", "replace").strip().removeprefix("\ufeff") for line in unpacked(stream, file))
    return (line for line in lines if is_object(line))


def is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
