"""mysql: reads and writes through `shared.connectors.dbapi`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.connectors.dbapi.driver import TableDriver
from shared.connectors.mysql.database import Mysql


class ConnectorDriver(TableDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(Mysql(config))
