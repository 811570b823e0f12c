"""oracle: a Oracle database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="Oracle",
    module="oracledb",
    package="oracledb",
    dialect="oracle",
    connect=lambda c: {"user": c.get("user"), "password": c.get("password"), "dsn": f"{c['host']}:{c.get('port', 1521)}/{c['service']}"},
    where=lambda c: f"service {c['service']} on {c['host']}:{c.get('port', 1521)} as {c.get('user')}",
    schema=lambda c: str(c.get("schema") or str(c.get("user", "")).upper()),
    tables="SELECT object_name FROM all_objects WHERE object_type IN ('TABLE', 'VIEW') AND owner = ?",
    declared={
        "BOOLEAN": "NUMBER(1)",
        "SMALLINT": "NUMBER(5)",
        "INTEGER": "NUMBER(10)",
        "BIGINT": "NUMBER(19)",
        "REAL": "BINARY_FLOAT",
        "DOUBLE PRECISION": "BINARY_DOUBLE",
        "NUMERIC": "NUMBER(38, 10)",
        "TEXT": "CLOB",
        "BYTEA": "BLOB",
        "TIMESTAMP": "TIMESTAMP(6)",
        "TIMESTAMPTZ": "TIMESTAMP(6) WITH TIME ZONE",
    },
    session=("ALTER SESSION SET TIME_ZONE = '+00:00'",),
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
