"""warehouse: by psycopg, as the vendors' drivers are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="Warehouse",
    module="psycopg",
    package="psycopg",
    dialect="snowflake",
    connect=lambda c: {"conninfo": c["url"]},
    where=lambda c: "the warehouse",
    schema=lambda c: str(c["schema"]),
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
    columns=(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    ),
    types={"text": "TEXT"},
    hold="LOCK TABLE {table} IN EXCLUSIVE MODE",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
