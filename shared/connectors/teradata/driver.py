"""teradata: a Teradata database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.teradata import TERADATA

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
    columns=(
        "SELECT TRIM(ColumnName), TRIM(ColumnType), DecimalTotalDigits, DecimalFractionalDigits, Nullable FROM DBC.ColumnsV"
        " WHERE DatabaseName = ? AND TableName = ? ORDER BY ColumnId"
    ),
    # Data Dictionary, ColumnsV: ColumnType is a code.
    types={
        **dict.fromkeys(("i1", "i2"), "SMALLINT"),
        "i": "INTEGER",
        "i8": "BIGINT",
        **dict.fromkeys(("d", "n"), "NUMERIC"),
        "f": "DOUBLE PRECISION",
        "cv": "TEXT",
        "cf": "padded",
        "co": "long",
        "da": "DATE",
        "at": "TIME",
        "ts": "TIMESTAMP",
        "sz": "TIMESTAMPTZ",
        **dict.fromkeys(("bf", "bv", "bo"), "BYTEA"),
        "jn": "JSON",
    },
    rows="SELECT MAX(RowCount) FROM DBC.StatsV WHERE DatabaseName = ? AND TableName = ?",
    declared={
        "BOOLEAN": "BYTEINT",
        "TEXT": "VARCHAR(10000) CHARACTER SET UNICODE",
        "BYTEA": "VARBYTE(10000)",
        "TIMESTAMP": "TIMESTAMP(6)",
        "TIMESTAMPTZ": "TIMESTAMP(6) WITH TIME ZONE",
        "TIME": "TIME(6)",
    },
    # All of it ASCII, and no column may be longer.
    outcome="VARCHAR(60000) CHARACTER SET LATIN",
    # Its driver commits each statement by itself unless it is told (teradatasql, Transaction Mode and Autocommit).
    session=("{fn teradata_nativesql}{fn teradata_autocommit_off}", *TERADATA.session),
    # SQL Data Manipulation Language, LOCKING Request Modifier: kept until the transaction ends.
    hold="LOCKING TABLE {table} FOR WRITE SELECT TOP 1 1 AS held FROM {table}",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
