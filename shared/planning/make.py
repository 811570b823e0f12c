"""A pipeline and what is known of the world, as a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.pipelines.model import Pipeline, RuleSet
from shared.planning.cursors import unseen
from shared.planning.graph import Graph
from shared.planning.modes import PANDAS_ROWS
from shared.planning.needs import Facts, generations
from shared.planning.passes import LOGICAL, PASSES, Draft, Pass, through
from shared.planning.place import placed_node
from shared.planning.stages import Plan, PlannedNode, StageId


def plan(
    pipeline: Pipeline,
    facts: Facts,
    connector_types: Mapping[str, str],
    rule_sets: Sequence[RuleSet] = (),
    first_stage: int = 1,
    pandas_rows: int = PANDAS_ROWS,
    passes: Iterable[Pass] = PASSES,
) -> Plan:
    """All of a run. `facts`: by key of `needs`, as `Survey.to_json`. `passes`: others only to see what a fault in one of them does.

    Raises PlanProblem, charged to a node.
    """
    given = Draft(pipeline, facts, connector_types, tuple(rule_sets), first_stage, pandas_rows, graph=Graph(pipeline))
    draft = through(passes, given)
    return Plan(draft.stages, _nodes(draft), warnings=_warnings(draft.graph))


def logical_plan(pipeline: Pipeline, facts: Facts, connector_types: Mapping[str, str], rule_sets: Sequence[RuleSet] = ()) -> Graph:
    """What the recipe means, before it is asked where it runs. Raises PlanProblem, charged to a node."""
    return through(LOGICAL, Draft(pipeline, facts, connector_types, tuple(rule_sets), graph=Graph(pipeline))).graph


def _nodes(draft: Draft) -> tuple[PlannedNode, ...]:
    level, stage_of = generations(draft.pipeline), draft.numbers.nodes
    placed = {node: (found, piece.engine) for piece, found in zip(draft.pieces, draft.placements, strict=True) for node in piece.nodes}
    return tuple(
        placed_node(PlannedNode(node.id, node.type, level[node.id], StageId(stage_of[node.id])), *placed[node.id])
        for node in draft.pipeline.nodes
    )


def _warnings(graph: Graph) -> tuple[str, ...]:
    return (*graph.warnings, *unseen(graph), *_winners(graph))


def _winners(graph: Graph) -> tuple[str, ...]:
    return tuple(
        f"{sink.node}: of two rows with one key the greatest in {', '.join(name for name, _ in sink.order)} wins; set orderBy to choose"
        for sink in graph.sinks.values()
        if sink.write_mode == "UPSERT" and not graph.pipeline.node(sink.node).config["orderBy"]
    )
