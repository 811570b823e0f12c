"""What an export starts from: the logical plan of a pipeline, with plain names for its relations and variables for its connectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.engines.program import Sink
from shared.errors import ConfigurationError
from shared.pipelines.delivered import DELIVERED, DELIVERED_TYPE
from shared.pipelines.model import Pipeline, RuleSet
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import full_name
from shared.planning.assume import assumed
from shared.planning.graph import Graph, Port
from shared.planning.make import logical_plan
from shared.planning.needs import needs
from shared.sql.typing import annotated

# So many reasons are told at once.
_MOST_TOLD = 10


class CannotExport(ConfigurationError):
    """The target has no way to say what the pipeline does; nothing was made. `reasons`: all of them."""

    code = "cannot_export"

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons[:_MOST_TOLD]))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Place:
    """A connector as the project knows it. `variable`: names what is to be given from outside, the folder or the connection; `root`: its
    default, of files only. `alias`: of a database, in statements.
    """

    connector: str
    type: str
    variable: str
    alias: str
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """`names`: relation -> its name in the project, letters, digits and underscores. `left_out`: sentences about what only Penstock does.

    `parameters`: values that stand in the statements. `schedule`: the recipe's cron expression and zone, if it has one.
    """

    pipeline: Pipeline
    graph: Graph
    places: Mapping[str, Place]
    names: Mapping[str, str]
    left_out: tuple[str, ...]
    rule_sets: tuple[RuleSet, ...]
    version: int | None = None

    @property
    def title(self) -> str:
        return f"{self.pipeline.namespace}/{self.pipeline.name}"

    @property
    def identifier(self) -> str:
        return _plain(self.pipeline.name)

    def ports(self) -> list[Port]:
        """Those that the sinks are made of, each after those it reads."""
        needed: dict[str, Port] = {}
        waiting = list(self.graph.sink_inputs.values())
        while waiting:
            table = waiting.pop()
            if table in self.graph.ports and table not in needed:
                needed[table] = self.graph.ports[table]
                waiting += self.graph.ports[table].inputs
        position = {node: number for number, node in enumerate(self.graph.order)}
        # Within a node: what it makes of its inputs, its outputs, and last what is for a sink, whole at the very end.
        return sorted(
            needed.values(),
            key=lambda p: (
                position[p.node],
                0 if p.internal else 1 if p.for_sink is None else 2 + (p.table == p.for_sink),
                len([other for other in p.inputs if self.graph.ports.get(other) and self.graph.ports[other].node == p.node]),
                p.table,
            ),
        )

    def order_of(self, table: str) -> list[exp.Ordered]:
        """The keys by which a relation's rows are ordered, over its own columns; none where nobody sorted them."""
        order = self.graph.ports[table].relation.select.args.get("order") if table in self.graph.ports else None
        return [
            exp.Ordered(this=exp.column(key.this.name, quoted=True), desc=key.args["desc"], nulls_first=key.args["nulls_first"])
            for key in (order.expressions if order is not None else ())
        ]

    def named(self, select: exp.Select) -> exp.Select:
        """A copy that reads the relations by their names in the project. Columns say the old ones, which stay as aliases."""
        made = select.copy()
        own = {cte.alias for cte in made.find_all(exp.CTE)}
        for table in list(made.find_all(exp.Table)):
            if table.name in self.names and table.name not in own and not table.args.get("db"):
                if not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
                table.set("this", exp.to_identifier(self.names[table.name], quoted=True))
        return made

    def typed(self, port: Port) -> exp.Select:
        """What makes a port's rows, as `named`, with a type on every node."""
        select = port.relation.select.copy()
        annotated(select, {table: self.graph.columns(table) for table in port.inputs})
        return self.named(select)

    def readme(self, target: str, steps: Iterable[str], notes: Iterable[str] = ()) -> str:
        """`steps`: what to type. `notes`: what is to be known of this target."""
        version = f", version {self.version}" if self.version is not None else ""
        parts = [f"# {self.pipeline.name}\n", f"The pipeline {self.title}{version} of Penstock, as {target}. It runs without Penstock.\n"]
        parts += [f"    {step}" for step in steps]
        if variables := [place for place in self.places.values() if place.variable]:
            parts += ["\n## Variables\n", "| variable | what it is |", "|---|---|"]
            parts += [f"| {place.variable} | {_meaning(place)} |" for place in variables]
        said = [*notes, *self.left_out]
        parts += ["\n## What is different from a run in Penstock\n", *(f"- {one}" for one in said)]
        if self.pipeline.parameters:
            parts += ["\n## Parameters\n", "Their values at the time of the export stand in the statements:\n"]
            parts += [f"- {name}: {value}" for name, value in self.pipeline.parameters.items()]
        return "\n".join(parts) + "\n"


def project(
    pipeline: Pipeline,
    facts: Mapping[str, Mapping[str, Any]],
    connectors: Mapping[str, tuple[str, Mapping[str, Any]]],
    rule_sets: Sequence[RuleSet] = (),
    *,
    version: int | None = None,
) -> Project:
    """`connectors`: namespace/name -> type, and the config as far as it may be shown. `rule_sets`: those about what the pipeline writes.

    Raises PlanProblem, and CannotExport where a source's columns are not known.
    """
    types = {name: kind for name, (kind, _) in connectors.items()} | {DELIVERED: DELIVERED_TYPE}
    whole = replace(pipeline, nodes=tuple(replace(n, config={**n.config, "incremental": None}) for n in pipeline.nodes))
    wanted = needs(whole, types)
    unknown = [
        f"nobody has looked at what node {node} reads yet, so its columns are not known; plan the pipeline or run it once"
        for need in wanted
        for node in need.nodes
        if need.role == "source" and need.connector != DELIVERED and need.key not in facts
    ]
    unknown += [f"node {node} reads what a webhook is sent" for need in wanted if need.connector == DELIVERED for node in need.nodes]
    if unknown:
        raise CannotExport(unknown)
    # Rule sets take rows out and hold sinks back in a run; here they become tests, or are told of.
    plain = replace(whole, settings={**whole.settings, "staging": "auto", "ledger": "auto"})
    graph = logical_plan(plain, assumed(plain, facts, types), types)
    if filled := [node for node, sink in graph.sinks.items() if sink.written != sink.columns]:
        raise CannotExport([f"node {node} fills a column with the time of the write, which only a run has" for node in filled])
    if handing_on := [node for node in graph.sinks if graph.written_by(node) is not None]:
        raise CannotExport([f"node {node} hands on the rows that it wrote, which only a run knows" for node in handing_on])
    used = {source.connector for source in graph.sources.values()} | {sink.connector for sink in graph.sinks.values()}
    places = {name: _place(name, *connectors[name]) for name in sorted(used)}
    names = _names([*graph.sources, *graph.ports])
    rules = tuple(one for one in rule_sets if any(is_about(one, sink) for sink in graph.sinks.values()) or one.name in pipeline.quality)
    return Project(pipeline, graph, places, names, tuple(_left_out(pipeline, rules)), rules, version)


def is_about(rules: RuleSet, sink: Sink) -> bool:
    """Whether a rule set looks at what a sink writes."""
    dataset = rules.dataset
    connector = full_name(str(dataset.get("connector", "")), rules.namespace)
    return connector == sink.connector and sink.target in (dataset.get("table"), dataset.get("path"))


def plainly(name: str) -> str:
    """A name with letters, digits and underscores only."""
    return _plain(name)


def _plain(name: str) -> str:
    made = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "relation"
    return made if not made[0].isdigit() else f"n_{made}"


def _names(tables: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in tables:
        name, number = _plain(table), 2
        while name in found.values():
            name, number = f"{_plain(table)}_{number}", number + 1
        found[table] = name
    return found


def _place(connector: str, kind: str, config: Mapping[str, Any]) -> Place:
    _, _, name = connector.partition("/")
    what = "ROOT" if kind == "files" else "PATH" if kind in ("sqlite", "duckdb") else "DSN"
    root = config.get("root") if kind == "files" else config.get("path") if what == "PATH" else None
    return Place(connector, kind, f"{_plain(name).upper()}_{what}", _plain(name), str(root) if root else None)


def _meaning(place: Place) -> str:
    if place.type == "files":
        return f"the folder of {place.connector}" + (f"; {place.root} unless said" if place.root else "")
    if place.root is not None or place.type in ("sqlite", "duckdb"):
        return f"the database file of {place.connector}" + (f"; {place.root} unless said" if place.root else "")
    return f"how to connect to {place.connector} ({CONNECTORS[place.type].title}), password included; it stands in no file of this project"


def _left_out(pipeline: Pipeline, rule_sets: Sequence[RuleSet]) -> Iterable[str]:
    yield (
        "Rows that fail in a node, and lines that no row can be made of, are left out as in Penstock, where they are kept as dead letters;"
        " here nobody keeps them."
    )
    yield "A run that is killed in the middle may have written some destinations and not others; start it again."
    if found := [node.id for node in pipeline.nodes if node.config.get("incremental")]:
        yield f"{', '.join(found)}: all rows are read each time, not only those that are new (incremental)."
    if found := [node.id for node in pipeline.nodes if node.type == "sequence_generator" and node.config["persistent"]]:
        yield f"{', '.join(found)}: numbers begin anew each time instead of going on (persistent)."
    if found := [
        node.id for node in pipeline.nodes if NODE_TYPES[node.type].role == "sink" and node.config.get("schemaEvolution") != "fail"
    ]:
        yield f"{', '.join(found)}: columns that the destination lacks are not added (schemaEvolution)."
    if found := [node.id for node in pipeline.nodes if node.reject_limit]:
        yield f"{', '.join(found)}: no limit stops the run when many rows fail (rejectLimit)."
    if gates := sorted({one.name for one in rule_sets}):
        yield f"Rule sets hold nothing back here: {', '.join(gates)}."
    if pipeline.settings.get("notifications") or pipeline.settings.get("triggers"):
        yield "Nobody is told of runs, and only a person or a schedule of yours starts them (notifications, triggers)."
