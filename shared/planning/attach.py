"""Which rule sets look at what of a pipeline: the rows that a sink is to write, the rows of any port, or a table where it is.

A rule set attaches by its own dataset: to the sinks that write its table or path, or to the node that it names. One that the pipeline names
in `quality:` and that attaches to nothing here is held against its dataset where that is. With rules that block, it is a gate: what it
looks at goes no further until it has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.pipelines.model import MAIN_PORT, RuleSet, port_table
from shared.pipelines.nodes.row_rules import columns_of
from shared.pipelines.replay import LETTERS, through
from shared.planning.comparisons import comparisons, table_of
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.needs import Facts, full_reference
from shared.planning.resolve import found_for
from shared.planning.targets import plain, same_path, same_table
from shared.rules.types import Rule

REJECTS = "reject_rows"
# Rules that judge all rows together: how many there are, how old the newest is, and what is usual.
_OF_THE_WHOLE = frozenset({"ROW_COUNT", "FRESHNESS", "ANOMALY"})


@dataclass(frozen=True, slots=True)
class Check:
    """A rule set and what it looks at: the staged `table` of a `node`, which for a sink is named after it; or, without a node, what
    `options` say of a `connector`. `dataset`: as what its verdicts are kept. `gate`: whoever reads the table waits for it.
    """

    rules: RuleSet
    dataset: str
    node: str | None = None
    table: str | None = None
    connector: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    gate: bool = False


Checks = tuple[Check, ...]


def attached(graph: Graph, rule_sets: Sequence[RuleSet], facts: Facts, types: Mapping[str, str]) -> Checks:
    """Those of sinks first, then of ports, then of datasets where they are. Raises PlanProblem for a gate that would stand nowhere.

    A replay holds only what it writes against rules: other nodes of the recipe are not there, or give other rows.
    """
    schemas = {sink: _schema(graph, sink, facts, types) for sink in graph.sinks}
    found = [check for sink in graph.sinks for rules in rule_sets if (check := _of_sink(graph, rules, sink, schemas[sink])) is not None]
    if is_replay(graph):
        return tuple(check for one in found if (check := _replaying(graph, one)) is not None)
    found += [check for rules in rule_sets if (check := _of_port(graph, rules)) is not None]
    there = {check.rules.name for check in found}
    found += [_where_it_is(graph, rules) for rules in _named(graph, rule_sets) if rules.name not in there]
    return tuple(found)


def _replaying(graph: Graph, check: Check) -> Check | None:
    """What of a sink's rule set a few rows can be held against, as a subject apart: they say nothing of a usual batch."""
    letters = through(graph.pipeline)
    whole = {table for table in (*graph.ports, *graph.sources) if graph.owner(table) not in letters}
    if (rules := of_rows(check.rules, whole)) is None:
        return None
    return replace(check, rules=rules, dataset=f"replay/{check.dataset}", gate=bool(blocking(rules)))


def of_rows(rules: RuleSet, there: Collection[str]) -> RuleSet | None:
    """The rules for rows that are replayed, with no profile; None where none is left. `there`: tables of the same pipeline that they can
    be compared with.

    A rule that holds rows back or sets them aside is never left out for want of what it compares with. Raises PlanProblem for it.
    """
    absent = {rule["name"]: table for rule, table, _ in compared(rules) if table not in there}
    kept = []
    for rule in rules.rules:
        if rule["type"] in _OF_THE_WHOLE:
            continue
        if rule["name"] not in absent:
            kept.append(rule)
        elif rule.get("blockPipeline") or rule.get("onFail") == REJECTS:
            raise PlanProblem(
                f"rule {rule['name']} of rule set {rules.name} compares with all rows of {absent[rule['name']]}, which a replay does"
                " not read; correct what came before, and run it again"
            )
    return replace(rules, rules=tuple(kept), profile={}, drift={}) if kept else None


def unattached(graph: Graph, rule_sets: Sequence[RuleSet], checks: Checks) -> tuple[str, ...]:
    """A sentence for each rule set that looks at a node of this pipeline which gives no such rows, or that blocks and looks at what only
    nearly is what a sink writes."""
    if is_replay(graph):
        return ()
    left = [rules for rules in rule_sets if rules.name not in {check.rules.name for check in checks}]
    return tuple(why for rules in left if (why := _nowhere(graph, rules) or _nearly(graph, rules)) is not None)


def is_replay(graph: Graph) -> bool:
    return any(source.connector == LETTERS for source in graph.sources.values())


def rejecting(rules: RuleSet) -> tuple[Rule, ...]:
    """The rules whose failing rows are set aside before the sink."""
    return tuple(rule for rule in rules.rules if rule.get("onFail") == REJECTS)


def blocking(rules: RuleSet) -> tuple[Rule, ...]:
    """The rules that hold the data back; not those that set rows aside, which let the rest through."""
    return tuple(rule for rule in rules.rules if rule.get("blockPipeline") and rule.get("onFail") != REJECTS)


def compared_nodes(check: Check) -> Iterator[tuple[Rule, str, frozenset[str]]]:
    """What rules compare with of the same pipeline: the rule, the port's table, and the columns that they need of it."""
    return compared(check.rules)


def compared(rules: RuleSet) -> Iterator[tuple[Rule, str, frozenset[str]]]:
    """`compared_nodes` of a rule set, whatever it looks at."""
    for rule, setting, other in comparisons(rules.rules):
        if (table := table_of(other)) is not None:
            yield rule, table, frozenset(parent_columns(rule)) if setting == "references" else frozenset()


def parent_columns(rule: Rule) -> list[str]:
    """By what the parents of a REFERENTIAL rule are known, in the order of its own columns."""
    references = rule["references"]
    return columns_of(references) if {"column", "columns"} & references.keys() else columns_of(rule)


def watched(graph: Graph, checks: Checks) -> dict[str, frozenset[str] | None]:
    """Tables that must be staged for rule sets to look at (`Graph.watched`). Raises PlanProblem for a node that rules compare with and that
    has no such rows."""
    found: dict[str, frozenset[str] | None] = {}
    for check in checks:
        if check.table is not None and check.table in {*graph.ports, *graph.sources}:
            found[check.table] = None
        for rule, table, columns in compared_nodes(check):
            if table not in graph.ports and table not in graph.sources:
                raise PlanProblem(
                    f"rule {rule['name']} of rule set {check.rules.name} compares with {table}, and this pipeline has no such output;"
                    " name a node that gives rows, or node.port",
                    node=check.node,
                )
            before = found.get(table, frozenset())
            found[table] = before | columns if before is not None else None
    return found


def _schema(graph: Graph, sink: str, facts: Facts, types: Mapping[str, str]) -> str | None:
    """Where a table is looked for that a sink names without one, as its survey told."""
    found = found_for(graph.pipeline, graph.pipeline.node(sink), facts, types) or {}
    return found.get("schema")


def _of_sink(graph: Graph, rules: RuleSet, node: str, schema: str | None) -> Check | None:
    dataset, sink = rules.dataset, graph.sinks[node]
    if "pipeline" in dataset:
        here = dataset["pipeline"] == graph.pipeline.name and dataset.get("node") == node
    else:
        same = same_path(dataset["path"], sink.target) if "path" in dataset else same_table(str(dataset.get("table")), sink.target, schema)
        here = full_reference(graph.pipeline, str(dataset.get("connector"))) == sink.connector and same
    if not here:
        return None
    if "output" in dataset:
        raise PlanProblem(
            f"rule set {rules.name} names the port {dataset['output']} of {node}, which is a sink; leave output out", node=node
        )
    return Check(rules, f"{sink.connector}:{sink.target}", node, node, gate=bool(blocking(rules)))


def _of_port(graph: Graph, rules: RuleSet) -> Check | None:
    dataset, pipeline = rules.dataset, graph.pipeline
    node = str(dataset.get("node"))
    if dataset.get("pipeline") != pipeline.name or node in graph.sinks:
        return None
    table = port_table(node, dataset.get("output") or MAIN_PORT)
    if (why := _nowhere(graph, rules)) is not None:
        if blocking(rules):
            raise PlanProblem(why)
        return None
    if aside := rejecting(rules):
        raise PlanProblem(
            f"rule {aside[0]['name']} of rule set {rules.name} rejects rows of {table}, which goes into no destination; attach the rule"
            " set to a sink, or put the rule into a validate node",
            node=node,
        )
    full = f"pipeline/{pipeline.namespace}/{pipeline.name}:{table}"
    return Check(rules, full, node, table, gate=bool(blocking(rules)))


def _nowhere(graph: Graph, rules: RuleSet) -> str | None:
    dataset = rules.dataset
    node = str(dataset.get("node"))
    table = port_table(node, dataset.get("output") or MAIN_PORT)
    if dataset.get("pipeline") != graph.pipeline.name or node in graph.sinks or table in graph.ports or table in graph.sources:
        return None
    ports = sorted({port.table for port in graph.node_ports(node)} | {source.node for source in graph.reads(node)})
    known = f"{node} gives {', '.join(ports)}" if ports else f"the pipeline has {', '.join(graph.order) or 'no nodes'}"
    return f"rule set {rules.name} looks at {table}, which is not there; {known}"


def _nearly(graph: Graph, rules: RuleSet) -> str | None:
    connector = full_reference(graph.pipeline, str(rules.dataset.get("connector")))
    target = str(rules.dataset.get("table") or rules.dataset.get("path"))
    for sink in graph.sinks.values():
        if blocking(rules) and sink.connector == connector and plain(graph.pipeline.node(sink.node).config) == plain(rules.dataset):
            return (
                f"rule set {rules.name} looks at {target} and holds nothing back here: {sink.node} writes {sink.target}, which is not known"
                " to be the same; write both alike if it is"
            )
    return None


def _named(graph: Graph, rule_sets: Sequence[RuleSet]) -> Iterator[RuleSet]:
    """The rule sets in `quality:`, each once."""
    by_name = {f"{rules.namespace}/{rules.name}": rules for rules in rule_sets}
    for name in dict.fromkeys(full_reference(graph.pipeline, name) for name in graph.pipeline.quality):
        if name not in by_name:
            raise PlanProblem(f"the pipeline names the rule set {name}, which does not exist; apply it, or take it out of quality")
        yield by_name[name]


def _where_it_is(graph: Graph, rules: RuleSet) -> Check:
    dataset = rules.dataset
    if "connector" not in dataset:
        raise PlanProblem(
            f"rule set {rules.name} looks at {dataset['node']} of pipeline {dataset['pipeline']}, not of this one; take it out of quality,"
            " or give it a connector and a table"
        )
    connector = full_reference(graph.pipeline, dataset["connector"])
    if aside := rejecting(rules):
        raise PlanProblem(
            f"rule {aside[0]['name']} of rule set {rules.name} rejects rows of {connector}:{dataset.get('table') or dataset.get('path')},"
            " which no sink of this pipeline writes, and rows that are there already are not set aside; take the rule set out of quality,"
            " or onFail: reject_rows out of the rule"
        )
    options = {key: dataset[key] for key in ("table", "path") if key in dataset}
    target = dataset.get("table") or dataset.get("path")
    return Check(rules, f"{connector}:{target}", connector=connector, options=options, gate=bool(blocking(rules)))
