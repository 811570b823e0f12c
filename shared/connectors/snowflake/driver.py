"""snowflake: a Snowflake account by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="Snowflake",
    module="snowflake.connector",
    package="snowflake-connector-python",
    dialect="snowflake",
    connect=lambda c: {
        key: value
        for key, value in {
            "account": c["account"],
            "user": c.get("user"),
            "password": c.get("password"),
            "private_key": c.get("privateKey"),
            "warehouse": c.get("warehouse"),
            "database": c["database"],
            "schema": c.get("schema", "PUBLIC"),
            "role": c.get("role"),
            "autocommit": False,
            "session_parameters": {"TIMEZONE": "UTC"},
            "application": "penstock",
        }.items()
        if value is not None
    },
    where=lambda c: f"database {c['database']} of account {c['account']}",
    schema=lambda c: str(c.get("schema", "PUBLIC")),
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
    declared={"TEXT": "VARCHAR", "BYTEA": "BINARY", "TIMESTAMP": "TIMESTAMP_NTZ(6)", "TIMESTAMPTZ": "TIMESTAMP_TZ(6)", "JSON": "VARIANT"},
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
