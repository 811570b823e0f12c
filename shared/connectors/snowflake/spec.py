"""snowflake: tables and queries of a Snowflake account."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class SnowflakeConfig(Schema):
    account = fields.String(required=True, metadata={"title": "Account identifier"})
    user = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    privateKey = fields.String(metadata={"title": "Private key, instead of a password"})
    warehouse = fields.String(metadata={"title": "Warehouse"})
    database = fields.String(required=True, metadata={"title": "Database"})
    schema = fields.String(load_default="PUBLIC", metadata={"title": "Schema of tables that are named without one"})
    role = fields.String(metadata={"title": "Role"})


SPEC = Spec(
    type="snowflake",
    title="Snowflake",
    config_schema=SnowflakeConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password", "privateKey"),
    dialect="snowflake",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
