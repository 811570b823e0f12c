"""hana: tables and queries of a SAP HANA database."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class HanaConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Host"})
    port = fields.Integer(load_default=443, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    user = fields.String(required=True, metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(required=True, metadata={"title": "Schema of tables that are named without one"})


SPEC = Spec(
    type="hana",
    title="SAP HANA",
    config_schema=HanaConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="hana",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
