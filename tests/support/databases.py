"""Databases that connectors are tested on, one small class each: where it is, how a test looks into it, and its own words for types."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from shared.connectors import driver
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Column
from shared.engines.duckdb.rows import DuckRows
from shared.store.identifiers import new_id


class Own(Protocol):
    """A database of a test's own. `sql` runs one statement as its own client would, and returns rows."""

    type: str
    config: dict[str, Any]

    def sql(self, statement: str) -> list[tuple[Any, ...]]: ...


@dataclass
class Sqlite:
    folder: Path
    type: str = "sqlite"
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = {"path": str(self.folder / "own.db")}

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.config["path"], isolation_level=None)) as connection:
            return list(connection.execute(statement).fetchall())


@dataclass
class Postgres:
    """`config`: {url}, of a server that is there."""

    config: dict[str, Any]
    type: str = "postgres"

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.config["url"], autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.rownumber is not None else []


@dataclass
class Duckdb:
    folder: Path
    type: str = "duckdb"
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = {"path": str(self.folder / "own.duckdb")}

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.config["path"]) as connection:
            return connection.execute(statement).fetchall()


# Whatever is written, is written traced: a comment stands behind each statement.
SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Place:
    """A connector over a database of a test's own."""

    def __init__(self, own: Own) -> None:
        self.own, self.sql, self.config = own, own.sql, own.config

    def open(self, write: SinkWrite, *, epoch: int = 1, run: str | None = None) -> SinkSession:
        key = AttemptKey("default", run or new_id(), 3, epoch, 0, (write.node,), traceparent=SPAN)
        return driver(self.own.type, self.config).open_sink(key, (write,))

    def put(self, write: SinkWrite, rows: str, *, run: str | None = None, epoch: int = 1) -> dict[str, int | None]:
        session = self.open(write, run=run, epoch=epoch)
        assert session.adopted is None
        try:
            figures = session.write(write, duck(rows))
        except BaseException:
            session.abort()
            raise
        assert session.commit({"it": "is done"}) == {"it": "is done"}
        return figures

    def survey(self, role: str = "source", **options: Any) -> Survey:
        return driver(self.own.type, self.config).survey(role, options)

    def read(self, *keep: str, select: str = "*", **options: Any) -> list[tuple[Any, ...]]:
        """What the engine gets, by way of a survey; with the types that travel as text still texts."""
        columns = self.survey(**options).columns
        stream = driver(self.own.type, self.config).read("penstock/test", options, columns, keep or [c.name for c in columns])  # type: ignore[attr-defined]
        try:
            with duckdb.connect() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.register("it", stream)
                return connection.execute(f"SELECT {select} FROM it").fetchall()
        except duckdb.Error:
            raise stream.failure from None
        finally:
            stream.close()


def duck(query: str) -> DuckRows:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return DuckRows(connection, query if query.startswith("SELECT") else f"SELECT * FROM (VALUES {query}) AS v(id, name)", "/tmp")


def write_of(mode: str, target: str = "t", keys: tuple[str, ...] = (), **options: Any) -> SinkWrite:
    return SinkWrite("out", target, (Column("id", "BIGINT"), Column("name", "TEXT")), mode, keys, (), options)


def marker_outcomes(place: Place) -> list[Any]:
    return [json.loads(text) for (text,) in place.sql("SELECT outcome FROM penstock_markers")]
