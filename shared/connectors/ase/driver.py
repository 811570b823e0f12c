"""ase: a SAP (Sybase) ASE database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.sql.dialects.ase import ASE

VENDOR = Vendor(
    title="SAP ASE",
    module="sybpydb",
    package="the Python driver of SAP's ASE SDK (sybpydb)",
    dialect="ase",
    connect=lambda c: {"servername": c["server"], "user": c["user"], "password": c.get("password", "")},
    where=lambda c: f"database {c['database']} on {c['server']} as {c['user']}",
    schema=lambda c: str(c.get("schema", "dbo")),
    tables="SELECT name FROM sysobjects WHERE type IN ('U', 'V') AND user_name(uid) = ?",
    columns=(
        "SELECT c.name, t.name, c.prec, c.scale, CASE WHEN c.status & 8 = 8 THEN 'Y' ELSE 'N' END FROM syscolumns c"
        " JOIN sysobjects o ON o.id = c.id JOIN systypes t ON t.usertype = c.usertype"
        " WHERE user_name(o.uid) = ? AND o.name = ? ORDER BY c.colid"
    ),
    types={
        "bit": "BOOLEAN",
        **dict.fromkeys(("datetime", "bigdatetime", "smalldatetime"), "TIMESTAMP"),
        "bigtime": "TIME",
        # Eight bytes that count changes, not a moment.
        "timestamp": "BYTEA",
        **dict.fromkeys(("money", "smallmoney"), "NUMERIC"),
        "sysname": "TEXT",
    },
    declared={"BOOLEAN": "TINYINT", "TEXT": "UNITEXT", "BYTEA": "IMAGE", "TIMESTAMP": "BIGDATETIME", "TIME": "BIGTIME"},
    # Not chained: SELECT INTO would be part of a transaction, which it must not be (Reference Manual: Commands, set chained, select into).
    session=("SET CHAINED OFF", *ASE.session),
    begin="BEGIN TRANSACTION",
    # SAP ASE Reference Manual: Commands, lock table: held until the transaction ends.
    hold="LOCK TABLE {table} IN EXCLUSIVE MODE",
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
