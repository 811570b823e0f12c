"""redshift: a Amazon Redshift cluster by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.redshift import REDSHIFT

VENDOR = Vendor(
    title="Amazon Redshift",
    module="redshift_connector",
    package="redshift-connector",
    dialect="redshift",
    connect=lambda c: {
        "host": c["host"],
        "port": int(c.get("port", 5439)),
        "database": c["database"],
        "user": c["user"],
        "password": c.get("password", ""),
    },
    where=lambda c: f"database {c['database']} on {c['host']}:{c.get('port', 5439)} as {c['user']}",
    schema=lambda c: str(c.get("schema", "public")),
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
    columns=(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    ),
    types={"super": "JSON", "real": "REAL"},
    rows='SELECT tbl_rows FROM svv_table_info WHERE "schema" = ? AND "table" = ?',
    declared={"TEXT": "VARCHAR(65535)", "BYTEA": "VARBYTE(1024000)", "TIMESTAMPTZ": "TIMESTAMPTZ"},
    session=REDSHIFT.session,
    # Database Developer Guide, LOCK: taken before anything else, since the transaction's snapshot is that of its first look.
    begin="LOCK {markers}",
    hold="LOCK {table}",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
