"""postgres: does the connector work, and what is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psycopg

from shared.connectors.errors import Denied
from shared.connectors.looking import MOST_OBJECTS, Found, Tried, table_name, tried
from shared.connectors.postgres.catalogue import find
from shared.connectors.postgres.errors import translated
from shared.connectors.postgres.spec import connection_string, where_from

Connection = psycopg.Connection[Any]


def check(config: Mapping[str, Any]) -> list[Tried]:
    held: list[Connection] = []

    def connect() -> str:
        with translated(config):
            held.append(psycopg.connect(connection_string(config, "penstock/check"), autocommit=True))
        version = held[0].info.server_version
        return f"connected to {where_from(config)}, PostgreSQL {version // 10000}.{version % 10000}"

    def catalogue() -> str:
        with translated(config):
            tables = len(_tables(held[0]))
        return f"{'more than ' if tables > MOST_OBJECTS else ''}{min(tables, MOST_OBJECTS)} tables and views can be seen"

    def markers() -> str:
        """Sinks need it; sources do not."""
        name = os.environ.get("PENSTOCK_MARKER_TABLE", "penstock_markers")
        with translated(config):
            row = (
                held[0]
                .execute(
                    "SELECT to_regclass(%(t)s) IS NOT NULL, CASE WHEN to_regclass(%(t)s) IS NOT NULL THEN"
                    " has_table_privilege(%(t)s, 'SELECT') AND has_table_privilege(%(t)s, 'INSERT')"
                    " ELSE has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE') END",
                    {"t": name},
                )
                .fetchone()
            )
        there, may = row or (False, False)
        if not may:
            what = "SELECT and INSERT on it" if there else "CREATE on the schema, or make the table beforehand"
            raise Denied(f"sinks need the table {name}: grant {what}; sources work without it")
        return f"the table {name}, which sinks need, {'is there' if there else 'can be made'}"

    try:
        return tried((("connect", connect), ("read the catalogue", catalogue), ("write", markers)))
    finally:
        for connection in held:
            connection.close()


def discover(config: Mapping[str, Any]) -> tuple[list[Found], bool]:
    default = str(config.get("schema", "public"))
    with translated(config), psycopg.connect(connection_string(config, "penstock/discover"), autocommit=True) as connection:
        tables = _tables(connection)
        found = []
        for schema, name in tables[:MOST_OBJECTS]:
            table = find(connection, table_name(schema, name), default)
            if table is None:
                continue
            said = connection.execute(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped"
                " ORDER BY attnum",
                (table.oid,),
            ).fetchall()
            columns = tuple((column, str(kind)) for column, (kind,) in zip(table.columns, said, strict=True))
            found.append(Found(table_name(None if schema == default else schema, name), columns, table.keys, table.rows))
        return found, len(tables) > MOST_OBJECTS


def _tables(connection: Connection) -> list[tuple[str, str]]:
    return [
        (str(schema), str(name))
        for schema, name in connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%%'"
            " AND n.nspname <> 'information_schema' AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2 LIMIT %s",
            (MOST_OBJECTS + 1,),
        ).fetchall()
    ]
