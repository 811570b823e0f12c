"""databricks: tables and queries of a Databricks SQL warehouse."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class DatabricksConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Server hostname"})
    httpPath = fields.String(required=True, metadata={"title": "HTTP path of the warehouse"})
    accessToken = fields.String(required=True, metadata={"title": "Access token"})
    catalog = fields.String(metadata={"title": "Catalog"})
    schema = fields.String(load_default="default", metadata={"title": "Schema of tables that are named without one"})


SPEC = Spec(
    type="databricks",
    title="Databricks",
    config_schema=DatabricksConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("accessToken",),
    dialect="databricks",
    write_modes=(),
    reads_pushed=True,
)
