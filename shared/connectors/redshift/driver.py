"""redshift: a Amazon Redshift cluster by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="Amazon Redshift",
    module="redshift_connector",
    package="redshift-connector",
    # Redshift's grammar is PostgreSQL's, as far as what is said here goes.
    dialect="postgres",
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
    declared={"TEXT": "VARCHAR(65535)", "BYTEA": "VARBYTE(1024000)", "TIMESTAMPTZ": "TIMESTAMPTZ"},
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
