"""What a node says of a connector that holds tables."""

from __future__ import annotations

from marshmallow import Schema, fields


class TableSource(Schema):
    table = fields.String(metadata={"title": "Table, or schema.table"})
    query = fields.String(metadata={"title": "Query"})


class TableSink(Schema):
    table = fields.String(required=True, metadata={"title": "Table, or schema.table"})
    createTable = fields.Boolean(metadata={"title": "Make the table where it is missing"})
