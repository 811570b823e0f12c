"""Engines that take a recipe's relations as SQL text: what is compared with DuckDB, which runs the recipe as planned.

Each holds the tables of `tables.py` and answers with the rows of every sink. The table of them is at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from sqlglot import exp

from shared.engines.duckdb.connection import load_extension
from shared.planning.compile import Graph, Port
from shared.sql.render import sql
from tests.differential.planned import Answer, Failed
from tests.support import postgresql

Write = Callable[[exp.Expr], str]


class Engine(Protocol):
    """`write`: one relation as text in the engine's dialect, as the product renders it; seeded faults stand in for it."""

    name: str
    dialect: str
    version: str
    write: Write

    def answer(self, graph: Graph, tables: Mapping[str, str]) -> Answer:
        """`tables`: source node -> table."""


def statement(graph: Graph, sink: str, tables: Mapping[str, str], dialect: str, write: Write) -> str:
    """A sink's rows as one statement: each relation a common table expression, the last one in place, so that its order holds."""
    parts: dict[str, exp.Expr] = {}
    for source in graph.sources.values():
        columns: list[Any] = [exp.column(name, quoted=True) for name in source.keep]
        parts[source.node] = exp.Select(expressions=columns).from_(exp.Table(this=exp.to_identifier(tables[source.node], quoted=True)))
    parts |= {port.table: port.relation.select for port in in_order(graph)}
    wanted = graph.sink_inputs[sink]
    needed = _needed(graph, wanted)
    chain = ", ".join(
        f"{exp.to_identifier(table, quoted=True).sql(dialect)} AS ({write(tree)})"
        for table, tree in parts.items()
        if table in needed - {wanted}
    )
    last = write(parts[wanted])
    return f"WITH {chain} {last}" if chain else last


def in_order(graph: Graph) -> list[Port]:
    """Every relation after those it reads."""
    position = {node: number for number, node in enumerate(graph.order)}
    return sorted(graph.ports.values(), key=lambda port: (position[port.node], not port.internal, port.table))


def _needed(graph: Graph, wanted: str) -> set[str]:
    needed: set[str] = set()
    waiting = [wanted]
    while waiting:
        table = waiting.pop()
        if table not in needed:
            needed.add(table)
            waiting += graph.ports[table].inputs if table in graph.ports else ()
    return needed


class Postgresql:
    name = dialect = "postgres"

    def __init__(self, url: str, folder: Path, tables: Mapping[str, object]) -> None:
        with duckdb.connect() as loader:
            load_extension(loader, "postgres_scanner")
            loader.execute(f"ATTACH '{url}' AS pg (TYPE postgres)")
            for table in tables:
                loader.execute(f"CREATE TABLE pg.{table} AS FROM '{folder / table}.parquet'")
        self._connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")
        self.version = str(self._connection.info.server_version // 10_000)
        self.write: Write = lambda tree: sql(tree, self.dialect, self.version)

    def answer(self, graph: Graph, tables: Mapping[str, str]) -> Answer:
        try:
            return {
                sink: self._connection.execute(statement(graph, sink, tables, self.dialect, self.write)).fetchall()  # type: ignore[arg-type]
                for sink in graph.sinks
            }
        except psycopg.Error as error:
            return Failed(str(error))


@contextmanager
def postgres(folder: Path, tables: Mapping[str, object]) -> Iterator[Engine]:
    with postgresql.server(folder / "postgresql") as url:
        yield Postgresql(url, folder, tables)


# name -> how it is started, for a folder that holds the tables as Parquet.
ENGINES = {"postgres": postgres}
