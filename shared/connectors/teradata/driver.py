"""teradata: a Teradata database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="Teradata",
    module="teradatasql",
    package="teradatasql",
    dialect="teradata",
    connect=lambda c: {
        "host": c["host"],
        "dbs_port": str(c.get("port", 1025)),
        "user": c["user"],
        "password": c.get("password", ""),
        "database": c["database"],
        "tmode": "ANSI",
    },
    where=lambda c: f"database {c['database']} on {c['host']} as {c['user']}",
    schema=lambda c: str(c["database"]),
    tables="SELECT TRIM(TableName) FROM DBC.TablesV WHERE DatabaseName = ? AND TableKind IN ('T', 'V', 'O')",
    declared={
        "BOOLEAN": "BYTEINT",
        "TEXT": "VARCHAR(10000) CHARACTER SET UNICODE",
        "BYTEA": "VARBYTE(10000)",
        "TIMESTAMP": "TIMESTAMP(6)",
        "TIMESTAMPTZ": "TIMESTAMP(6) WITH TIME ZONE",
        "TIME": "TIME(6)",
    },
    session=("SET TIME ZONE 'GMT'",),
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
