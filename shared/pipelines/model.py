"""What a pipeline is, once its text has been read and found valid: frozen values, nothing that runs.

Built by `shared.pipelines.language`; everything downstream (graph, planning, scheduler) works on these and never on YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAIN_PORT = "out"


def port_table(node: str, port: str) -> str:
    """The name that the rows of a port have as a table: `node` for the main output, `node.port` for any other."""
    return node if port == MAIN_PORT else f"{node}.{port}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a text. `path` is a JSON pointer; line and column count from 1; severity is error or warning."""

    code: str
    message: str
    path: str = ""
    line: int = 1
    column: int = 1
    node: str | None = None
    severity: str = "error"
    suggestion: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "node": self.node,
            "severity": self.severity,
            "suggestion": self.suggestion,
        }


class Place(NamedTuple):
    """Where a key or a value stands. Line and column count from 1 in what was sent.

    `text[start:end]` of its document is the scalar as it was written, quotes included. The end of a mapping or a list is not known:
    there it equals the start.
    """

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Places:
    """Places by JSON pointer. What stands behind an alias has the place of the alias only."""

    keys: Mapping[str, Place] = field(default_factory=dict)
    values: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in place of a document's templates. `parameters`: typed values by name.

    `secrets`: for each secret that is referred to, the token that stands in its place until a worker needs it -> store:path#field. A token
    cannot be part of any value, so that no value can ask for a secret.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML or JSON document as it was read. `tree` is plain data with defaults not yet filled in; `text` exactly what was sent.

    `filled`: values stand in `tree` in place of templates; what looks like a template there now is text.

    `kind`, `namespace` and `name` are empty where they could not be read. `problems` holds all that is wrong with it by itself.
    Of several documents in one text each has its own part as `text`.
    """

    kind: str
    namespace: str
    name: str
    tree: Mapping[str, Any]
    text: str
    problems: tuple[Problem, ...] = ()
    places: Places = field(default_factory=Places, compare=False, repr=False)
    filled: Filling | None = None

    @property
    def valid(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Node:
    """`config` has been through the node type's schema: defaults are in place, types are right.

    `parameters`: the run's, typed (str, int, float, bool, date, aware datetime, list, None), for expressions that name them.
    `master`: runs before all others, and may be named in any node's SQL. `cache`: its output is kept for later runs.
    """

    id: str
    type: str
    config: Mapping[str, Any]
    label: str | None = None
    description: str | None = None
    on_error: str = "route"
    policy: Mapping[str, Any] = field(default_factory=dict)
    worker: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    master: bool = False
    # {maxRows, maxPercent, minRows}, {memory, cpus} and seconds, as the recipe says them.
    reject_limit: Mapping[str, Any] | None = None
    resources: Mapping[str, Any] | None = None
    timeout: float | None = None
    cache: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """`columns` None: the entire record passes. Master data that a node's SQL names comes by an edge too, written or not."""

    source: str
    target: str
    output: str = MAIN_PORT
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`settings` are the spec fields beside nodes and edges, with defaults in place, by the names of dsl.md (timeout, retries,
    maxParallelNodes, staging, …).

    `parameters` and `secrets` as in `Filling`; empty where the recipe has neither parameters nor templates.
    """

    namespace: str
    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    quality: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def node(self, node_id: str) -> Node:
        return next(node for node in self.nodes if node.id == node_id)

    def incoming(self, node_id: str) -> tuple[Edge, ...]:
        """Edges into a node, in the order of the recipe."""
        return tuple(edge for edge in self.edges if edge.target == node_id)

    def outgoing(self, node_id: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.source == node_id)


@dataclass(frozen=True, slots=True)
class TriggerDefinition:
    """What starts a pipeline by itself. `config`: the settings of its type by their names in a recipe, defaults in place; a schedule's are
    {schedule, timezone, catchUp, jitterSeconds, calendar, deadline}.
    """

    name: str
    type: str
    config: Mapping[str, Any]
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Starts:
    """When a pipeline starts by itself. `enabled`: of the whole pipeline."""

    enabled: bool
    triggers: tuple[TriggerDefinition, ...]


@dataclass(frozen=True, slots=True)
class ConnectorDefinition:
    """A connector as its document says it: `config` as written, with secrets still references ({{credential:name#field}}).

    `circuit_breaker`: {failures, coolDownSeconds} where it says so.
    """

    namespace: str
    name: str
    type: str
    config: Mapping[str, Any]
    credential: str | None = None
    circuit_breaker: Mapping[str, Any] | None = None
    max_connections: int | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What must hold of one dataset. `dataset` is {connector, table | path} or {pipeline, node, output} as written; `rules` have defaults.

    `profile`: {enabled, histogramBins, topValues, sampleAbove}, `drift`: {zScore, minHistory, window}, both with defaults; `objective`:
    {score, windowDays}, None where nothing is promised.
    """

    namespace: str
    name: str
    dataset: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...]
    profile: Mapping[str, Any] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)
    objective: Mapping[str, Any] | None = None
