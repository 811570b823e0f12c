"""hana: a SAP HANA database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="SAP HANA",
    module="hdbcli.dbapi",
    package="hdbcli (under SAP's own licence)",
    dialect="hana",
    connect=lambda c: {
        "address": c["host"],
        "port": int(c.get("port", 443)),
        "user": c["user"],
        "password": c.get("password", ""),
        "currentSchema": c["schema"],
        "autocommit": False,
    },
    where=lambda c: f"schema {c['schema']} on {c['host']}:{c.get('port', 443)} as {c['user']}",
    schema=lambda c: str(c["schema"]),
    tables="SELECT table_name FROM sys.tables WHERE schema_name = ?",
    columns=(
        "SELECT column_name, data_type_name, length, scale, is_nullable FROM sys.table_columns"
        " WHERE schema_name = ? AND table_name = ? ORDER BY position"
    ),
    types={"seconddate": "TIMESTAMP", "smalldecimal": "NUMERIC"},
    rows="SELECT record_count FROM sys.m_tables WHERE schema_name = ? AND table_name = ?",
    declared={"TEXT": "NCLOB", "BYTEA": "BLOB", "DOUBLE PRECISION": "DOUBLE"},
    # SAP HANA SQL Reference Guide, LOCK TABLE Statement (Transaction Management).
    hold="LOCK TABLE {table} IN EXCLUSIVE MODE",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
