"""What a node says of a connector that holds tables."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields


class TableSource(Schema):
    table = fields.String(metadata={"title": "Table, or schema.table"})
    query = fields.String(metadata={"title": "Query"})


class TableSink(Schema):
    table = fields.String(required=True, metadata={"title": "Table, or schema.table"})
    createTable = fields.Boolean(metadata={"title": "Make the table where it is missing"})


def absolute(value: str) -> None:
    """Of a database that is a file."""
    if not value.startswith("/"):
        raise ValidationError(f"path is {value!r}; it must be an absolute path, since each process has its own current folder")
