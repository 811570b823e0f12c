"""Columns that no upstream has, found by handing the names of columns through the graph, as far as they are known.

A source's are known where the recipe lists them, or a survey found them; what a survey found may have changed since, so that only a
warning rests on it. Behind a node whose config is wrong, nothing is known and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines import graph, spel
from shared.pipelines.fields import ByType
from shared.pipelines.language.pointers import below, found
from shared.pipelines.model import MAIN_PORT, port_table
from shared.pipelines.nodes.languages import SPEL
from shared.pipelines.nodes.pairing import together
from shared.pipelines.nodes.relations import ERROR_COLUMN
from shared.pipelines.nodes.sql import THIS, other_names
from shared.pipelines.nodes.types import Names
from shared.pipelines.shapes import instance
from shared.pipelines.sql_fields import ColumnName, Expression, Query
from shared.pipelines.validation import sql
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Report
from shared.pipelines.validation.seen import SeenEdge, SeenNode
from shared.pipelines.validation.words import hint
from shared.sql.errors import SqlProblem
from shared.sql.parse import read_expression
from shared.sql.qualify import qualified
from shared.sql.query import query

Found = dict[tuple[str, str], tuple[str, ...] | None]


def check(report: Report, nodes: Mapping[str, SeenNode], edges: Sequence[SeenEdge], known: Known) -> None:
    made: Found = {}
    incoming: dict[str, list[SeenEdge]] = {name: [] for name in nodes}
    for edge in edges:
        incoming[edge.target].append(edge)
    surveyed: set[str] = set()
    for node in _in_order(nodes, edges):
        surveyed |= {node.id for edge in incoming[node.id] if edge.source in surveyed}
        inputs = tuple(_input(_Say(report, edge.target in surveyed), edge, made) for edge in incoming[node.id])
        if node.kind is None or node.config is None:
            continue
        asked = inputs
        if node.kind.role == "source":
            master, inputs = inputs, _table(report, node, known)
            surveyed |= {node.id for _ in inputs}
            asked = (*_this(node, inputs), *master)
        if node.kind.inputs[1] == 1 and len(inputs) > 1:
            asked = inputs = (together(inputs),)
        if inputs:
            config = _Config(_Say(report, node.id in surveyed), node, inputs, asked)
            config.mapping(instance(node.kind.config_schema), node.config, below(node.path, "config"), "")
        _outgoing(node, inputs, made)


def _in_order(nodes: Mapping[str, SeenNode], edges: Sequence[SeenEdge]) -> list[SeenNode]:
    """Upstream first. What is in a cycle or behind one is left out: there is no upstream."""
    links = [(edge.source, edge.target) for edge in edges]
    left = list(nodes)
    while (knot := graph.cycle(left, links)) is not None:
        out = {*knot, *(below for name in dict.fromkeys(knot) for below in graph.descendants(left, links, name))}
        left = [name for name in left if name not in out]
        links = [(source, target) for source, target in links if source not in out and target not in out]
    return [nodes[name] for level in graph.generations(left, links) for name in level]


def _input(say: _Say, edge: SeenEdge, made: Found) -> Names:
    there = made.get((edge.source, edge.port))
    if edge.columns is not None:
        if there is not None:
            for at, name in enumerate(edge.columns):
                if not _has(there, name):
                    path = below(below(edge.path, "columns"), at)
                    message = (
                        f"the edge to '{edge.target}' wants the column '{name}', which '{port_table(edge.source, edge.port)}' does not have"
                    )
                    say(message, name, there, path, edge.target)
        there = edge.columns
    return Names(edge.source, port_table(edge.source, edge.port), there)


def _table(report: Report, node: SeenNode, known: Known) -> tuple[Names, ...]:
    """What a survey found in a source's object, as if it came in."""
    config = node.config or {}
    connector = config.get("connector")
    there = known.columns.get(full_name(str(connector), report.document.namespace), {})
    named = next((config[key] for key in ("table", "query", "path") if key in config), None)
    names = there.get(str(named))
    return (Names(node.id, node.id, tuple(names)),) if names is not None else ()


def _this(node: SeenNode, table: Sequence[Names]) -> tuple[Names, ...]:
    """What a source's postQuery calls `this`: the columns that are read."""
    chosen = (node.config or {}).get("columns")
    return tuple(Names(one.node, THIS, tuple(chosen) if chosen else one.names) for one in table)


def _outgoing(node: SeenNode, inputs: tuple[Names, ...], made: Found) -> None:
    assert node.kind is not None and node.config is not None
    names = node.kind.outgoing(node.config, inputs) if node.kind.outgoing is not None else None
    if names is None and node.kind.role == "source" and inputs and "postQuery" not in node.config:
        names = inputs[0].names
    for port in node.kind.ports(node.config):
        made[node.id, port] = names
    for port in node.kind.rejects:
        came = inputs[0].names if inputs else None
        made[node.id, port] = (*(n for n in came if n != ERROR_COLUMN.name), ERROR_COLUMN.name) if came is not None else None
    made.setdefault((node.id, MAIN_PORT), names)


class _Say:
    """Reports a column that is not there. `surveyed`: that rests on what a survey found."""

    def __init__(self, report: Report, surveyed: bool) -> None:
        self.report = report
        self._surveyed = surveyed

    def __call__(
        self, message: str, name: str | None, there: Sequence[str], path: str, node: str, at: tuple[int, int] | None = None
    ) -> None:
        """`name` None: the message says all there is to say."""
        if self.report.settled(path):
            return
        near = self.report.nearest(name, there) if name is not None else None
        told = f"{message}{hint(near, there) if name is not None else ''}{' (as last surveyed)' if self._surveyed else ''}"
        severity = "warning" if self._surveyed else "error"
        self.report.add("unknown_column", told, path, node=node, suggestion=near, severity=severity, at=at)


class _Config:
    """Walks a node's loaded config by its schema, looking at every name of a column and every expression."""

    def __init__(self, say: _Say, node: SeenNode, inputs: Sequence[Names], asked: Sequence[Names]) -> None:
        """`asked`: the tables of a query in it."""
        self._say, self._node, self._inputs, self._asked = say, node, inputs, asked
        self._config: Mapping[str, Any] = node.config or {}

    def mapping(self, schema: Schema, value: Mapping[str, Any], path: str, label: str) -> None:
        for attribute, made in schema.load_fields.items():
            name = made.data_key or attribute
            if value.get(attribute) is not None:
                self._value(made, value[attribute], below(path, name), f"{label}.{name}" if label else name)

    def _value(self, made: fields.Field[Any], value: Any, path: str, label: str) -> None:
        if isinstance(made, fields.List):
            for at, item in enumerate(value):
                self._value(made.inner, item, below(path, at), f"{label}[{at}]")
        elif isinstance(made, fields.Nested):
            self.mapping(made.schema, value, path, label)
        elif isinstance(made, ByType):
            self.mapping(instance(made.schemas[value["type"]]), value, path, label)
        elif self._is_template(path):
            return
        elif isinstance(made, ColumnName):
            self._name(made, value, path, label)
        elif isinstance(made, Expression):
            self._expression(made, value, path, label)
        elif isinstance(made, Query):
            self._query(value, path, label)

    def _is_template(self, path: str) -> bool:
        """What will stand here is known only once there is a run."""
        written = found(self._say.report.document.tree, path)
        return isinstance(written, str) and "{{" in written and self._say.report.document.filled is None

    def _name(self, made: ColumnName, name: str, path: str, label: str) -> None:
        inputs = self._inputs
        if made.of is not None:
            inputs = [one for one in inputs if self._config.get(made.of) in {one.node, one.table}]
        there = _together(inputs)
        if there is not None and inputs and not _has(there, name):
            message = f"'{label}' of {self._node.owner.phrase} names the column '{name}', which {_whose(inputs)} not have"
            self._say(message, name, there, path, self._node.id)

    def _expression(self, made: Expression, text: str, path: str, label: str) -> None:
        if all(one.names is None for one in self._inputs):
            return
        for name, table, offset in self._mentioned(made, text):
            inputs = [one for one in self._inputs if not table or table.lower() in {one.node.lower(), one.table.lower()}]
            there = _together(inputs)
            if there is not None and inputs and not _has(there, name):
                at = sql.position(self._say.report.document, path, text, offset) if offset is not None else None
                message = f"'{label}' of {self._node.owner.phrase} uses the column '{name}', which {_whose(inputs)} not have"
                self._say(message, name, there, path, self._node.id, at)

    def _mentioned(self, made: Expression, text: str) -> list[tuple[str, str, int | None]]:
        """(column, table or "", offset) in either language; nothing of a text that cannot be read, which is told elsewhere."""
        try:
            if self._config.get("language") == SPEL:
                return [(name, "", offset) for name, offset in spel.columns(text).items()]
            tree = read_expression(text, aggregates=made.aggregates)
        except SqlProblem:
            return []
        return [(column.name, column.table, column.this.meta.get("start")) for column in tree.find_all(exp.Column)]

    def _query(self, text: str, path: str, label: str) -> None:
        if any(one.names is None for one in self._asked):
            return
        try:
            # Types do not matter to names.
            columns = {one.table: tuple(Column(name, "TEXT") for name in one.names or ()) for one in self._asked}
            qualified(query(text), columns, other_names(self._asked))
        except SqlProblem as problem:
            self._say(f"'{label}' of {self._node.owner.phrase}: {problem.message}", None, (), path, self._node.id)


def _has(there: Iterable[str], name: str) -> bool:
    """As SQL finds columns: without regard to case."""
    return name.lower() in {one.lower() for one in there}


def _together(inputs: Iterable[Names]) -> tuple[str, ...] | None:
    """All names of some inputs; None where one of them is not known."""
    parts = [one.names for one in inputs]
    return None if any(part is None for part in parts) else tuple(dict.fromkeys(_flat(parts)))


def _flat(parts: Iterable[tuple[str, ...] | None]) -> Iterator[str]:
    for part in parts:
        yield from part or ()


def _whose(inputs: Sequence[Names]) -> str:
    return f"'{inputs[0].table}' does" if len(inputs) == 1 else f"{' and '.join(repr(one.table) for one in inputs)} do"
