"""Pieces, placed and said as programs, become stages: numbered, each after those it reads from, with what a worker must know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.engines.program import Program
from shared.planning.cut import Piece
from shared.planning.graph import Graph
from shared.planning.modes import Choice
from shared.planning.place import Placement, engine_of
from shared.planning.policies import label_of, policy_of
from shared.planning.recorded import recorded
from shared.planning.secrets import marked
from shared.planning.stages import Stage, StageId, level_after


def numbered(pieces: Sequence[Piece], first_stage: int) -> dict[str, int]:
    """The number of the stage that each node is in."""
    return {node: number for number, piece in enumerate(pieces, first_stage) for node in piece.nodes}


def work_stages(
    graph: Graph,
    choices: Mapping[str, Choice],
    pieces: Sequence[Piece],
    placements: Sequence[Placement],
    programs: Sequence[Program],
    first_stage: int,
) -> tuple[Stage, ...]:
    """One for each piece, in that order. `placements` and `programs`: one for each piece."""
    pipeline = graph.pipeline
    stages: list[Stage] = []
    first: set[StageId] = set()
    for number, (piece, placed, program) in enumerate(zip(pieces, placements, programs, strict=True), first_stage):
        engine = engine_of(placed, piece, graph.sinks)
        read = {StageId(stage) for read in program.reads for stage, _ in read.datasets}
        # Master data is there before anything else begins, whoever reads it.
        inputs = tuple(sorted(read if piece.first else {*read, *first}))
        stages.append(
            Stage(
                id=StageId(number),
                kind="work",
                nodes=piece.nodes,
                inputs=inputs,
                generation=level_after([stage for stage in stages if stage.id in inputs]),
                engine=engine,
                program=marked(replace(program, **recorded(pipeline, piece.nodes, graph.sinks)).to_json(), pipeline.secrets),
                label=label_of(pipeline, piece.nodes[0]),
                why=(piece.why, *placed.why, *_why_here(piece, choices, engine)),
                policy=policy_of(pipeline, [node for node in pipeline.nodes if node.id in piece.nodes]),
            )
        )
        first |= {StageId(number)} if piece.first else set()
    return tuple(stages)


def _why_here(piece: Piece, choices: Mapping[str, Choice], engine: str) -> tuple[str, ...]:
    """Why this engine, where it is one of ours."""
    return tuple(dict.fromkeys(choices[node].why for node in piece.nodes)) if engine == piece.engine else ()
