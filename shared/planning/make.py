"""The passes in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from shared.engines.program import CheckProgram
from shared.pipelines.model import Pipeline, RuleSet
from shared.pipelines.rules import refused
from shared.planning.compile import Graph, compile_graph
from shared.planning.cut import cut
from shared.planning.emit import emit
from shared.planning.errors import PlanProblem
from shared.planning.inside import emit_inside, read_of
from shared.planning.measured import by_figures, measures
from shared.planning.modes import PANDAS_ROWS, engines
from shared.planning.needs import full_reference, generations, retry_settings
from shared.planning.place import Placement, engine_of, others, place, placed_node
from shared.planning.policies import label_of, policy_of
from shared.planning.recorded import recorded
from shared.planning.secrets import marked
from shared.planning.stages import Plan, PlannedNode, Stage, StageId


def plan(
    pipeline: Pipeline,
    facts: Mapping[str, Mapping[str, Any]],
    connector_types: Mapping[str, str],
    rule_sets: Sequence[RuleSet] = (),
    first_stage: int = 1,
    pandas_rows: int = PANDAS_ROWS,
) -> Plan:
    """All of a run. `facts`: by key of `needs`, as `Survey.to_json`. Raises PlanProblem, charged to a node."""
    graph = compile_graph(pipeline, facts, connector_types)
    choices = engines(graph, pandas_rows)
    checks = {node: [rules for rules in rule_sets if _attached(rules, pipeline, graph, node)] for node in graph.sinks}
    checked = {node for node, found in checks.items() if found}
    stages: list[Stage] = []
    stage_of: dict[str, int] = {}
    placements: dict[str, tuple[Placement, str]] = {}
    first: set[StageId] = set()
    for piece in cut(graph, choices):
        number = StageId(first_stage + len(stages))
        ruled = place(graph, piece, facts, connector_types, checked)
        placed = by_figures(graph, piece, facts, ruled, partial(others, graph, piece, facts, connector_types, ruled))
        placements |= dict.fromkeys(piece.nodes, (placed, piece.engine))
        here = engine_of(placed, piece, graph.sinks) == piece.engine
        if placed.whole is not None:
            program = emit_inside(graph, piece, placed.whole, facts, connector_types, placed.typed)
        else:
            entering = [read_of(graph, region, facts, connector_types, placed.typed) for region in placed.regions]
            program = emit(graph, piece, stage_of, checked, placed.pushed, entering)
        program = replace(program, **recorded(pipeline, piece.nodes, graph.sinks), measures=measures(graph, piece, placed, connector_types))
        read = {StageId(stage) for read in program.reads for stage, _ in read.datasets}
        # Master data is there before anything else begins, whoever reads it.
        inputs = tuple(sorted(read if piece.first else {*read, *first}))
        stages.append(
            Stage(
                id=number,
                kind="work",
                nodes=piece.nodes,
                inputs=inputs,
                generation=_level(stages, inputs),
                engine=engine_of(placed, piece, graph.sinks),
                program=marked(program.to_json(), pipeline.secrets),
                label=label_of(pipeline, piece.nodes[0]),
                why=(piece.why, *placed.why, *(dict.fromkeys(choices[node].why for node in piece.nodes) if here else ())),
                policy=policy_of(pipeline, [node for node in pipeline.nodes if node.id in piece.nodes]),
            )
        )
        first |= {number} if piece.first else set()
        stage_of.update(dict.fromkeys(piece.nodes, number))
    for node, found in checks.items():
        for rules in found:
            _refuse(rules, node)
            stages.append(_check(pipeline, graph, node, rules, StageId(first_stage + len(stages)), StageId(stage_of[node]), stages))
    level = generations(pipeline)
    nodes = tuple(
        placed_node(PlannedNode(node.id, node.type, level[node.id], StageId(stage_of[node.id])), *placements[node.id])
        for node in pipeline.nodes
    )
    return Plan(tuple(stages), nodes, warnings=_warnings(graph))


def _level(stages: Sequence[Stage], inputs: Sequence[int]) -> int:
    return 1 + max((stage.generation for stage in stages if stage.id in inputs), default=0)


def _attached(rules: RuleSet, pipeline: Pipeline, graph: Graph, node: str) -> bool:
    """Named by the pipeline (then on every sink it could mean), or by its own dataset: a node of this pipeline, or the sink's target."""
    dataset, sink = rules.dataset, graph.sinks[node]
    if "pipeline" in dataset:
        return bool(dataset["pipeline"] == pipeline.name and dataset.get("node") in {node, graph.sink_inputs[node]})
    target = dataset.get("table") or dataset.get("path")
    return bool(full_reference(pipeline, str(dataset.get("connector"))) == sink.connector and target == sink.target)


def _check(pipeline: Pipeline, graph: Graph, node: str, rules: RuleSet, number: StageId, after: StageId, stages: Sequence[Stage]) -> Stage:
    dataset = f"{graph.sinks[node].connector}:{graph.sinks[node].target}"
    return Stage(
        id=number,
        kind="check",
        nodes=(node,),
        inputs=(after,),
        generation=_level(stages, (after,)),
        engine="duckdb",
        program=CheckProgram(dataset, rules.name, (after, node), tuple(dict(rule) for rule in rules.rules)).to_json(),
        queue="quality",
        why=(f"rule set {rules.name} checks what {node} wrote",),
        policy=retry_settings(pipeline),
    )


def _refuse(rules: RuleSet, node: str) -> None:
    if "output" in rules.dataset:
        raise PlanProblem(
            f"rule set {rules.name} names a port of {node}, which is not available yet in this release; leave it out", node=node
        )
    for rule in rules.rules:
        if (why := refused(rule)) is not None:
            raise PlanProblem(f"rule {rule['name']} of rule set {rules.name}, which checks {node}: {why}; leave it out", node=node)


def _warnings(graph: Graph) -> tuple[str, ...]:
    return graph.warnings + tuple(
        f"{sink.node}: of two rows with one key the greatest in {', '.join(name for name, _ in sink.order)} wins; set orderBy to choose"
        for sink in graph.sinks.values()
        if sink.write_mode == "UPSERT" and not graph.pipeline.node(sink.node).config["orderBy"]
    )
