"""clickhouse: tables and queries of a ClickHouse server, over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class ClickhouseConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Host"})
    port = fields.Integer(
        validate=validate.Range(1, 65535), metadata={"title": "Port of its HTTP interface", "description": "Default: 8123, with TLS 8443"}
    )
    database = fields.String(load_default="default", metadata={"title": "Database of tables that are named without one"})
    user = fields.String(load_default="default", metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    secure = fields.Boolean(load_default=False, metadata={"title": "TLS"})
    verify = fields.Boolean(load_default=True, metadata={"title": "With TLS, check the server's certificate"})


SPEC = Spec(
    type="clickhouse",
    title="ClickHouse",
    config_schema=ClickhouseConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="clickhouse",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
    adds_columns=True,
)
