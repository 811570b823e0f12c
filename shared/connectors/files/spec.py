"""files: a folder on this machine, and the files under it."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from shared.connectors.protocols import Spec
from shared.formats import FORMATS, FileOptions


def _absolute(value: str) -> None:
    if not value.startswith("/"):
        raise ValidationError(f"root is {value!r}; it must be an absolute folder, since each process has its own current folder")


class FilesConfig(Schema):
    root = fields.String(required=True, validate=_absolute, metadata={"title": "Folder", "description": "Absolute; no path may leave it"})


class FilesSource(Schema):
    path = fields.String(required=True, metadata={"title": "Path or glob under the folder"})
    format = fields.String(validate=validate.OneOf(list(FORMATS)), metadata={"title": "Format; by the file's ending where left out"})
    options = fields.Nested(FileOptions, metadata={"title": "Options of the format"})


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
