"""The stages in which the quality service looks: at staged rows, or at a table where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.connectors import CONNECTORS
from shared.engines.program import THIS, CheckProgram, Read
from shared.pipelines.rules import refused
from shared.planning.arrange import Numbers, looked_at, staging
from shared.planning.attach import Check, Checks, blocking
from shared.planning.comparisons import comparisons, read_where_it_is, table_of
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.needs import retry_settings
from shared.planning.secrets import marked
from shared.planning.stages import Stage, StageId, level_after
from shared.rules.related import relation

Types = Mapping[str, str]


def check_stages(graph: Graph, checks: Checks, work: Sequence[Stage], numbers: Numbers, types: Types) -> tuple[Stage, ...]:
    """One for each check. Raises PlanProblem for rules that this release does not know."""
    stage_of = {stage.id: stage for stage in work}
    stages = []
    for number, check in zip(numbers.checks, checks, strict=True):
        _refuse(check)
        after = [stage_of[StageId(at)] for at in sorted({numbers.nodes[node] for node in looked_at(graph, check)})]
        stages.append(
            Stage(
                id=StageId(number),
                kind="check",
                nodes=(check.node,) if check.node is not None else (),
                inputs=tuple(stage.id for stage in after),
                generation=level_after(after),
                engine="database" if _in_database(check, types) else "duckdb",
                program=marked(_program(graph, check, numbers, types).to_json(), graph.pipeline.secrets),
                queue="quality",
                why=(_why(graph, check),),
                policy=retry_settings(graph.pipeline),
            )
        )
    return tuple(stages)


def _program(graph: Graph, check: Check, numbers: Numbers, types: Types) -> CheckProgram:
    rules = [dict(rule) for rule in check.rules.rules]
    reads = [_this(graph, check, numbers), *_compared(graph, check, numbers)]
    if check.gate and check.node is not None and _adds(graph, check.node, types):
        sink = graph.sinks[check.node]
        for rule in rules:
            if rule["type"] == "UNIQUE":
                rule["destination"] = True
                reads.append(Read(relation(rule, "destination"), sink.node, (), sink.connector, {"table": sink.target}))
    return CheckProgram(
        check.dataset,
        tuple(reads),
        tuple(rules),
        check.rules.name,
        "batch" if check.table is not None else "dataset",
        profile_settings(check.rules.profile),
        dict(check.rules.drift) or None,
        check.gate,
    )


def profile_settings(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """`CheckProgram.profile` of a rule set's settings; None where it is not wanted."""
    if not said.get("enabled"):
        return None
    above = said["sampleAbove"]
    return {"histogramBins": said["histogramBins"], "topValues": said["topValues"], "sampleAbove": None if above == "none" else above}


def _this(graph: Graph, check: Check, numbers: Numbers) -> Read:
    if check.table is None:
        return Read(THIS, "", (), check.connector, dict(check.options))
    columns = graph.sinks[check.table].columns if check.table in graph.sinks else graph.columns(check.table)
    return Read(THIS, str(check.node), columns, datasets=((numbers.nodes[staging(graph, check.table)], check.table),))


def _compared(graph: Graph, check: Check, numbers: Numbers) -> Iterator[Read]:
    """What rules compare with, named after them: rows of other nodes, or tables where they are."""
    for rule, setting, other in comparisons(check.rules.rules):
        if (table := table_of(other)) is None:
            yield read_where_it_is(rule, setting, other, graph.pipeline.namespace)
        else:
            owner = graph.owner(table)
            yield Read(relation(rule, setting), owner, graph.columns(table), datasets=((numbers.nodes[owner], table),))


def _adds(graph: Graph, node: str, types: Types) -> bool:
    """It is a sink that adds to a table. Whether that is there is the check's to see: a run may have made it since."""
    sink = graph.sinks.get(node)
    return sink is not None and sink.write_mode == "INSERT" and CONNECTORS[types[sink.connector]].dialect is not None


def _in_database(check: Check, types: Types) -> bool:
    kind = types.get(check.connector) if check.connector is not None else None
    return kind is not None and CONNECTORS[kind].dialect is not None


def _why(graph: Graph, check: Check) -> str:
    name = f"rule set {check.rules.name}"
    if check.table is None:
        return f"{name} checks {check.dataset} where it is"
    if not check.gate:
        return f"{name} checks what {check.node} wrote" if check.node in graph.sinks else f"{name} checks what {check.table} gave"
    held = ", ".join(str(rule["name"]) for rule in blocking(check.rules))
    waits = f"{check.node} is published" if check.node in graph.sinks else f"others read {check.table}"
    return f"{name} is a gate: {waits} only when {held} {'pass' if len(blocking(check.rules)) > 1 else 'passes'}"


def _refuse(check: Check) -> None:
    for rule in check.rules.rules:
        if (why := refused(rule)) is not None:
            raise PlanProblem(
                f"rule {rule['name']} of rule set {check.rules.name}, which checks {check.node or check.dataset}: {why}; leave it out",
                node=check.node,
            )
