"""databricks: a Databricks SQL warehouse by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.databricks import DATABRICKS

VENDOR = Vendor(
    title="Databricks",
    module="databricks.sql",
    package="databricks-sql-connector",
    dialect="databricks",
    connect=lambda c: {
        "server_hostname": c["host"],
        "http_path": c["httpPath"],
        "access_token": c["accessToken"],
        "catalog": c.get("catalog"),
        "schema": c.get("schema", "default"),
        "session_configuration": {"TIMEZONE": "UTC"},
    },
    where=lambda c: f"warehouse {c['httpPath']} on {c['host']}",
    schema=lambda c: str(c.get("schema", "default")),
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
    columns=(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    ),
    types={"timestamp": "TIMESTAMPTZ", "float": "REAL", "long": "BIGINT", "short": "SMALLINT", "byte": "SMALLINT"},
    session=DATABRICKS.session,
    # A transaction there is one statement on one table: no marker can go with the rows.
    writes=False,
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
