"""teradata: tables and queries of a Teradata database."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class TeradataConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Host"})
    port = fields.Integer(load_default=1025, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    database = fields.String(required=True, metadata={"title": "Database of tables that are named without one"})
    user = fields.String(required=True, metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})


SPEC = Spec(
    type="teradata",
    title="Teradata",
    config_schema=TeradataConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="teradata",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
