"""The driver of a connector type whose database is reached by its vendor's Python driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.driver import TableDriver
from shared.connectors.dbapi.vendor import Vendor
from shared.connectors.dbapi.vendor_database import VendorDatabase


class VendorDriver(TableDriver):
    def __init__(self, vendor: Vendor, config: Mapping[str, Any]) -> None:
        super().__init__(VendorDatabase(vendor, config))
