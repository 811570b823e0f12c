"""The logical plan: what enters, the rows of every port as a relation, and what leaves. From here on no code asks for a node's type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.datasets import Columns
from shared.engines.program import Sink
from shared.pipelines.model import Pipeline, port_table
from shared.pipelines.nodes.types import Relation
from shared.planning.errors import PlanProblem
from shared.sql.errors import SqlProblem

# What the planner calls the port `out` of a sink: the table of the sink's own name is what it is to get, where rules look at that.
WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that enter through a node. `table`: what they are called, the node's id unless a postQuery makes its main output of them.

    `window`: how they are told from those of the last run (`Read.window`); its columns are read whoever uses them.
    `rows`: an estimate. `counted`: what is read says how many rows it holds, and all of them are read.
    """

    node: str
    table: str
    connector: str
    options: dict[str, Any]
    columns: Columns
    keep: tuple[str, ...]
    rows: int | None = None
    counted: bool = False
    window: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """One relation: `table` is its name, `inputs` the tables it reads. `error`: the node's error port.

    `internal`: what a node makes of several inputs before its own work; no port of the recipe. `for_sink`: the sink whose rows it is to be,
    which may be written by another stage than the one that makes them. `rules`: names of the rules whose failing rows it holds. `written`:
    what its node, a sink, wrote; no engine computes that, and its relation only names the columns.
    """

    node: str
    table: str
    relation: Relation
    inputs: tuple[str, ...]
    error: bool = False
    internal: bool = False
    for_sink: str | None = None
    rules: tuple[str, ...] = ()
    written: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The logical plan. `order`: node ids, upstream first. `sources` and `ports` by table, `sinks` and the tables they read by node.

    `dropped`: ports that nobody reads. `watched`: tables that rule sets look at, which are staged, with the columns that these need; None:
    all of them.
    """

    pipeline: Pipeline
    order: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    ports: Mapping[str, Port] = field(default_factory=dict)
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    sink_inputs: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, Port] = field(default_factory=dict)
    watched: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def reads(self, node: str) -> list[Source]:
        """What enters through a node."""
        return [source for source in self.sources.values() if source.node == node]

    def node_ports(self, node: str) -> list[Port]:
        return [port for port in self.ports.values() if port.node == node and not port.internal]

    def written_by(self, sink: str) -> Port | None:
        """What the sink wrote, where somebody reads it."""
        return self.ports.get(port_table(sink, WRITTEN))

    def skips(self, node: str) -> bool:
        """Rows that fail in the node are dropped, and counted."""
        return self.pipeline.node(node).on_error == "skip"

    def inputs_of(self, node: str) -> tuple[str, ...]:
        """Tables a node reads, each once, in edge order."""
        return tuple(dict.fromkeys(port_table(e.source, e.output) for e in self.pipeline.incoming(node)))

    def is_read(self, table: str) -> bool:
        """A node reads it, of whatever stage; a rule set that looks at it takes no rows from anyone."""
        return table in self.sink_inputs.values() or any(table in port.inputs for port in self.ports.values())

    def owner(self, table: str) -> str:
        return self.sources[table].node if table in self.sources else self.ports[table].node

    def columns(self, table: str) -> Columns:
        """Those that the table has for who reads it: of a source, the ones that are read."""
        source = self.sources.get(table)
        return self.ports[table].relation.columns if source is None else tuple(c for c in source.columns if c.name in source.keep)


@contextmanager
def charged_to(node: str) -> Iterator[None]:
    """What is wrong with a node's SQL or columns is its recipe's, and said with its name."""
    try:
        yield
    except SqlProblem as problem:
        raise PlanProblem(f"node {node}: {problem.message}", node=node) from problem
