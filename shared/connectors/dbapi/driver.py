"""The driver of every connector type that speaks DB-API: survey, read, write. A type gives it its `Database`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from shared.connectors.dbapi import markers
from shared.connectors.dbapi.database import Database
from shared.connectors.dbapi.reading import Stream
from shared.connectors.dbapi.session import TableSession
from shared.connectors.errors import BadQuery, Denied
from shared.connectors.looking import MOST_OBJECTS, Found, Tried, no_table, table_name, tried
from shared.connectors.protocols import ArrowStream, AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Columns


class TableDriver:
    def __init__(self, database: Database) -> None:
        self._database = database

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        database = self._database
        if role == "sink" and not database.is_there():
            return Survey(False, (), schema=database.schema)
        with database.translated(), closing(database.connect("penstock/survey", write=False)) as connection:
            version = database.version(connection)
            schema = database.schema
            if query := options.get("query"):
                columns, _ = database.query_columns(connection, str(query))
                if not columns:
                    raise BadQuery(f"{database.where}: the query returns no columns; give a SELECT")
                return Survey(True, columns, version=version, schema=schema, inferred_from=database.samples)
            wanted = str(options["table"])
            table = database.find(connection, wanted)
            if table is not None:
                return Survey(
                    True,
                    table.columns,
                    table.rows,
                    keys=table.keys,
                    version=version,
                    schema=schema,
                    vendor_types=table.foreign,
                    inferred_from=table.inferred_from,
                )
            if role == "sink":
                return Survey(False, (), version=version, schema=schema)
            raise no_table(wanted, database.table_names(connection), database.where)

    def check(self) -> list[Tried]:
        database = self._database

        def connect() -> str:
            if not database.is_there():
                return f"{database.where} is not there yet; the first sink with createTable makes it"
            with database.translated(), closing(database.connect("penstock/check", write=False)) as connection:
                version = database.version(connection)
                tables = len(database.table_names(connection))
            return f"connected to {database.where}, version {version}; {tables} tables and views can be seen"

        def write() -> str:
            with database.translated(), closing(database.connect("penstock/check", write=True)) as connection:
                name = markers.table_name(database)
                if database.find(connection, name) is not None:
                    database.begin(connection)
                    try:
                        markers.probe(database, connection)
                    finally:
                        database.rollback(connection)
                    return f"the table {name}, which sinks need, is there and takes rows"
                if not database.may_make_tables(connection):
                    raise Denied(f"sinks need the table {name}: grant CREATE, or make the table beforehand; sources work without it")
                return f"the table {name}, which sinks need, is made by the first of them"

        steps = [("connect", connect)]
        if database.checkpoints and database.is_there():
            # The others' rights are told by their first sink.
            steps.append(("write", write))
        return tried(steps)

    def discover(self) -> tuple[list[Found], bool]:
        database = self._database
        with database.translated(), closing(database.connect("penstock/discover", write=False)) as connection:
            names = sorted(database.table_names(connection))
            found = []
            for name in names[:MOST_OBJECTS]:
                table = database.find(connection, table_name(None, name))
                if table is not None:
                    columns = tuple(zip(table.columns, table.declared, strict=True))
                    found.append(Found(table_name(None, name), columns, table.keys, table.rows))
            return found, len(names) > MOST_OBJECTS

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        return TableSession(self._database, key, writes)

    def read(self, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> ArrowStream:
        """`columns`: as surveyed. A table is asked for the columns that are kept; a query is run as it was written."""
        if query := options.get("query"):
            return Stream(self._database, session, str(query), columns, keep)
        kept = tuple(column for column in columns if column.name in keep)
        return Stream(self._database, session, self._database.select(kept, self._database.placed(str(options["table"]))), kept, keep)
