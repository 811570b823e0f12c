"""Where the 22 recipes are computed: an engine of ours over files, or a database that holds tables and answers. The table is at the end.

A database has the tables as its people would have them: with primary keys, and an index where a key of another table stands.
"""

from __future__ import annotations

import csv
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pymysql

from shared.engines.duckdb.connection import load_extension
from shared.planning.stages import Plan
from tests.support import mariadb, postgresql
from tests.support.inprocess import run
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import KEYS, TABLES, Rows, Tpch, into_postgresql

SCHEMA = "tpch"
# So that a plan without an index that fits ends as a failure, not as an evening.
LONGEST_STATEMENT_S = 900
DASK_PART_BYTES = "1000000"


@dataclass(frozen=True)
class Ran:
    """`difference` from DuckDB's own answer, in words; None where there is none. `seconds`: survey, planning and run."""

    plan: Plan
    seconds: float
    difference: str | None


class Files:
    """An engine over files; the answer is a file, in its order."""

    def __init__(self, tpch: Tpch, folder: Path, mode: str) -> None:
        self._tpch, self._folder, self._mode = tpch, folder, mode
        self.places = {"tpch": ("files", {"root": str(tpch.folder)}), "answers": ("files", {"root": str(folder)})}

    def ask(self, number: int) -> Ran:
        text = recipes.over_files(number).replace("\nspec:\n", f"\nspec:\n  processingMode: {self._mode}\n", 1)
        began = time.perf_counter()
        ran = run(self._folder, text, more=self.places)
        took = time.perf_counter() - began
        return Ran(ran.plan, took, difference(ran.rows(f"q{number:02}.parquet"), self._tpch.answers[number]))


@dataclass(frozen=True)
class Tables:
    """A database. `read`: a table's rows, given those that are expected, where the database has not all of their types. `to_files`: queries
    whose answers it cannot hold.
    """

    tpch: Tpch
    folder: Path
    type: str
    config: dict[str, Any] = field(repr=False)
    read: Callable[[str, Rows], Rows]
    to_files: tuple[int, ...] = ()

    def ask(self, number: int) -> Ran:
        """Whatever can be pushed down is, however few the rows."""
        name, away = f"q{number:02}", number in self.to_files
        places = {"tpch": (self.type, self.config), "answers": ("files", {"root": str(self.folder)})}
        began = time.perf_counter()
        ran = run(self.folder, recipes.over_tables(number, into="" if away else name, threshold=0), more=places)
        took = time.perf_counter() - began
        expected = self.tpch.answers[number]
        if away:
            return Ran(ran.plan, took, difference(ran.rows(f"{name}.parquet"), expected))
        # A table has no order of its own; which rows there are is what a query's last sorter decides.
        return Ran(ran.plan, took, difference(sorted_rows(self.read(name, expected)), sorted_rows(expected)))


Engine = Files | Tables


@contextmanager
def in_mode(tpch: Tpch, folder: Path, mode: str) -> Iterator[Engine]:
    yield Files(tpch, folder, mode)


@contextmanager
def in_postgresql(tpch: Tpch, folder: Path) -> Iterator[Tables]:
    with postgresql.server(folder / "postgresql") as url:
        into_postgresql(tpch, url, SCHEMA)
        config = {"url": url, "schema": SCHEMA}
        yield Tables(tpch, folder, "postgres", config, lambda table, expected: read_postgresql(url, f"{SCHEMA}.{table}"))


@contextmanager
def in_mariadb(tpch: Tpch, folder: Path) -> Iterator[Tables]:
    with mariadb.running() as server:
        own = server.database()
        with closing(pymysql.connect(unix_socket=server.socket, user="root", autocommit=True)) as root, root.cursor() as cursor:
            cursor.execute(f"SET GLOBAL max_statement_time = {LONGEST_STATEMENT_S}")
            cursor.execute("SET GLOBAL local_infile = 1")
        with closing(pymysql.connect(**own.config, autocommit=True, charset="utf8mb4", local_infile=True)) as connection:
            cursor = connection.cursor()
            for table in TABLES:
                columns = _columns(tpch, table)
                declared = ", ".join(f"{name} {_MARIADB.get(kind, kind)}" for name, kind in columns)
                cursor.execute(f"CREATE TABLE {table} ({declared}) COLLATE utf8mb4_nopad_bin")
                texts = _as_csv(tpch, table, folder / f"{table}.csv")
                cursor.execute(
                    f"LOAD DATA LOCAL INFILE '{texts}' INTO TABLE {table} CHARACTER SET utf8mb4"
                    " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'"
                )
                texts.unlink()
                _index(cursor.execute, table)
                cursor.execute(f"ANALYZE TABLE {table}")
        yield Tables(tpch, folder, "mysql", own.config, lambda table, expected: own.sql(f"SELECT * FROM {table}"))


@contextmanager
def in_sqlite(tpch: Tpch, folder: Path) -> Iterator[Tables]:
    file = folder / "tpch.db"
    with closing(sqlite3.connect(file)) as connection:
        for table in TABLES:
            columns = _columns(tpch, table)
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
            texts = _as_csv(tpch, table, folder / f"{table}.csv")
            with texts.open(newline="") as lines:
                connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", csv.reader(lines))
            texts.unlink()
            _index(connection.execute, table)
        connection.execute("ANALYZE")
        connection.commit()

    def read(table: str, expected: Rows) -> Rows:
        with closing(sqlite3.connect(file)) as connection:
            rows: Rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        return [tuple(_kept(value, wanted) for value, wanted in zip(row, expected[0], strict=True)) for row in rows] if expected else rows

    # Their decimals have more digits than one of SQLite's keeps: a sink there refuses them.
    yield Tables(tpch, folder, "sqlite", {"path": str(file)}, read, to_files=(1, 8, 14, 17))


def read_postgresql(url: str, table: str) -> Rows:
    with duckdb.connect() as connection:
        load_extension(connection, "postgres_scanner")
        connection.execute(f"ATTACH '{url}' AS pg (TYPE postgres, READ_ONLY)")
        return connection.execute(f"FROM pg.{table}").fetchall()


def sorted_rows(rows: Rows) -> Rows:
    """In an order that does not depend on the last digits of doubles."""
    return sorted(rows, key=_rank)


_MARIADB = {"VARCHAR": "VARCHAR(255)", "TEXT": "VARCHAR(255)"}


def _columns(tpch: Tpch, table: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, *_ in duckdb.sql(f"DESCRIBE FROM '{tpch.folder / table}.parquet'").fetchall()]


def _as_csv(tpch: Tpch, table: str, file: Path) -> Path:
    duckdb.sql(f"COPY (FROM '{tpch.folder / table}.parquet') TO '{file}' (HEADER false, QUOTE '\"', ESCAPE '\"')")
    return file


def _index(execute: Callable[[str], object], table: str) -> None:
    primary, *others = KEYS[table]
    execute(f"CREATE UNIQUE INDEX {table}_primary ON {table} ({primary})")
    for column in others:
        execute(f"CREATE INDEX {table}_{column.replace(', ', '_')} ON {table} ({column})")


def _kept(value: Any, wanted: Any) -> Any:
    """What SQLite keeps of a value, as the value: it has texts for dates, and doubles, of fifteen digits at most, for decimals."""
    if isinstance(wanted, Decimal) and isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(wanted, date) and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def _rank(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((value is None, _number(value) if _number(value) is not None else str(value)) for value in row)


def _number(value: Any) -> float | None:
    return float(f"{float(value):.9g}") if isinstance(value, int | float | Decimal) else None


def _mode(mode: str) -> Callable[[Tpch, Path], AbstractContextManager[Engine]]:
    return lambda tpch, folder: in_mode(tpch, folder, mode)


# name -> how it is started, with a folder of its own.
ENGINES: dict[str, Callable[[Tpch, Path], AbstractContextManager[Engine]]] = {
    "duckdb": _mode("duckdb"),
    "pandas": _mode("pandas"),
    "dask": _mode("dask"),
    "postgres": in_postgresql,
    "mariadb": in_mariadb,
    "sqlite": in_sqlite,
}
