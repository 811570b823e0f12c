"""A recipe's relations as one statement for each sink, in a database's own words: what `engines.py` has its databases answer.

Such an engine shows what the product's text means there. What the trust table does not let go there is refused, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

from sqlglot import exp

from shared.planning.graph import Graph, Port
from shared.sql.constructs import constructs
from shared.sql.render import sql
from shared.sql.trust import lowest
from shared.sql.typing import annotated
from tests.differential.cases import Case
from tests.differential.planned import Answer, Failed, Refused, Rows
from tests.differential.tables import KEPT_EVERYWHERE, KINDS

Write = Callable[[exp.Expr], str]


@dataclass(frozen=True)
class Asked:
    """A recipe as DuckDB has answered it. `kept`: the ports whose rows are kept, as in an edge's `from`."""

    case: Case
    graph: Graph
    kept: tuple[str, ...]

    @cached_property
    def relations(self) -> Mapping[str, exp.Expr]:
        """By the table's name, every one after those it reads; typed."""
        return {port.table: typed(self.graph, port) for port in in_order(self.graph)}

    def tables(self) -> dict[str, str]:
        """Source node -> table."""
        return {node["id"]: node["config"]["table"] for node in self.case.nodes if node["type"] == "connector_source"}


class Engine(Protocol):
    """`dialect`: of which something is shown when rows are the same; empty where rows say nothing of a dialect's text. `everything`:
    it keeps all values of all tables."""

    name: str
    dialect: str
    version: str
    everything: bool

    def answer(self, asked: Asked) -> Answer:
        """Rows by sink. Raises Refused, with a sentence, for a recipe that is not for this engine."""


class Text:
    """`run`: rows of a statement; it raises `error` for one that cannot be run. `write`: one relation as text, as the product renders it;
    sown faults stand in for it. Where it does not
    keep `everything`, only what is trusted there is said."""

    def __init__(
        self, name: str, version: str, run: Callable[[str], Rows], error: type[Exception], writes: str, *, everything: bool = False
    ) -> None:
        self.name = self.dialect = name
        self.version = version
        self.write: Write = lambda tree: sql(tree, self.dialect, self.version)
        self._run, self._error, self._writes, self.everything = run, error, writes, everything

    def answer(self, asked: Asked) -> Answer:
        graph = asked.graph
        if not self.everything:
            holds_all(asked, self.name)
            self._trusts(graph, asked.relations)
        said = {sink: statement(graph, asked.relations, sink, asked.tables(), self._writes, self.write) for sink in graph.sinks}
        try:
            return {sink: _as_declared(self._run(text), graph, graph.sink_inputs[sink]) for sink, text in said.items()}
        except self._error as error:
            return Failed(str(error))

    def _trusts(self, graph: Graph, relations: Mapping[str, exp.Expr]) -> None:
        wanted = set().union(*(_needed(graph, table) for table in graph.sink_inputs.values()))
        for table, tree in relations.items():
            if table in wanted:
                found = lowest(constructs(tree), self.dialect, self.version)
                if not found.at_least("documented"):
                    raise Refused(f"not trusted here: {found.why.partition(': ')[2]}")


def typed(graph: Graph, port: Port) -> exp.Expr:
    """As the planner types what is pushed down."""
    return annotated(port.relation.select.copy(), {table: graph.columns(table) for table in port.inputs})


def held_everywhere(asked: Asked) -> bool:
    """Whether every database keeps all values of the tables."""
    return all(table.startswith(KEPT_EVERYWHERE) for table in asked.tables().values())


def holds_all(asked: Asked, name: str) -> None:
    """Raises Refused where a table has values that only some databases keep."""
    if not held_everywhere(asked):
        raise Refused(f"{name} does not keep all values of these tables")


def statement(graph: Graph, relations: Mapping[str, exp.Expr], sink: str, tables: Mapping[str, str], dialect: str, write: Write) -> str:
    """A sink's rows as one statement: each relation a common table expression, the last one in place, so that its order holds."""
    parts: dict[str, exp.Expr] = {}
    for source in graph.sources.values():
        columns: list[Any] = [_column(name) for name in source.keep]
        parts[source.node] = exp.Select(expressions=columns).from_(exp.Table(this=exp.to_identifier(tables[source.node], quoted=True)))
    parts |= relations
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


def _column(name: str) -> exp.Column:
    """Of a source, with its type."""
    kind = KINDS.get(name.removesuffix("_null"))
    made = exp.column(name, quoted=True)
    made.type = exp.DataType.build(kind.type if kind is not None else "BIGINT", dialect="postgres")
    return made


def _as_declared(rows: Rows, graph: Graph, table: str) -> Rows:
    """As a connector reads them: booleans that are kept as numbers, days and moments as texts."""
    types = [column.type for column in graph.columns(table)]
    return [tuple(_value(value, of) for value, of in zip(row, types, strict=True)) for row in rows]


def _value(value: Any, of: str) -> Any:
    if of == "BOOLEAN" and type(value) is int and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and of == "DATE":
        return date.fromisoformat(value)
    if isinstance(value, str) and of.startswith("TIMESTAMP"):
        return datetime.fromisoformat(value)
    return value
