"""sqlserver: a Microsoft SQL Server by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="SQL Server",
    module="pymssql",
    package="pymssql",
    dialect="tsql",
    connect=lambda c: {
        "server": c["host"],
        "port": str(c.get("port", 1433)),
        "user": c["user"],
        "password": c.get("password", ""),
        "database": c["database"],
        "login_timeout": 10,
        "appname": "penstock",
    },
    where=lambda c: f"database {c['database']} on {c['host']}:{c.get('port', 1433)} as {c['user']}",
    schema=lambda c: str(c.get("schema", "dbo")),
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
    declared={
        "BOOLEAN": "BIT",
        "TEXT": "NVARCHAR(MAX)",
        "BYTEA": "VARBINARY(MAX)",
        "TIMESTAMP": "DATETIME2(6)",
        "TIME": "TIME(6)",
        "TIMESTAMPTZ": "DATETIMEOFFSET(6)",
        "UUID": "UNIQUEIDENTIFIER",
        "DOUBLE PRECISION": "FLOAT(53)",
    },
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
