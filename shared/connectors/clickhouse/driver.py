"""clickhouse: reads and writes a ClickHouse server as Arrow, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

from shared.connectors.clickhouse.catalogue import Table, find, query_columns, table_names
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.reading import Stream
from shared.connectors.clickhouse.session import Session
from shared.connectors.looking import MOST_OBJECTS, Found, Tried, no_table, table_name, tried
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Columns
from shared.errors import PenstockError


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        with closing(Server(self._config, "penstock/survey")) as server:
            if query := options.get("query"):
                columns, _ = query_columns(server, str(query))
                return Survey(True, columns, version=server.version, schema=server.database)
            wanted = str(options["table"])
            table = find(server, wanted)
            if table is not None:
                return Survey(
                    True,
                    table.columns,
                    table.rows,
                    keys=table.keys,
                    version=server.version,
                    schema=server.database,
                    vendor_types=_own(table),
                )
            if role == "sink":
                return Survey(False, (), version=server.version, schema=server.database)
            raise no_table(wanted, table_names(server), server.where)

    def check(self) -> list[Tried]:
        held = ExitStack()

        def connect() -> str:
            server = held.enter_context(closing(Server(self._config, "penstock/check")))
            tables = len(table_names(server))
            return f"connected to {server.where}, version {server.version}; {tables} tables and views can be seen"

        with held:
            return tried((("connect", connect),))

    def discover(self) -> tuple[list[Found], bool]:
        with closing(Server(self._config, "penstock/discover")) as server:
            names = table_names(server)
            return [_found(server, name) for name in names[:MOST_OBJECTS]], len(names) > MOST_OBJECTS

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        return Session(self._config, key)

    def read(self, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> Stream:
        return Stream(self._config, session, options, columns, keep)


def _own(table: Table) -> dict[str, str]:
    """Columns whose own type has none of ours: their values are read as texts, and are not what the server would compare."""
    return {
        column.name: kind
        for column, kind in zip(table.columns, table.declared, strict=True)
        if column.type in ("TEXT", "JSON") and "String" not in kind
    }


def _found(server: Server, name: str) -> Found:
    shown = table_name(None, name)
    try:
        table = find(server, shown)
    except PenstockError as error:
        return Found(shown, failed=error.message)
    if table is None:
        return Found(shown, failed="it went away meanwhile")
    return Found(shown, tuple(zip(table.columns, table.declared, strict=True)), table.keys, table.rows)
