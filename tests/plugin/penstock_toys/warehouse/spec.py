"""warehouse: a PostgreSQL that is spoken to as Snowflake is, so that what vendors' databases are sent is run on a server."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class WarehouseConfig(Schema):
    url = fields.String(required=True, metadata={"title": "URL"})
    schema = fields.String(required=True, metadata={"title": "Schema"})


SPEC = Spec(
    type="warehouse",
    title="Warehouse",
    config_schema=WarehouseConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    dialect="snowflake",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
