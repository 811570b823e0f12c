"""The planner: a draft goes through PASSES in a row and is a plan at the end.

Each pass is a pure function: it reads of the draft what is given and what passes before it have put there, and puts its own there. What it
does is in the module that it calls; golden pairs of each are in tests/golden/planning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from shared.engines.program import Program
from shared.pipelines.model import Pipeline, RuleSet
from shared.planning.arrange import Numbers, numbered, work_stages
from shared.planning.attach import Checks, attached, unattached, watched
from shared.planning.cached import annotated, kept_nodes, told
from shared.planning.checks import check_stages
from shared.planning.cut import Piece, pieces
from shared.planning.emit import emitted
from shared.planning.gates import gated_ports, prepared, set_apart
from shared.planning.graph import Graph
from shared.planning.inside import emitted_inside, read_of
from shared.planning.measured import by_figures, measures
from shared.planning.modes import PANDAS_ROWS, Choice, engines
from shared.planning.needs import Facts
from shared.planning.place import Placement, placed
from shared.planning.prune import pruned
from shared.planning.push import pushed
from shared.planning.relate import related
from shared.planning.resolve import resolved
from shared.planning.stages import Stage


@dataclass(frozen=True, slots=True)
class Draft:
    """Given: the pipeline and what is known of the world, down to `pandas_rows`. Made by the passes: all else.

    `pieces` are the nodes of one stage each; `placements` and `programs` have one entry for each of them, in their order.
    """

    pipeline: Pipeline
    facts: Facts
    connector_types: Mapping[str, str]
    rule_sets: tuple[RuleSet, ...] = ()
    first_stage: int = 1
    pandas_rows: int = PANDAS_ROWS

    graph: Graph = field(kw_only=True)
    checks: Checks = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()
    placements: tuple[Placement, ...] = ()
    programs: tuple[Program, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def numbers(self) -> Numbers:
        return numbered(self.graph, self.pieces, self.checks, self.first_stage)


Pass = Callable[[Draft], Draft]


def resolve(draft: Draft) -> Draft:
    """What names stand for: the nodes in order, and each source with the columns that were found there."""
    return replace(draft, graph=resolved(draft.pipeline, draft.facts, draft.connector_types))


def relate(draft: Draft) -> Draft:
    """The rows of every port as one SELECT with typed columns, and what each sink is to get."""
    return replace(draft, graph=related(draft.graph, draft.facts, draft.connector_types))


def attach_checks(draft: Draft) -> Draft:
    """Which rule sets look at what; and rows that these take out of a sink's, or hold back, as ports."""
    checks = attached(draft.graph, draft.rule_sets, draft.facts, draft.connector_types)
    graph = prepared(draft.graph, checks)
    told = (*graph.warnings, *unattached(graph, draft.rule_sets, checks))
    return replace(draft, checks=checks, graph=replace(graph, watched=watched(graph, checks), warnings=told))


def prune(draft: Draft) -> Draft:
    """Ports that nobody reads and columns that nobody uses go."""
    return replace(draft, graph=pruned(draft.graph))


def choose_engines(draft: Draft) -> Draft:
    """Which of our engines computes each node, where no database does."""
    return replace(draft, choices=engines(draft.graph, draft.pandas_rows))


def cut(draft: Draft) -> Draft:
    """Nodes that can run in one go: the pieces that become stages."""
    kept = kept_nodes(draft.graph, draft.connector_types)
    graph = replace(draft.graph, warnings=(*draft.graph.warnings, *told(draft.graph, draft.connector_types)))
    return replace(draft, graph=graph, pieces=pieces(graph, draft.choices, gated_ports(graph, draft.checks), kept))


def gate(draft: Draft) -> Draft:
    """Sinks that wait for a rule set, apart from what computes their rows."""
    graph, found = set_apart(draft.graph, draft.pieces, draft.checks)
    return replace(draft, graph=graph, pieces=found)


def place(draft: Draft) -> Draft:
    """Each piece whole in one database, or here."""
    checked = {check.node for check in draft.checks if check.node is not None}
    found = (placed(draft.graph, piece, draft.facts, draft.connector_types, checked) for piece in draft.pieces)
    return replace(draft, placements=tuple(found))


def push(draft: Draft) -> Draft:
    """Of a piece that is here: the nodes that go along with the SELECTs that read."""
    return replace(draft, placements=tuple(pushed(placement) for placement in draft.placements))


def learn(draft: Draft) -> Draft:
    """Another way, where earlier runs of the same piece were clearly faster on it."""
    ways = zip(draft.pieces, draft.placements, strict=True)
    return replace(draft, placements=tuple(by_figures(draft.graph, piece, draft.facts, placement) for piece, placement in ways))


def emit(draft: Draft) -> Draft:
    """What each piece says to its engine."""
    stage_of = draft.numbers.nodes
    ways = zip(draft.pieces, draft.placements, strict=True)
    return replace(draft, programs=tuple(_program(draft, piece, placement, stage_of) for piece, placement in ways))


def _program(draft: Draft, piece: Piece, placement: Placement, stage_of: Mapping[str, int]) -> Program:
    said = _said(draft, piece, placement, stage_of)
    return replace(said, measures=measures(draft.graph, piece, placement, draft.connector_types))


def _said(draft: Draft, piece: Piece, placement: Placement, stage_of: Mapping[str, int]) -> Program:
    graph, world = draft.graph, (draft.facts, draft.connector_types, placement.typed)
    if placement.whole is not None:
        return emitted_inside(graph, piece, placement.whole, *world)
    entering = [read_of(graph, region, *world) for region in placement.regions]
    # What a port of their own has is staged from there.
    checked = {check.node for check in draft.checks if check.node is not None} - graph.ports.keys()
    return emitted(graph, piece, stage_of, checked, placement.pushed, entering)


def arrange(draft: Draft) -> Draft:
    """Stages in order, and what a worker must know of each."""
    made = work_stages(draft.graph, draft.choices, draft.pieces, draft.placements, draft.programs, draft.checks, draft.numbers)
    return replace(draft, stages=annotated(draft.graph, draft.connector_types, made))


def add_checks(draft: Draft) -> Draft:
    """A stage for each rule set, after what it looks at, and before who waits for it."""
    found = check_stages(draft.graph, draft.checks, draft.stages, draft.numbers, draft.connector_types)
    return replace(draft, stages=tuple(sorted((*draft.stages, *found), key=lambda stage: stage.id)))


# What a recipe means, wherever it runs.
LOGICAL: tuple[Pass, ...] = (resolve, relate, attach_checks, prune)
PASSES: tuple[Pass, ...] = (*LOGICAL, choose_engines, cut, gate, place, push, learn, emit, arrange, add_checks)


def through(passes: Iterable[Pass], draft: Draft) -> Draft:
    """Raises PlanProblem, charged to a node."""
    return reduce(lambda so_far, one: one(so_far), passes, draft)
