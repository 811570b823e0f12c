"""postgres: looks at tables and queries, and opens the session that writes them. Bulk reading is the engine's, by DuckDB's extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from shared.connectors.errors import BadQuery
from shared.connectors.looking import Found, Tried, no_table
from shared.connectors.postgres import looking
from shared.connectors.postgres.catalogue import find, is_foreign, our_type, table_names
from shared.connectors.postgres.errors import translated
from shared.connectors.postgres.session import PostgresSession
from shared.connectors.postgres.spec import connection_string, where_from
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Column


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        with translated(self._config), psycopg.connect(connection_string(self._config, "penstock/survey"), autocommit=True) as connection:
            version = str(connection.info.server_version // 10000)
            if query := options.get("query"):
                return self._query(connection, str(query), version)
            wanted = str(options["table"])
            schema = str(self._config.get("schema", "public"))
            table = find(connection, wanted, schema)
            if table is not None:
                return Survey(
                    True,
                    table.columns,
                    table.rows,
                    keys=table.keys,
                    version=version,
                    schema=schema,
                    vendor_types=table.vendor_types,
                )
            if role == "sink":
                return Survey(False, (), version=version, schema=schema)
            raise no_table(wanted, table_names(connection), where_from(self._config))

    def check(self) -> list[Tried]:
        return looking.check(self._config)

    def discover(self) -> tuple[list[Found], bool]:
        return looking.discover(self._config)

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        return PostgresSession(self._config, key, writes)

    def _query(self, connection: psycopg.Connection[Any], query: str, version: str) -> Survey:
        """Described by the server without running it."""
        prepared = connection.pgconn.prepare(b"survey", query.encode())
        if prepared.error_message:
            # The server's own sentence; prepare of libpq raises nothing.
            said = prepared.error_message.decode().strip().splitlines()[0].removeprefix("ERROR:").strip()
            raise BadQuery(f"{where_from(self._config)}: {said}; correct the query")
        described = connection.pgconn.describe_prepared(b"survey")
        columns, foreign = [], {}
        for at in range(described.nfields):
            label = described.fname(at) or b"?column?"
            kind = connection.execute("SELECT format_type(%s::oid, %s) AS type", (described.ftype(at), described.fmod(at))).fetchone()
            formatted = str(kind[0]) if kind else "text"
            columns.append(Column(label.decode(), our_type(formatted)))
            if is_foreign(formatted):
                foreign[label.decode()] = formatted
        if not columns:
            raise BadQuery(f"{where_from(self._config)}: the query returns no columns; give a SELECT")
        return Survey(True, tuple(columns), version=version, schema=str(self._config.get("schema", "public")), vendor_types=foreign)
