"""snowflake: a Snowflake account by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.connectors.snowflake import copy_into
from shared.sql.dialects.snowflake import SNOWFLAKE

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
    columns=(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    ),
    types={"text": "TEXT", "float": "DOUBLE PRECISION", "variant": "JSON", "object": "JSON", "array": "JSON"},
    rows="SELECT row_count FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
    declared={"TEXT": "VARCHAR", "BYTEA": "BINARY", "TIMESTAMP": "TIMESTAMP_NTZ(6)", "TIMESTAMPTZ": "TIMESTAMP_TZ(6)", "JSON": "VARIANT"},
    session=SNOWFLAKE.session,
    # Snowflake has no lock that is asked for: a MERGE locks what it changes, and says what it did (SQL command reference, MERGE).
    told="number of rows inserted",
    load=copy_into.load,
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
