"""Pieces, placed and said as programs, become stages: numbered, each after those it reads from, with what a worker must know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.engines.program import Program
from shared.planning.attach import Check, Checks, compared_nodes
from shared.planning.cut import Piece
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.modes import Choice
from shared.planning.place import Placement, engine_of
from shared.planning.policies import label_of, policy_of
from shared.planning.recorded import recorded
from shared.planning.secrets import marked
from shared.planning.stages import Stage, StageId


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of stages: of the one that each node is in, and of each check's, in the order of the checks."""

    nodes: Mapping[str, int]
    checks: tuple[int, ...]


def numbered(graph: Graph, pieces: Sequence[Piece], checks: Checks, first_stage: int) -> Numbers:
    """Each stage comes after those it waits for; pieces in their order, and checks after them, but where a piece waits for a check.

    Raises PlanProblem for a rule that compares what it holds back with what comes of it.
    """
    home = {node: at for at, piece in enumerate(pieces) for node in piece.nodes}
    needs: list[set[int]] = []
    for at, piece in enumerate(pieces):
        read = _read(graph, piece)
        awaited = _awaited(graph, piece)
        gates = {len(pieces) + number for number, check in enumerate(checks) if check.gate and check.table in awaited}
        needs.append({home[graph.owner(table)] for table in read} - {at} | gates)
    needs += [{home[node] for node in looked_at(graph, check)} for check in checks]
    order: list[int] = []
    while len(order) < len(needs):
        ready = next((at for at in range(len(needs)) if at not in order and needs[at].issubset(order)), None)
        if ready is None:
            raise _rings(checks, {at - len(pieces) for at in range(len(pieces), len(needs)) if at not in order})
        order.append(ready)
    place = {at: first_stage + number for number, at in enumerate(order)}
    return Numbers({node: place[at] for node, at in home.items()}, tuple(place[len(pieces) + at] for at in range(len(checks))))


def looked_at(graph: Graph, check: Check) -> set[str]:
    """The nodes whose stages a check comes after: those that give what it looks at and compares with, or all that write."""
    compared = {graph.owner(table) for _, table, _ in compared_nodes(check)}
    if check.table is None:
        return compared | graph.sinks.keys()
    return compared | {staging(graph, check.table)}


def staging(graph: Graph, table: str) -> str:
    """The node in whose stage the rows are staged that a check looks at; a sink's, which are no port, by what writes them."""
    return table if table in graph.sinks and table not in graph.ports else graph.owner(table)


def _read(graph: Graph, piece: Piece) -> set[str]:
    """Tables that a piece's relations and sinks read."""
    nodes = set(piece.nodes)
    tables = {table for port in graph.ports.values() if port.node in nodes for table in port.inputs}
    return tables | {graph.sink_inputs[node] for node in nodes if node in graph.sinks}


def _awaited(graph: Graph, piece: Piece) -> set[str]:
    """Tables whose gates a piece waits for. What is made for a sink elsewhere is only staged there; it is the sink that waits."""
    nodes = set(piece.nodes)
    tables = {table for port in graph.ports.values() if (port.for_sink or port.node) in nodes for table in port.inputs}
    return tables | {graph.sink_inputs[node] for node in nodes if node in graph.sinks}


def _rings(checks: Checks, left: set[int]) -> PlanProblem:
    waiting = [check for at, check in enumerate(checks) if at in left and check.gate]
    for check in waiting:
        for rule, table, _ in compared_nodes(check):
            return PlanProblem(
                f"rule {rule['name']} of rule set {check.rules.name} compares {check.node} with {table}, which comes after the gate;"
                " compare with what comes before, or set blockPipeline: false on its rules",
                node=check.node,
            )
    raise AssertionError("stages wait for one another")


def work_stages(
    graph: Graph,
    choices: Mapping[str, Choice],
    pieces: Sequence[Piece],
    placements: Sequence[Placement],
    programs: Sequence[Program],
    checks: Checks,
    numbers: Numbers,
) -> tuple[Stage, ...]:
    """One for each piece, by number. `placements` and `programs`: one for each piece."""
    pipeline = graph.pipeline
    stages: list[Stage] = []
    first: set[StageId] = set()
    level: dict[int, int] = {}
    made = sorted(zip(pieces, placements, programs, strict=True), key=lambda one: numbers.nodes[one[0].nodes[0]])
    for piece, placed, program in made:
        number = numbers.nodes[piece.nodes[0]]
        engine = engine_of(placed, piece, graph.sinks)
        read = {StageId(stage) for read in program.reads for stage, _ in read.datasets}
        # Master data is there before anything else begins, whoever reads it.
        awaited = _awaited(graph, piece)
        gates = {at: check for at, check in zip(numbers.checks, checks, strict=True) if check.gate and check.table in awaited}
        level |= {at: 1 + max(level[numbers.nodes[node]] for node in looked_at(graph, check)) for at, check in gates.items()}
        inputs = tuple(sorted({*read, *map(StageId, gates)} if piece.first else {*read, *first, *map(StageId, gates)}))
        level[number] = 1 + max((level[stage] for stage in inputs), default=0)
        stages.append(
            Stage(
                id=StageId(number),
                kind="work",
                nodes=piece.nodes,
                inputs=inputs,
                generation=level[number],
                engine=engine,
                program=marked(replace(program, **recorded(pipeline, piece.nodes, graph.sinks)).to_json(), pipeline.secrets),
                label=label_of(pipeline, piece.nodes[0]),
                why=(
                    piece.why,
                    *_handed_on(graph, piece),
                    *_held_back(graph, gates.values()),
                    *placed.why,
                    *_why_here(piece, choices, engine),
                ),
                policy=policy_of(pipeline, [node for node in pipeline.nodes if node.id in piece.nodes]),
            )
        )
        first |= {StageId(number)} if piece.first else set()
    return tuple(stages)


def _handed_on(graph: Graph, piece: Piece) -> tuple[str, ...]:
    """Of sinks whose rows others read once they are written."""
    readers = {sink: dict.fromkeys(e.target for e in graph.pipeline.outgoing(sink)) for sink in piece.nodes if sink in graph.sinks}
    return tuple(f"{sink}: what it wrote is staged for {', '.join(of)}" for sink, of in readers.items() if of)


def _held_back(graph: Graph, gates: Iterable[Check]) -> tuple[str, ...]:
    """Of gates that stand before other nodes than sinks, whose pieces say so themselves."""
    return tuple(
        f"begins only after rule set {check.rules.name} has passed {check.table}" for check in gates if check.node not in graph.sinks
    )


def _why_here(piece: Piece, choices: Mapping[str, Choice], engine: str) -> tuple[str, ...]:
    """Why this engine, where it is one of ours."""
    return tuple(dict.fromkeys(choices[node].why for node in piece.nodes)) if engine == piece.engine else ()
