"""connector_sink: rows that leave, into a table or a path of a connector."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.pipelines.nodes.fields import NotYet, text, texts
from shared.pipelines.nodes.sorter import SortKey
from shared.pipelines.nodes.types import NodeType


class ConnectorSinkConfig(Schema):
    connector = text("Connector", required=True)
    table = text("Table")
    path = text("Path")
    writeMode = fields.String(required=True, validate=validate.OneOf(("INSERT", "UPSERT", "OVERWRITE")), metadata={"title": "Write mode"})
    upsertKeys = texts("Keys of UPSERT", load_default=list)
    orderBy = fields.List(
        fields.Nested(SortKey), load_default=list, metadata={"title": "Which of two rows with one key wins: the last in this order"}
    )
    createTable = fields.Boolean(load_default=False, metadata={"title": "Make the table where it is missing"})
    batchSize = fields.Integer(load_default=1000, validate=validate.Range(min=1), metadata={"title": "Rows a statement"})
    format = text("Format")
    options = fields.Dict(keys=fields.String(), load_default=dict, metadata={"title": "Options of the format"})
    delivery = NotYet()
    schemaEvolution = NotYet()
    partitionBy = NotYet()
    updatedAtColumn = NotYet()

    @validates_schema
    def _consistent(self, data: dict[str, object], **_: object) -> None:
        if ("table" in data) == ("path" in data):
            raise ValidationError("give either table or path", "table")
        if data["writeMode"] == "UPSERT" and not data["upsertKeys"]:
            raise ValidationError("UPSERT needs upsertKeys: the columns that say which row is the same", "upsertKeys")


CONNECTOR_SINK = NodeType("connector_sink", "sink", "Sink", ConnectorSinkConfig, (1, 1), lambda _: ("out", "error"))
