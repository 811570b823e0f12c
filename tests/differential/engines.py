"""Engines that take a recipe's relations as SQL text: what is compared with DuckDB, which runs the recipe as planned.

Each holds the tables of `tables.py` and answers with the rows of every sink. The table of them is at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from sqlglot import exp

from shared.engines.duckdb.connection import load_extension
from shared.planning.graph import Graph, Port
from shared.sql.render import sql
from tests.differential.cases import Case
from tests.differential.planned import Answer, Failed, Workshop
from tests.support import postgresql

Write = Callable[[exp.Expr], str]


@dataclass(frozen=True)
class Asked:
    """A recipe as DuckDB has answered it. `kept`: the ports whose rows are kept, as in an edge's `from`."""

    case: Case
    graph: Graph
    kept: tuple[str, ...]

    def tables(self) -> dict[str, str]:
        """Source node -> table."""
        return {node["id"]: node["config"]["table"] for node in self.case.nodes if node["type"] == "connector_source"}


class Engine(Protocol):
    name: str
    dialect: str
    version: str

    def answer(self, asked: Asked) -> Answer:
        """Rows by sink."""


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
    """`write`: one relation as text, as the product renders it; seeded faults stand in for it."""

    name = dialect = "postgres"

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")
        self.version = str(self._connection.info.server_version // 10_000)
        self.write: Write = lambda tree: sql(tree, self.dialect, self.version)

    def answer(self, asked: Asked) -> Answer:
        said = {sink: statement(asked.graph, sink, asked.tables(), self.dialect, self.write) for sink in asked.graph.sinks}
        try:
            return {sink: self._connection.execute(text).fetchall() for sink, text in said.items()}  # type: ignore[arg-type]
        except psycopg.Error as error:
            return Failed(str(error))


class Planned:
    """The whole way through the planner, with the tables elsewhere or with other settings: what cannot go there stays here, as in a run."""

    def __init__(self, name: str, shop: Workshop, sources: str, settings: Mapping[str, Any], dialect: str = "", version: str = "") -> None:
        self.name, self.dialect, self.version = name, dialect, version
        self._shop, self._sources, self._settings = shop, sources, settings

    def answer(self, asked: Asked) -> Answer:
        return self._shop.run(self._shop.read(asked.case.recipe(list(asked.kept), sources=self._sources, settings=self._settings)))


def _copied(url: str, folder: Path, tables: Mapping[str, object]) -> None:
    with duckdb.connect() as loader:
        load_extension(loader, "postgres_scanner")
        loader.execute(f"ATTACH '{url}' AS pg (TYPE postgres)")
        for table in tables:
            loader.execute(f"CREATE TABLE pg.{table} AS FROM '{folder / table}.parquet'")


@contextmanager
def postgres(folder: Path, tables: Mapping[str, object]) -> Iterator[Postgresql]:
    with postgresql.server(folder / "postgresql") as url:
        _copied(url, folder, tables)
        yield Postgresql(url)


@contextmanager
def postgres_planned(folder: Path, tables: Mapping[str, object]) -> Iterator[Engine]:
    """Few rows, but pushed down all the same."""
    with postgresql.server(folder / "postgresql-planned") as url:
        _copied(url, folder, tables)
        shop = Workshop(folder, {"tables": ("postgres", {"url": url}), "files": ("files", {"root": str(folder)})})
        yield Planned("postgres-planned", shop, "table", {"pushDown": {"rowThreshold": 0}}, "postgres", "18")


def _in_mode(mode: str) -> Callable[[Path, Mapping[str, object]], AbstractContextManager[Engine]]:
    def started(folder: Path, tables: Mapping[str, object]) -> AbstractContextManager[Engine]:
        place = ("files", {"root": str(folder)})
        return nullcontext(Planned(mode, Workshop(folder, {"tables": place, "files": place}), "path", {"processingMode": mode}))

    return started


# name -> how it is started, for a folder that holds the tables as Parquet.
ENGINES: Mapping[str, Callable[[Path, Mapping[str, object]], AbstractContextManager[Engine]]] = {
    "postgres": postgres,
    "postgres-planned": postgres_planned,
    "pandas": _in_mode("pandas"),
    "dask": _in_mode("dask"),
}
