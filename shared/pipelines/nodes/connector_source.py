"""connector_source: rows that enter, from a table, a query or a path of a connector. The connector's own settings stand beside these."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validates_schema

from shared.pipelines.nodes.fields import Expression, NotYet, Type, statement, text, texts
from shared.pipelines.nodes.types import NodeType

# What says which object is read; exactly one of them.
OBJECTS = ("table", "query", "path")


class ConnectorSourceConfig(Schema):
    connector = text("Connector", required=True)
    table = text("Table")
    query = statement("Query")
    path = text("Path or glob")
    columns = texts("Only these columns")
    where = Expression(metadata={"title": "Only rows for which this is true"})
    format = text("Format")
    options = fields.Dict(keys=fields.String(), load_default=dict, metadata={"title": "Options of the format"})
    schema = fields.Dict(
        keys=fields.String(),
        values=Type(),
        metadata={"title": "Types by column", "description": "Instead of those inferred; a value that does not fit is a rejected line"},
    )
    incremental = NotYet()
    postQuery = NotYet()
    endpoint = NotYet()

    @validates_schema
    def _one_object(self, data: dict[str, object], **_: object) -> None:
        given = [key for key in OBJECTS if key in data]
        if len(given) != 1:
            raise ValidationError(
                f"give exactly one of {', '.join(OBJECTS)}" + (f", not {' and '.join(given)}" if given else ""),
                given[-1] if given else "table",
            )


CONNECTOR_SOURCE = NodeType("connector_source", "source", "Source", ConnectorSourceConfig, (0, 0), lambda _: ("out",))
