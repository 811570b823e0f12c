"""The options of a file, as a recipe says them, and as a frozen value with defaults in place.

Nothing is sniffed at read time: what is not said is the format's default, so that a file is read the same way every day.
An empty field of a csv or tsv file is NULL, and one in quotes the empty text, as in PostgreSQL; texts of `nullValues` are NULL, quoted or
not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from shared.formats.errors import BadOptions

# By every usual spelling. DuckDB reads the first three itself; a file in another one is written anew in utf-8 before it reads it.
ENCODINGS: dict[str, str] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "utf-8",
    "latin-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-1": "latin-1",
    "utf-16": "utf-16",
    "utf16": "utf-16",
    "windows-1250": "windows-1250",
    "cp1250": "windows-1250",
    "iso-8859-2": "iso-8859-2",
    "latin-2": "iso-8859-2",
    "latin2": "iso-8859-2",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
}
NATIVE_ENCODINGS = ("utf-8", "latin-1", "utf-16")


def _text(title: str, description: str, **rules: Any) -> fields.String:
    return fields.String(metadata={"title": title, "description": description}, **rules)


class FileOptions(Schema):
    """How a file is written; which of it a format has is in `OPTIONS_OF`."""

    delimiter = _text("Delimiter", "Between two fields; a comma, and a tab for tsv.", validate=validate.Length(min=1, max=4))
    quote = _text("Quote", "Around a field that holds a delimiter; empty: fields are never quoted.", validate=validate.Length(max=1))
    escape = _text("Escape", "Before a quote inside a quoted field; the quote itself unless said.", validate=validate.Length(max=1))
    header = fields.Boolean(metadata={"title": "Header", "description": "The first line names the columns (default: true)."})
    encoding = _text(
        "Encoding", "utf-8 (default), utf-16, latin-1, iso-8859-2, windows-1250, windows-1252.", validate=validate.OneOf(sorted(ENCODINGS))
    )
    nullValues = fields.List(
        fields.String(),
        metadata={"title": "Null values", "description": "Texts that mean NULL, in quotes too (default: an empty field without quotes)."},
    )
    decimal = _text("Decimal mark", "A point (default) or a comma.", validate=validate.OneOf([".", ","]))
    dateFormat = _text("Date format", "As strptime writes it, such as %d.%m.%Y; ISO 8601 unless said.")
    timestampFormat = _text("Timestamp format", "As strptime writes it; ISO 8601 unless said.")
    skipRows = fields.Integer(metadata={"title": "Rows to skip", "description": "Lines before the header."}, validate=validate.Range(min=0))
    sheet = _text("Sheet", "Of a workbook: its name; the first one unless said.", validate=validate.Length(min=1, max=31))
    recordsPath = _text(
        "Path to the records",
        "Inside a document: data.items or /orders/order; of JSON the whole file, of XML what is in the root unless said.",
    )


_TEXTS = ("nullValues", "dateFormat", "timestampFormat")
_DELIMITED = ("delimiter", "quote", "escape", "header", "encoding", "decimal", "skipRows", *_TEXTS)
# What may be said of each format; anything else would be ignored, and is refused.
OPTIONS_OF: dict[str, tuple[str, ...]] = {
    "csv": _DELIMITED,
    "tsv": _DELIMITED,
    "json": ("recordsPath", *_TEXTS),
    "jsonl": _TEXTS,
    "xlsx": ("sheet", "header", "skipRows", *_TEXTS),
    "xml": ("recordsPath", *_TEXTS),
    "parquet": (),
    "avro": (),
}


def check_options(format_name: str, options: Mapping[str, Any]) -> None:
    """Raises BadOptions for one that the format does not have."""
    for option in options:
        if option not in OPTIONS_OF[format_name]:
            there = ", ".join(OPTIONS_OF[format_name])
            raise BadOptions(f"{format_name} has no option {option}: " + (f"it has {there}" if there else "leave it out"))


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """`quote` and `escape` are empty where the file has none. `quoted_nulls`: a field in quotes may be NULL, too."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ("",)
    quoted_nulls: bool = False
    decimal: str = "."
    date_format: str | None = None
    timestamp_format: str | None = None
    skip_rows: int = 0


def csv_dialect(format_name: str, options: Mapping[str, Any]) -> CsvDialect:
    """The dialect of a csv or tsv file. Raises BadOptions for what cannot be read back."""
    quote = options.get("quote", '"')
    dialect = CsvDialect(
        delimiter=options.get("delimiter", "\t" if format_name == "tsv" else ","),
        quote=quote,
        escape=options.get("escape", quote),
        header=options.get("header", True),
        encoding=ENCODINGS[str(options.get("encoding", "utf-8")).lower()],
        null_values=tuple(options.get("nullValues", ("",))),
        quoted_nulls=bool(options.get("nullValues")),
        decimal=options.get("decimal", "."),
        date_format=options.get("dateFormat"),
        timestamp_format=options.get("timestampFormat"),
        skip_rows=options.get("skipRows", 0),
    )
    if dialect.quote and dialect.quote in dialect.delimiter:
        raise BadOptions(f"quote and delimiter are both '{dialect.quote}': choose two different ones")
    if dialect.decimal == dialect.delimiter:
        raise BadOptions(f"decimal and delimiter are both '{dialect.decimal}': choose two different ones")
    return dialect


@dataclass(frozen=True, slots=True)
class Texts:
    """How the texts of records (JSON, XML, Excel) are to be taken. `numbers`: all values are texts, so that a text may be a number."""

    null_values: tuple[str, ...] = ()
    date_format: str | None = None
    timestamp_format: str | None = None
    numbers: bool = False


PLAIN = Texts()


def texts_of(format_name: str, options: Mapping[str, Any]) -> Texts:
    """XML knows nothing but texts, and its empty elements are NULL, as a CSV's empty fields are, unless `nullValues` says otherwise."""
    xml = format_name == "xml"
    return Texts(
        tuple(options.get("nullValues", ("",) if xml else ())),
        options.get("dateFormat"),
        options.get("timestampFormat"),
        xml,
    )
