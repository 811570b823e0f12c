"""files: a folder on this machine, and the files under it."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from shared.connectors.protocols import Spec

FORMATS = ("csv", "tsv", "json", "jsonl", "parquet")


def _absolute(value: str) -> None:
    if not value.startswith("/"):
        raise ValidationError(f"root is {value!r}; it must be an absolute folder, since each process has its own current folder")


class FilesConfig(Schema):
    root = fields.String(required=True, validate=_absolute, metadata={"title": "Folder", "description": "Absolute; no path may leave it"})


class CsvOptions(Schema):
    delimiter = fields.String(validate=validate.Length(equal=1), metadata={"title": "Delimiter"})
    quote = fields.String(validate=validate.Length(max=1), metadata={"title": "Quote"})
    escape = fields.String(validate=validate.Length(max=1), metadata={"title": "Escape"})
    header = fields.Boolean(metadata={"title": "First line holds the names"})
    encoding = fields.String(metadata={"title": "Encoding"})
    nullValues = fields.List(fields.String(), metadata={"title": "Texts that mean NULL"})
    decimal = fields.String(validate=validate.OneOf((".", ",")), metadata={"title": "Decimal sign"})
    dateFormat = fields.String(metadata={"title": "Date format, as strftime"})
    timestampFormat = fields.String(metadata={"title": "Timestamp format, as strftime"})
    skipRows = fields.Integer(validate=validate.Range(min=0), metadata={"title": "Lines to skip at the start"})


class FilesSource(Schema):
    path = fields.String(required=True, metadata={"title": "Path or glob under the folder"})
    format = fields.String(validate=validate.OneOf(FORMATS), metadata={"title": "Format; by the file's ending where left out"})
    options = fields.Nested(CsvOptions, metadata={"title": "Options of the format"})


class FilesSink(FilesSource):
    path = fields.String(required=True, metadata={"title": "File, or for INSERT the folder that gets one more part"})


SPEC = Spec(
    type="files",
    title="Files in a folder",
    config_schema=FilesConfig,
    source_schema=FilesSource,
    sink_schema=FilesSink,
    write_modes=("INSERT", "OVERWRITE"),
)
