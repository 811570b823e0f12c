"""mysql: reads and writes through `shared.connectors.dbapi`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from shared.connectors.dbapi.driver import TableDriver
from shared.connectors.looking import Tried, tried
from shared.connectors.mysql import infile
from shared.connectors.mysql.database import Mysql


class ConnectorDriver(TableDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._mysql = Mysql(config)
        super().__init__(self._mysql)

    def check(self) -> list[Tried]:
        """And how rows would be loaded, which is a matter of speed only."""
        done = super().check()
        return [*done, *tried((("load", self._loads),))] if done[-1].ok else done

    def _loads(self) -> str:
        with self._mysql.translated(), closing(self._mysql.connect("penstock/check", write=False)) as connection:
            if infile.allowed(connection):
                return "rows are loaded by LOAD DATA LOCAL INFILE"
        return "rows are loaded by INSERT, since the server's local_infile is off; SET GLOBAL local_infile = 1 makes it faster"
