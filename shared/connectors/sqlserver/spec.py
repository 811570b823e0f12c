"""sqlserver: tables and queries of a Microsoft SQL Server."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class SqlserverConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Server"})
    port = fields.Integer(load_default=1433, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    database = fields.String(required=True, metadata={"title": "Database"})
    user = fields.String(required=True, metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(load_default="dbo", metadata={"title": "Schema of tables that are named without one"})


SPEC = Spec(
    type="sqlserver",
    title="SQL Server",
    config_schema=SqlserverConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="tsql",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
