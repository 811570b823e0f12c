"""Why each node of a plan is computed where it is, in one sentence. Told of runs, whose plans are too large to be read for it; pure.

A stage says its reasons as sentences: about the engine ("duckdb: …", "database: …") or about one of its nodes ("paris: …").
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.planning.stages import Plan, PlannedNode, Stage


def reasons(plan: Plan) -> dict[str, str | None]:
    """By node; None where the plan says nothing of it. What could run in a database and does not is told why it stays."""
    stages = {stage.id: stage for stage in plan.stages}
    return {node.id: next(_reasons(node, stages[node.stage]), None) if node.stage in stages else None for node in plan.nodes}


def _reasons(node: PlannedNode, stage: Stage) -> Iterator[str]:
    """The best first."""
    if node.local is not None:
        yield node.local
    for about in dict.fromkeys((node.id, node.engine, stage.engine, *stage.nodes)):
        for sentence in stage.why:
            subject, colon, said = sentence.partition(": ")
            if colon and subject == about:
                # Of another node of the stage, which it goes along with.
                yield sentence if about in stage.nodes and about != node.id else said
