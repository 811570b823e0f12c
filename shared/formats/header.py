"""The first line of a delimited file, and a sample of its records, read by the standard library: a few kilobytes,
whatever the file's size.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from shared.formats.encodings import told
from shared.formats.errors import BadOptions, UnreadableFile
from shared.formats.options import CsvDialect

_PYTHON_ENCODINGS = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "utf-16": "utf-16"}
_OTHER_DELIMITERS = (";", "\t", "|", ",")

csv.field_size_limit(2_000_000)


@dataclass(frozen=True, slots=True)
class FirstRecord:
    r"""`texts`: empty where the file has none. `line_end`: how it ends (\n, \r\n, \r, or "" at the end of the file). `broken`: it holds a
    line break of its own, inside quotes; engines take the first line break that they see for the end of all lines, and lose every row
    where the two differ.
    """

    texts: list[str]
    line_end: str
    broken: bool


def first_record(stream: IO[bytes], dialect: CsvDialect) -> FirstRecord:
    """Raises UnreadableFile as `records` does."""
    lines: list[str] = []
    found = _records(stream, dialect, 1, lines)
    last = lines[-1] if lines else ""
    broken = len([line for line in lines if line.strip("\r\n")]) > 1
    return FirstRecord(found[0] if found else [], last[len(last.rstrip("\r\n")) :], broken)


def records(stream: IO[bytes], dialect: CsvDialect, count: int) -> list[list[str | None]]:
    """The first `count` records after the rows to skip, the header among them, None for what is NULL. A broken last record is left out.

    Raises UnreadableFile when the text is not in the encoding said.
    """
    lines: list[str] = []
    ends: list[int] = []
    found = _records(stream, dialect, count, lines, ends)
    starts = [0, *ends]
    return [_with_nulls(record, "".join(lines[start:end]), dialect) for record, start, end in zip(found, starts, ends, strict=False)]


def fields(raw: str, dialect: CsvDialect) -> list[str | None]:
    """Those of one record, as the file has it; None for what is NULL."""
    if len(dialect.delimiter) > 1:
        return _with_nulls(raw.rstrip("\r\n").split(dialect.delimiter), raw, dialect)
    return _with_nulls(next(csv.reader(io.StringIO(raw, newline=""), **arguments(dialect)), []), raw, dialect)


def _with_nulls(record: list[str], raw: str, dialect: CsvDialect) -> list[str | None]:
    """`raw`: the record as the file has it, which alone says whether an empty field is in quotes."""
    kept = _quoted_empty(raw.lstrip("\r\n"), dialect) if dialect.quote and not dialect.quoted_nulls and dialect.quote * 2 in raw else ()
    return [None if text in dialect.null_values and at not in kept else text for at, text in enumerate(record)]


def _quoted_empty(raw: str, dialect: CsvDialect) -> set[int]:
    delimiter, quote, escape = (re.escape(sign) for sign in (dialect.delimiter, dialect.quote, dialect.escape or dialect.quote))
    inside = rf"[^{quote}]|{quote}{quote}" if escape == quote else rf"[^{quote}{escape}]|{escape}."
    fields = re.finditer(rf"({quote}(?:{inside})*+{quote})?+(?:(?!{delimiter})[^\r\n])*+({delimiter}|)", raw, re.DOTALL)
    found: set[int] = set()
    for at, field in enumerate(fields):
        if field[0].removesuffix(field[2]) == dialect.quote * 2:
            found.add(at)
        if not field[2]:
            break
    return found


def _records(stream: IO[bytes], dialect: CsvDialect, count: int, lines: list[str], ends: list[int] | None = None) -> list[list[str]]:
    """`lines` gets the lines of the file that the records were made of, `ends` how many of them each record and those before it took."""
    text = io.TextIOWrapper(stream, encoding=_PYTHON_ENCODINGS.get(dialect.encoding, dialect.encoding), errors="strict", newline="")

    def kept() -> Iterator[str]:
        for line in text:
            lines.append(line)
            yield line

    try:
        for _ in range(dialect.skip_rows):
            text.readline()
        found: list[list[str]] = []
        split = (line.rstrip("\r\n").split(dialect.delimiter) for line in kept())
        for record in split if len(dialect.delimiter) > 1 else csv.reader(kept(), **arguments(dialect)):
            if record:
                found.append(record)
                if ends is not None:
                    ends.append(len(lines))
            if len(found) == count:
                break
        return found
    except UnicodeError as problem:
        raise UnreadableFile(
            f"the first lines cannot be read as {dialect.encoding} text ({problem}); {told(problem, dialect.encoding)}"
        ) from problem
    except csv.Error as problem:
        raise UnreadableFile(f"the first lines cannot be read as {dialect.encoding} text: {problem}") from problem
    finally:
        text.detach()


def arguments(dialect: CsvDialect) -> dict[str, Any]:
    """For Python's own reader."""
    arguments: dict[str, Any] = {"delimiter": dialect.delimiter, "strict": False}
    if not dialect.quote:
        return arguments | {"quoting": csv.QUOTE_NONE}
    doubled = dialect.escape == dialect.quote
    return arguments | {"quotechar": dialect.quote, "doublequote": doubled, "escapechar": None if doubled else dialect.escape or None}


def column_names(first: Sequence[str], dialect: CsvDialect) -> tuple[str, ...]:
    """Names for the columns of a first record: its own texts, made distinct, or column0, column1 … where there is no header."""
    if not dialect.header:
        return tuple(f"column{position}" for position in range(len(first)))
    return distinct_names(first)


def distinct_names(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts of a header as names of columns: kept as they are where they are distinct, column and position where they are blank."""
    taken: set[str] = set()
    names: list[str] = []
    for position, text in enumerate(texts):
        plain = text if text.strip() else f"column{position}"
        name = plain
        for number in itertools.count(1):
            # Names that differ in case only are one name to SQL engines.
            if name.lower() not in taken:
                break
            name = f"{plain}_{number}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def check_columns(path: str, names: Sequence[str], other: str, wanted: Sequence[str]) -> None:
    """Raises UnreadableFile where two files have not the same columns, in whatever order."""
    if sorted(names) != sorted(wanted):
        raise UnreadableFile(f"{path} has the columns {', '.join(names)}, and {other} {', '.join(wanted)}; read them apart")


def check_delimiter(path: str, names: Sequence[str], dialect: CsvDialect) -> None:
    """Raises BadOptions when the only column's name shows that the file is divided by something else."""
    if dialect.header and len(names) == 1:
        for other in _OTHER_DELIMITERS:
            if other != dialect.delimiter and names[0].count(other):
                shown = "\\t" if other == "\t" else other
                raise BadOptions(f"'{path}' looks divided by '{shown}', not '{dialect.delimiter}': set options.delimiter: '{shown}'")
