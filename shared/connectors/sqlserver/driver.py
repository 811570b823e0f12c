"""sqlserver: a Microsoft SQL Server by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.sqlserver import SQLSERVER

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
    columns=(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    ),
    types={
        "bit": "BOOLEAN",
        **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), "TIMESTAMP"),
        "datetimeoffset": "TIMESTAMPTZ",
        "uniqueidentifier": "UUID",
        # A counter of row versions, not a moment.
        **dict.fromkeys(("timestamp", "rowversion"), "BYTEA"),
        "money": "NUMERIC",
        "smallmoney": "NUMERIC",
    },
    rows=(
        "SELECT SUM(p.rows) FROM sys.partitions p JOIN sys.objects o ON o.object_id = p.object_id"
        " WHERE SCHEMA_NAME(o.schema_id) = ? AND o.name = ? AND p.index_id IN (0, 1)"
    ),
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
    session=SQLSERVER.session,
    # Transact-SQL reference, Table hints: an exclusive lock, kept until the transaction ends.
    hold="SELECT TOP (0) 1 AS [held] FROM {table} WITH (TABLOCKX, HOLDLOCK)",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
