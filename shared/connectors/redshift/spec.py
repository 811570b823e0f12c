"""redshift: tables and queries of a Amazon Redshift cluster."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class RedshiftConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Host"})
    port = fields.Integer(load_default=5439, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    database = fields.String(required=True, metadata={"title": "Database"})
    user = fields.String(required=True, metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(load_default="public", metadata={"title": "Schema of tables that are named without one"})


SPEC = Spec(
    type="redshift",
    title="Amazon Redshift",
    config_schema=RedshiftConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="redshift",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
