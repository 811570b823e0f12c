"""What is done again when a person asks for a run that has ended; pure.

What is not done is done in any case: a run ends well only when all of it is done. From a node on, what was done is done again too, unless
it is to be kept. Staged rows that are gone are computed again, with all that this needs. Rows that are computed again may be others than
before: every check that looks at them is done again, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.errors import Fault, PenstockError
from shared.runs.states import StageStatus

INSERT = "INSERT"


class CannotRestart(PenstockError):
    """The run stays as it is."""

    code = "cannot_restart"
    fault = Fault.CONFIGURATION


class WouldDouble(CannotRestart):
    """Rows that are in their destination would be written a second time, or what people did with rejected rows would be lost."""

    code = "would_double"


@dataclass(frozen=True, slots=True)
class Ended:
    """A stage of a run that has ended. `writes`: the write modes of its sinks; `gone`: rows that it staged are no longer there.

    `numbered`: persistent sequences that it numbers, and whose numbers a sink has already been given. `replayed`: rows that it rejected
    were replayed, or are being; `decided`: somebody corrected or waived some of them.
    """

    stage: int
    status: StageStatus
    inputs: tuple[int, ...]
    nodes: tuple[str, ...]
    kind: str = "work"
    writes: tuple[str, ...] = ()
    gone: bool = False
    numbered: tuple[str, ...] = ()
    replayed: bool = False
    decided: bool = False

    @property
    def done(self) -> bool:
        return self.status is StageStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class Again:
    """Stages to be done again, in plan order. `anew`: those whose sinks are to write once more, whatever they wrote before."""

    stages: tuple[int, ...]
    anew: frozenset[int] = frozenset()


def again(stages: Sequence[Ended], *, from_node: str | None, keep: bool = False, allow_duplicates: bool = False) -> Again:
    """`from_node`: where to begin; None: only with what is not done. `keep`: what is done after that node stays as it is.

    Raises CannotRestart for a node that is not there, or a run with nothing left to do; WouldDouble where rows would be inserted again and
    that is not allowed.
    """
    chosen = {stage.stage for stage in stages if not stage.done}
    dropped: set[int] = set()
    if from_node is not None:
        first = _of_node(stages, from_node)
        dropped = {first} if keep else after(stages, [first])
        chosen |= dropped
    if not chosen:
        raise CannotRestart("everything in this run is done; name the node to start again from")
    _completed(stages, chosen)
    among = [stage for stage in stages if stage.stage in chosen]
    if not allow_duplicates:
        _refuse_duplicates(among, asked=dropped)
    anew = {stage.stage for stage in among if stage.writes and (stage.done or (stage.stage in dropped and INSERT not in stage.writes))}
    return Again(tuple(stage.stage for stage in among), frozenset(anew))


def _of_node(stages: Iterable[Ended], node: str) -> int:
    for stage in stages:
        if stage.kind == "work" and node in stage.nodes:
            return stage.stage
    there = ", ".join(sorted({node for stage in stages if stage.kind == "work" for node in stage.nodes}))
    raise CannotRestart(f"there is no node {node} in this run's plan; it has {there or 'none yet, so start it again from what failed'}")


def after(stages: Sequence[Ended], first: Iterable[int]) -> set[int]:
    """Those stages, and all that come after them; in plan order, where inputs have lower numbers."""
    reached = set(first)
    for stage in stages:
        if reached.intersection(stage.inputs):
            reached.add(stage.stage)
    return reached


def _completed(stages: Sequence[Ended], chosen: set[int]) -> None:
    """Adds what the chosen stages bring with them, until there is nothing more: a check may need rows that are gone."""
    before = 0
    while before < len(chosen):
        before = len(chosen)
        _with_what_is_gone(stages, chosen)
        chosen |= {stage.stage for stage in stages if stage.kind == "check" and chosen.intersection(stage.inputs)}


def _with_what_is_gone(stages: Sequence[Ended], chosen: set[int]) -> None:
    """Adds what must be computed again for want of its rows. From the end, so that what is added is looked at too."""
    gone = {stage.stage for stage in stages if stage.done and stage.gone}
    for stage in reversed(stages):
        if stage.stage in chosen:
            chosen |= gone.intersection(stage.inputs)


def _refuse_duplicates(among: Iterable[Ended], asked: set[int]) -> None:
    for stage in among:
        why = "" if stage.stage in asked else ", and its staged rows, which others need, are no longer there"
        if stage.done and INSERT in stage.writes:
            raise WouldDouble(
                f"stage {stage.stage} ({', '.join(stage.nodes)}) has inserted its rows{why}; doing it again inserts them a second time:"
                " say allowDuplicates: true, or start from a node after it"
            )
        if stage.done and stage.numbered:
            raise WouldDouble(
                f"the numbers of {', '.join(stage.numbered)} in stage {stage.stage} have been given out{why}; doing it again gives them"
                " a second time: say allowDuplicates: true, or start from a node after it"
            )
        if stage.done and stage.replayed:
            raise WouldDouble(
                f"rows that stage {stage.stage} ({', '.join(stage.nodes)}) rejected were replayed, or are being{why}; doing it again"
                " rejects them anew: say allowDuplicates: true, or start from a node after it"
            )
        if stage.done and stage.decided:
            raise WouldDouble(
                f"rows that stage {stage.stage} ({', '.join(stage.nodes)}) rejected were corrected or waived{why}; doing it again rejects"
                " them anew and forgets that: replay them first (penstock dead-letters replay), say allowDuplicates: true, or start from a"
                " node after it"
            )
