"""oracle: a Oracle database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.oracle import ORACLE

VENDOR = Vendor(
    title="Oracle",
    module="oracledb",
    package="oracledb",
    dialect="oracle",
    connect=lambda c: {"user": c.get("user"), "password": c.get("password"), "dsn": f"{c['host']}:{c.get('port', 1521)}/{c['service']}"},
    where=lambda c: f"service {c['service']} on {c['host']}:{c.get('port', 1521)} as {c.get('user')}",
    schema=lambda c: str(c.get("schema") or str(c.get("user", "")).upper()),
    tables="SELECT object_name FROM all_objects WHERE object_type IN ('TABLE', 'VIEW') AND owner = ?",
    columns=(
        "SELECT column_name, data_type, data_precision, data_scale, nullable FROM all_tab_columns"
        " WHERE owner = ? AND table_name = ? ORDER BY column_id"
    ),
    # A DATE has a time of day; a FLOAT is a NUMBER.
    types={"date": "TIMESTAMP", "float": "NUMERIC", "long raw": "BYTEA", "timestamp with local time zone": "TIMESTAMPTZ"},
    rows="SELECT num_rows FROM all_tables WHERE owner = ? AND table_name = ?",
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
    session=ORACLE.session,
    # Long texts as texts, not as handles to be read one by one.
    configure=lambda module: setattr(module.defaults, "fetch_lobs", False),
    # LOCK TABLE, in the SQL Language Reference.
    hold="LOCK TABLE {table} IN EXCLUSIVE MODE",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
