"""The driver of a connector whose database is reached by its vendor's Python driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.driver import TableDriver
from shared.connectors.dbapi.vendor import Vendor, VendorDatabase
from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite


class VendorDriver(TableDriver):
    def __init__(self, vendor: Vendor, config: Mapping[str, Any]) -> None:
        super().__init__(VendorDatabase(vendor, config))
        self._title = vendor.title

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        upserts = [write for write in writes if write.write_mode == "UPSERT"]
        if upserts:
            raise Misconfigured(
                f"UPSERT into {self._title} can be planned but not run in this release; use INSERT or OVERWRITE", node=upserts[0].node
            )
        return super().open_sink(key, writes)
