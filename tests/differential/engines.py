"""What a recipe is compared with: DuckDB runs it as planned, and each of these answers with the rows of every sink.

Two kinds: databases that are told the recipe's relations as text (`text.py`), and the whole way through the planner, with the tables
elsewhere or in another mode. The table of them is at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pymysql

from shared.connectors.mysql.database import Mysql
from shared.connectors.sqlite.database import Sqlite
from shared.engines.duckdb.connection import load_extension
from shared.sql.dialects import dialect as dialect_of
from tests.differential.planned import Answer, Rows, Workshop
from tests.differential.tables import KEPT_EVERYWHERE, KINDS
from tests.differential.text import Asked, Engine, Text, holds_all
from tests.support import mariadb as mariadb_server
from tests.support import postgresql

Tables = Mapping[str, pa.Table]
Started = Callable[[Path, Tables], AbstractContextManager[Engine]]


class Planned:
    """The whole way through the planner, with the tables elsewhere or with other settings: what cannot go there stays here, as in a run.

    So rows that are the same say nothing of what a dialect is trusted with: no one looks which of it was said there.
    """

    dialect = ""

    def __init__(
        self, name: str, version: str, shop: Workshop, sources: str, settings: Mapping[str, Any], *, everything: bool = True
    ) -> None:
        self.name, self.version = name, version
        self.shop, self._sources, self._settings, self.everything = shop, sources, settings, everything

    def answer(self, asked: Asked) -> Answer:
        if not self.everything:
            holds_all(asked, self.name)
        return self.shop.run(self.shop.read(asked.case.recipe(list(asked.kept), sources=self._sources, settings=self._settings)))


PUSHED = {"pushDown": {"rowThreshold": 0}}


def _copied(url: str, folder: Path, tables: Tables) -> None:
    with duckdb.connect() as loader:
        load_extension(loader, "postgres_scanner")
        loader.execute(f"ATTACH '{url}' AS pg (TYPE postgres)")
        for table in tables:
            loader.execute(f"CREATE TABLE pg.{table} AS FROM '{folder / table}.parquet'")


@contextmanager
def postgres(folder: Path, tables: Tables) -> Iterator[Text]:
    """Told all there is, trusted or not."""
    with postgresql.server(folder / "postgresql") as url:
        _copied(url, folder, tables)
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
            version = str(connection.info.server_version // 10_000)
            run = lambda text: connection.execute(text).fetchall()  # noqa: E731
            yield Text("postgres", version, run, psycopg.Error, "postgres", everything=True)


@contextmanager
def postgres_planned(folder: Path, tables: Tables) -> Iterator[Engine]:
    """Few rows, but pushed down all the same."""
    with postgresql.server(folder / "postgresql-planned") as url:
        _copied(url, folder, tables)
        shop = Workshop(folder, {"tables": ("postgres", {"url": url}), "files": ("files", {"root": str(folder)})})
        yield Planned("postgres-planned", "18", shop, "table", PUSHED)


# What each has for a kind of column, where that is not its type's own name.
_ON_SQLITE = {"zoned": "TIMESTAMPTZ"}
_ON_MARIADB = {"text": "TEXT", "at": "DATETIME(6)", "zoned": "TIMESTAMP(6)"}


def _filled(run: Callable[[str], object], put: Callable[[str, list[Any]], object], tables: Tables, types: Mapping[str, str]) -> None:
    """Those tables whose values are kept everywhere. `put`: a statement with a `?` for each value, and rows."""
    for name, table in tables.items():
        if not name.startswith(KEPT_EVERYWHERE):
            continue
        declared = ", ".join(f'"{column}" {_declared(column, types)}' for column in table.column_names)
        run(f"CREATE TABLE {name} ({declared})")
        if table.num_rows:
            rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
            put(f"INSERT INTO {name} VALUES ({', '.join('?' * table.num_columns)})", rows)


def _declared(column: str, types: Mapping[str, str]) -> str:
    kind = column.removesuffix("_null")
    type_ = types.get(kind, KINDS[kind].type) if kind in KINDS else "BIGINT"
    return f"{type_} NULL" if column.endswith("_null") else f"{type_} NOT NULL"


def _sqlite_file(folder: Path, tables: Tables) -> dict[str, Any]:
    file = folder / "tables.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:

        def put(text: str, rows: list[Any]) -> None:
            connection.executemany(text, [[_for_sqlite(value) for value in row] for row in rows])

        _filled(connection.execute, put, tables, _ON_SQLITE)
    return {"path": str(file)}


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value) if isinstance(value, Decimal | date) else value


@contextmanager
def sqlite(folder: Path, tables: Tables) -> Iterator[Text]:
    database = Sqlite(_sqlite_file(folder, tables))
    with closing(database.connect("differential", write=False)) as connection:
        run = lambda text: connection.execute(text).fetchall()  # noqa: E731
        yield Text("sqlite", database.version(connection), run, sqlite3.Error, "sqlite")


@contextmanager
def sqlite_planned(folder: Path, tables: Tables) -> Iterator[Engine]:
    place = folder / "sqlite-planned"
    place.mkdir()
    shop = Workshop(folder, {"tables": ("sqlite", _sqlite_file(place, tables)), "files": ("files", {"root": str(folder)})})
    yield Planned("sqlite-planned", sqlite3.sqlite_version, shop, "table", PUSHED, everything=False)


@contextmanager
def _mariadb(tables: Tables) -> Iterator[dict[str, Any]]:
    with mariadb_server.running() as server:
        config = server.database().config
        opening = "SET SESSION time_zone = '+00:00', sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'"
        with (
            pymysql.connect(**config, autocommit=True, charset="utf8mb4", init_command=opening) as connection,
            connection.cursor() as cursor,
        ):

            def put(text: str, rows: list[Any]) -> None:
                cursor.executemany(text.replace("?", "%s"), rows)

            _filled(cursor.execute, put, tables, _ON_MARIADB)
        yield config


@contextmanager
def mariadb(folder: Path, tables: Tables) -> Iterator[Text]:
    with _mariadb(tables) as config:
        database = Mysql(config)
        with closing(database.connect("differential", write=False)) as connection:

            def run(text: str) -> Rows:
                with connection.cursor() as cursor:
                    cursor.execute(text)
                    return list(cursor.fetchall())

            version = ".".join(database.version(connection).split(".")[:2])
            yield Text("mariadb", version, run, pymysql.Error, "mysql")


@contextmanager
def mariadb_planned(folder: Path, tables: Tables) -> Iterator[Engine]:
    with _mariadb(tables) as config:
        shop = Workshop(folder, {"tables": ("mysql", config), "files": ("files", {"root": str(folder)})})
        yield Planned("mariadb-planned", "10.11", shop, "table", PUSHED, everything=False)


@contextmanager
def clickhouse(folder: Path, tables: Tables) -> Iterator[Text]:
    """Inside this process, with the settings that the dialect says a session has."""
    # Half a gigabyte of library, for those only who ask for it.
    import chdb.session

    library: Any = chdb.session
    with closing(library.Session(str(folder / "clickhouse"))) as session:
        for said in dialect_of("clickhouse").session:
            session.query(said)
        for table in tables:
            session.query(f"CREATE TABLE {table} ENGINE = Memory AS SELECT * FROM file('{folder / table}.parquet', Parquet)")

        def run(text: str) -> Rows:
            found = pa.ipc.open_stream(session.query(text, "ArrowStream").bytes()).read_all()
            try:
                return list(zip(*(column.to_pylist() for column in found.columns), strict=True))
            except UnicodeDecodeError as error:
                # Its texts are bytes: half a character, where a function counts those.
                raise RuntimeError(f"a text that is none: {error}") from error

        version = ".".join(str(session.query("SELECT version()", "TSV")).strip().split(".")[:2])
        yield Text("clickhouse", version, run, RuntimeError, "clickhouse")


def _in_mode(mode: str) -> Started:
    def started(folder: Path, tables: Tables) -> AbstractContextManager[Engine]:
        place = ("files", {"root": str(folder)})
        shop = Workshop(folder, {"tables": place, "files": place})
        return nullcontext(Planned(mode, version(mode), shop, "path", {"processingMode": mode}))

    return started


# name -> how it is started, for a folder that holds the tables as Parquet.
ENGINES: Mapping[str, Started] = {
    "postgres": postgres,
    "postgres-planned": postgres_planned,
    "pandas": _in_mode("pandas"),
    "dask": _in_mode("dask"),
    "sqlite": sqlite,
    "sqlite-planned": sqlite_planned,
    "mariadb": mariadb,
    "mariadb-planned": mariadb_planned,
    "clickhouse": clickhouse,
}
