"""States of runs, stages and nodes, and the one table of legal transitions for each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from shared.errors import PenstockError


class RunStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"


class StageStatus(StrEnum):
    WAITING = "WAITING"
    RELEASED = "RELEASED"
    RUNNING = "RUNNING"
    SUBMITTED = "SUBMITTED"
    RETRYING = "RETRYING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


class NodeStatus(StrEnum):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


RUN_STEPS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.SKIPPED, RunStatus.FAILED, RunStatus.TIMED_OUT}),
    RunStatus.RUNNING: frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT}),
    # A person may ask for stages of a run again; it then waits for its turn like any other. Nothing else brings a run back.
    RunStatus.FAILED: frozenset({RunStatus.QUEUED}),
    RunStatus.CANCELLED: frozenset({RunStatus.QUEUED}),
    RunStatus.TIMED_OUT: frozenset({RunStatus.QUEUED}),
    RunStatus.SUCCEEDED: frozenset({RunStatus.QUEUED}),
    RunStatus.SKIPPED: frozenset(),
}

_S = StageStatus
STAGE_STEPS: Mapping[StageStatus, frozenset[StageStatus]] = {
    # To COMPLETED: what another run has done is reused.
    _S.WAITING: frozenset({_S.RELEASED, _S.SKIPPED, _S.CANCELLED, _S.COMPLETED}),
    # RELEASED to RELEASED: its message was lost, so it is released again as the next epoch.
    _S.RELEASED: frozenset({_S.RUNNING, _S.RELEASED, _S.CANCELLED}),
    # RUNNING to RELEASED: its worker was lost.
    _S.RUNNING: frozenset({_S.COMPLETED, _S.FAILED, _S.RETRYING, _S.SUBMITTED, _S.RELEASED, _S.CANCELLED}),
    _S.SUBMITTED: frozenset({_S.RELEASED, _S.COMPLETED, _S.FAILED, _S.RETRYING, _S.CANCELLED}),
    _S.RETRYING: frozenset({_S.RELEASED, _S.CANCELLED, _S.FAILED}),
    # To WAITING: a person asked for it again.
    _S.COMPLETED: frozenset({_S.WAITING}),
    _S.FAILED: frozenset({_S.WAITING}),
    _S.SKIPPED: frozenset({_S.WAITING}),
    _S.CANCELLED: frozenset({_S.WAITING}),
}

RUN_FINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT, RunStatus.SKIPPED})
STAGE_FINAL = frozenset({_S.COMPLETED, _S.FAILED, _S.SKIPPED, _S.CANCELLED})
# What holds one of the run's maxParallelNodes slots.
STAGE_IN_FLIGHT = frozenset({_S.RELEASED, _S.RUNNING})


class IllegalTransition(PenstockError):
    """A step that the table does not have; the caller's view of the row was stale or wrong."""

    code = "illegal_transition"


T = TypeVar("T", RunStatus, StageStatus)


def sources(steps: Mapping[T, frozenset[T]], to: T) -> list[str]:
    """The states from which `to` may be reached: the right-hand side of a compare-and-set."""
    return [state.value for state, targets in steps.items() if to in targets]


def check_step(steps: Mapping[T, frozenset[T]], before: T, after: T) -> None:
    if after not in steps[before]:
        raise IllegalTransition(f"{before} cannot become {after}")
