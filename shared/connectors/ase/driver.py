"""ase: a SAP (Sybase) ASE database by its vendor's own Python driver. Not tried on a live server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_driver import VendorDriver

VENDOR = Vendor(
    title="SAP ASE",
    module="sybpydb",
    package="the Python driver of SAP's ASE SDK (sybpydb)",
    dialect="ase",
    connect=lambda c: {"servername": c["server"], "user": c["user"], "password": c.get("password", "")},
    where=lambda c: f"database {c['database']} on {c['server']} as {c['user']}",
    schema=lambda c: str(c.get("schema", "dbo")),
    tables="SELECT name FROM sysobjects WHERE type IN ('U', 'V') AND user_name(uid) = ?",
    declared={"BOOLEAN": "TINYINT", "TEXT": "UNITEXT", "BYTEA": "IMAGE", "TIMESTAMP": "BIGDATETIME", "TIME": "BIGTIME"},
)


class ConnectorDriver(VendorDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(VENDOR, config)
