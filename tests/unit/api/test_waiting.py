"""Why a stage has not begun, as the API tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.api.resources.waiting import waiting_for

RUN: dict[str, Any] = {"status": "RUNNING", "max_parallel_nodes": 1, "waiting_for": None}


def stage(number: int, status: str, inputs: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    row = {"stage": number, "kind": "work", "status": status, "inputs": list(inputs), "waiting_for": None, "error": None, "retry_at": None}
    return row | more


def told(one: dict[str, Any], *others: dict[str, Any], run: dict[str, Any] = RUN) -> tuple[str, str] | None:
    found = waiting_for(one, [one, *others], run)
    return (found["reason"], found["detail"]) if found else None


def test_what_runs_or_has_ended_waits_for_nothing() -> None:
    assert told(stage(1, "RUNNING")) is None
    assert told(stage(1, "COMPLETED")) is None
    assert told(stage(1, "WAITING"), run=RUN | {"status": "QUEUED"}) is None


def test_inputs_that_are_not_done_are_named() -> None:
    assert told(stage(3, "WAITING", (1, 2)), stage(1, "COMPLETED"), stage(2, "RUNNING")) == ("inputs", "stage 2 must be done first")


def test_the_limit_of_the_run_is_told() -> None:
    expected = ("parallelism", "stages of this run at work: 1, the limit is 1 (maxParallelNodes)")
    assert told(stage(2, "WAITING"), stage(1, "RUNNING")) == expected


def test_what_dispatch_said_of_it_comes_first() -> None:
    why = {"reason": "connector", "detail": "connector default/db allows one connection at once"}
    assert told(stage(2, "WAITING", waiting_for=why), stage(1, "RUNNING")) == ("connector", why["detail"])


def test_a_retry_says_when_and_after_what() -> None:
    at = datetime(2026, 3, 29, 2, 0, 5, tzinfo=UTC)
    waiting = stage(1, "RETRYING", retry_at=at, error={"code": "connector_unavailable", "message": "it did not answer"})
    assert told(waiting) == ("retry", "it is tried again at 02:00:05 UTC, after: it did not answer")
    held = stage(1, "RETRYING", retry_at=at, error={"code": "breaker_open", "message": "db is left alone"})
    assert told(held) == ("breaker", "it is tried again at 02:00:05 UTC, after: db is left alone")


def test_a_released_stage_waits_for_a_worker_and_for_which() -> None:
    assert told(stage(1, "RELEASED")) == ("worker", "no worker has taken it yet")
    run = RUN | {"waiting_for": {"reason": "worker", "detail": "no live one carries the label gpu"}}
    assert told(stage(1, "RELEASED"), run=run) == ("worker", "no live one carries the label gpu")
