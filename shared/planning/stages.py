"""The plan as a value: stages, what each does and waits for, and which nodes each one is.

Made by `shared.planning`, stored by the scheduler, shown by the API. `format` is checked by whoever reads a stored plan; an
unknown one is left to whoever knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NewType

FORMAT = 1

StageId = NewType("StageId", int)


@dataclass(frozen=True, slots=True)
class Stage:
    """One engine, one connection, no copy in between. `inputs` are stages that must be COMPLETED before it starts.

    `kind`: survey, work, check, publish, observe. `program` is JSON for that kind; it is stored apart from the stage's row.
    `queue`: stages or
    quality. `why`: sentences that say why this engine and why the cut. `policy`: the retry policy of its nodes, as
    `shared.runs.retry.Policy` reads it:
    {retries, retryDelay, retryBackoffMultiplier, retryMaxDelay, retryOn}, the most patient of its nodes' where they differ.
    """

    id: StageId
    kind: str
    nodes: tuple[str, ...]
    inputs: tuple[StageId, ...]
    generation: int
    engine: str | None
    program: dict[str, Any]
    queue: str = "stages"
    label: str | None = None
    part: int = 0
    why: tuple[str, ...] = ()
    policy: dict[str, Any] = field(default_factory=dict)


def level_after(inputs: Iterable[Stage]) -> int:
    """The generation of a stage that reads those; the first is 1."""
    return 1 + max((stage.generation for stage in inputs), default=0)


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """`generation` is the node's Kahn level, sources are 1; `stage` the work stage that computes it.

    `engine`: what computes it there. `trust`: how well its expressions are known in the database it could run in, and why not better;
    `local`: why it does not run there. None where there is nothing to say.
    """

    id: str
    type: str
    generation: int
    stage: StageId
    engine: str | None = None
    trust: str | None = None
    trust_why: str | None = None
    local: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    stages: tuple[Stage, ...]
    nodes: tuple[PlannedNode, ...]
    format: int = FORMAT
    warnings: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The plan as the API shows it, programs included; key order is stable so that two plans can be compared."""
        return {
            "format": self.format,
            "nodes": [{"id": n.id, "type": n.type, "generation": n.generation, "stage": n.stage} for n in self.nodes],
            "stages": [
                {
                    "id": s.id,
                    "kind": s.kind,
                    "part": s.part,
                    "nodes": list(s.nodes),
                    "inputs": list(s.inputs),
                    "generation": s.generation,
                    "engine": s.engine,
                    "queue": s.queue,
                    "label": s.label,
                    "why": list(s.why),
                    "program": s.program,
                }
                for s in self.stages
            ],
            "warnings": list(self.warnings),
            **self.extra,
        }
