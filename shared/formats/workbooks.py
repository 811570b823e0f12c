"""Excel workbooks, a row at a time: read as lines of JSON, written from batches. What memory holds of a workbook are its shared texts.

A cell's number is a double, as Excel's are; whole ones are integers. Dates without a time of day in their cell's format are dates. What
Excel cannot hold as a number or a date without changing it is written as text: numbers of more than 15 digits, dates before March 1900,
and times with a zone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from shared.formats.errors import BadOptions, UnfitRows, UnreadableFile
from shared.formats.header import distinct_names

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767
# Excel's calendar has a 29 February 1900 that never was; from here on it agrees with everyone's.
_FIRST_DAY = date(1900, 3, 1)
_DIGITS = 15
# Of the parts of a workbook that memory holds as a whole: its shared texts, and each of the others (styles, names of sheets).
MOST_TEXTS_BYTES = 256_000_000
MOST_PART_BYTES = 16_000_000
_NOT_HELD = ("xl/worksheets/sheet", "xl/drawings/", "xl/charts/", "xl/pivotCache/", "xl/externalLinks/", "customXml/")
# As files begin that are no zip: what Excel encrypts, and its older kinds.
_OLD_BINARY = bytes.fromhex("d0cf11e0a1b11ae1")


def records(stream: IO[bytes], options: Mapping[str, Any]) -> Iterator[str | None]:
    """A row of the sheet each, from the first: None where it holds no record (up to the header). An empty row between others is a record of
    NULLs; after the last one there are none, however far the sheet is formatted.

    `stream` can seek. Raises UnreadableFile for what is no workbook, and BadOptions for a sheet that it does not have.
    """
    _check_parts(stream)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, ParseError, OSError) as error:
        raise UnreadableFile(f"the file is no Excel workbook of the kind xlsx: {error}") from error
    try:
        wanted = options.get("sheet")
        if wanted is not None and wanted not in book.sheetnames:
            raise BadOptions(f"the workbook has no sheet {wanted}: it has {', '.join(book.sheetnames)}")
        sheet = book[wanted or book.sheetnames[0]]
        # What a file says of its own size may be wrong, and rows beyond it would be lost.
        sheet.reset_dimensions()
        yield from _rows(sheet, options)
    except (zipfile.BadZipFile, ParseError) as error:
        raise UnreadableFile(f"the workbook is broken: {error}") from error
    finally:
        book.close()


def _check_parts(stream: IO[bytes]) -> None:
    """A zip says how large its parts are before they are unpacked, and is believed: nothing beyond that is read of one."""
    locked = stream.read(len(_OLD_BINARY)) == _OLD_BINARY
    stream.seek(0)
    if locked:
        raise UnreadableFile("the workbook has a password, or is an .xls of Excel 97 to 2003; save it as .xlsx without a password")
    try:
        parts = zipfile.ZipFile(stream).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile(f"the file is no Excel workbook of the kind xlsx: {error}; save it as .xlsx anew") from error
    finally:
        stream.seek(0)
    for part in parts:
        # Sheets are read a row at a time, and what no cell needs is not read.
        held = part.filename.endswith((".xml", ".rels")) and not part.filename.startswith(_NOT_HELD)
        most = MOST_TEXTS_BYTES if part.filename.lower().endswith("sharedstrings.xml") else MOST_PART_BYTES
        if held and part.file_size > most:
            raise UnreadableFile(
                f"the workbook's part {part.filename} unpacks to {part.file_size / 1e6:.0f} MB, and memory is given to {most / 1e6:.0f} MB"
                " of it; save the sheet as csv, or without its formatting"
            )


def _rows(sheet: Any, options: Mapping[str, Any]) -> Iterator[str | None]:
    names: tuple[str, ...] = ()
    empty = 0
    for number, row in enumerate(sheet.iter_rows()):
        values = [_value(cell) for cell in row]
        while values and values[-1] is None:
            values.pop()
        if number < options.get("skipRows", 0) or (not values and not names):
            yield None
        elif not values:
            empty += 1
        elif not names and options.get("header", True):
            names = distinct_names(["" if value is None else str(value) for value in values])
            yield None
        else:
            if not options.get("header", True) and len(names) < len(values):
                names += tuple(f"column{at}" for at in range(len(names), len(values)))
            yield from ["{}"] * empty
            empty = 0
            if len(values) > len(names):
                # More cells than the header has names: no record, but not silently a shorter one either.
                yield json.dumps(values, ensure_ascii=False)
            else:
                padded = values + [None] * (len(names) - len(values))
                yield json.dumps(dict(zip(names, padded, strict=True)), ensure_ascii=False)


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, datetime):
        as_date = value.time() == time() and not {"h", "s"} & set(str(cell.number_format).lower())
        return value.date().isoformat() if as_date else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_DIGITS:
        return int(value)
    return value


def write(batches: pa.RecordBatchReader, path: str, options: Mapping[str, Any]) -> int:
    """Rows written. Raises UnfitRows for what a sheet does not take, before the file is whole."""
    names = batches.schema.names
    if len(names) > MOST_COLUMNS:
        raise UnfitRows(f"a sheet of Excel has {MOST_COLUMNS} columns, and there are {len(names)}; write csv or parquet")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(options.get("sheet", "Sheet1"))
    count = 0
    header = options.get("header", True)
    if header:
        sheet.append([_text(name) for name in names])
    for batch in batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            count += 1
            if count + header > MOST_ROWS:
                raise UnfitRows(f"a sheet of Excel has {MOST_ROWS} rows, and there are more; write csv or parquet")
            try:
                sheet.append([_cell(sheet, value) for value in row])
            except UnfitRows as unfit:
                raise UnfitRows(f"row {count}: {unfit.message}") from unfit
    book.save(path)
    return count


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        exact = len(Decimal(value).normalize().as_tuple().digits) <= _DIGITS
        return value if exact else _text(str(value))
    if isinstance(value, float):
        # Excel has no NaN and no infinities, nor more than 15 digits of its own; Python writes 17, which it reads back.
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, datetime):
        fits = value.tzinfo is None and value.date() >= _FIRST_DAY and value.microsecond % 1000 == 0
        return value if fits else value.isoformat(" ")
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else value.isoformat()
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, bytes):
        # As DuckDB spells it, in JSON too.
        return _text("".join(chr(one) if 32 <= one < 127 and one not in b"\\'\"" else f"\\x{one:02X}" for one in value))
    if isinstance(value, list | dict):
        return _text(json.dumps(value, ensure_ascii=False, default=str))
    return _text(str(value), sheet)


def _text(value: str, sheet: Any = None) -> Any:
    """Text as text: what begins with an equals sign is no formula."""
    if len(value) > LONGEST_TEXT:
        raise UnfitRows(f"a cell of Excel holds {LONGEST_TEXT} characters, and one of its texts has {len(value)}; write csv or parquet")
    if ILLEGAL_CHARACTERS_RE.search(value):
        raise UnfitRows(f"a cell of Excel holds no control characters, and {value[:40]!r} does; write csv or parquet")
    if sheet is None or not value.startswith("="):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell
