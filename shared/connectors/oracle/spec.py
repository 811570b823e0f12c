"""oracle: tables and queries of an Oracle database."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class OracleConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Host"})
    port = fields.Integer(load_default=1521, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    service = fields.String(required=True, metadata={"title": "Service name"})
    user = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(metadata={"title": "Schema of tables that are named without one", "description": "Default: the user's own"})


SPEC = Spec(
    type="oracle",
    title="Oracle",
    config_schema=OracleConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="oracle",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
