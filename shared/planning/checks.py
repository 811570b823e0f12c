"""Rule sets and the sinks whose rows they look at; the stages in which the quality service looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.engines.program import THIS, CheckProgram, Read
from shared.pipelines.model import RuleSet
from shared.pipelines.rules import refused
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.needs import full_reference, retry_settings
from shared.planning.stages import Stage, StageId, level_after

# The rule sets that look at a sink's rows, by sink; only sinks that have one.
Checks = Mapping[str, tuple[RuleSet, ...]]


def attached(graph: Graph, rule_sets: Sequence[RuleSet]) -> Checks:
    found = {node: tuple(rules for rules in rule_sets if _is_attached(rules, graph, node)) for node in graph.sinks}
    return {node: rules for node, rules in found.items() if rules}


def check_stages(graph: Graph, checks: Checks, work: Sequence[Stage], first_stage: int) -> tuple[Stage, ...]:
    """One for each rule set of each sink, after the stage that writes. Raises PlanProblem for rules that this release does not know."""
    writes = {node: stage for stage in work for node in stage.nodes}
    stages: list[Stage] = []
    for node, found in checks.items():
        for rules in found:
            _refuse(rules, node)
            stages.append(_check(graph, node, rules, StageId(first_stage + len(stages)), writes[node]))
    return tuple(stages)


def _is_attached(rules: RuleSet, graph: Graph, node: str) -> bool:
    """Named by the pipeline (then on every sink it could mean), or by its own dataset: a node of this pipeline, or the sink's target."""
    dataset, sink = rules.dataset, graph.sinks[node]
    if "pipeline" in dataset:
        return bool(dataset["pipeline"] == graph.pipeline.name and dataset.get("node") in {node, graph.sink_inputs[node]})
    target = dataset.get("table") or dataset.get("path")
    return bool(full_reference(graph.pipeline, str(dataset.get("connector"))) == sink.connector and target == sink.target)


def _check(graph: Graph, node: str, rules: RuleSet, number: StageId, after: Stage) -> Stage:
    dataset = f"{graph.sinks[node].connector}:{graph.sinks[node].target}"
    rows = Read(THIS, node, graph.sinks[node].columns, datasets=((after.id, node),))
    return Stage(
        id=number,
        kind="check",
        nodes=(node,),
        inputs=(after.id,),
        generation=level_after([after]),
        engine="duckdb",
        program=CheckProgram(dataset, (rows,), tuple(dict(rule) for rule in rules.rules), rules.name).to_json(),
        queue="quality",
        why=(f"rule set {rules.name} checks what {node} wrote",),
        policy=retry_settings(graph.pipeline),
    )


def _refuse(rules: RuleSet, node: str) -> None:
    if "output" in rules.dataset:
        raise PlanProblem(
            f"rule set {rules.name} names a port of {node}, which is not available yet in this release; leave it out", node=node
        )
    for rule in rules.rules:
        if (why := refused(rule)) is not None:
            raise PlanProblem(f"rule {rule['name']} of rule set {rules.name}, which checks {node}: {why}", node=node)
