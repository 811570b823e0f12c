"""Stages whose connector is left alone for a while: they wait without an attempt and without a retry, and are woken when it is back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.breakers import Change
from shared.dispatch import claims, results, waiting
from shared.messages import StageMessage
from shared.store import run_views
from tests.unit.dispatch.test_dispatch import TRANSIENT, World, world

__all__ = ["world"]

FAR = "default/far"
OPEN = {"code": "breaker_open", "message": f"connector {FAR} is left alone", "retryable": True, "retryOn": None, "connector": FAR}


def held_back(world: World, message: StageMessage, wait_s: float = 60) -> list[StageMessage] | None:
    claim = world.held(message)
    with world.database.transaction() as tx:
        return results.hold_back(tx, claim, OPEN, timedelta(seconds=wait_s))


def row(world: World) -> dict[str, Any]:
    with world.database.transaction() as tx:
        found = tx.execute("SELECT * FROM stages WHERE run_id = %s AND stage = 1", (world.run,)).fetchone()
    assert found is not None
    return found


def attempts(world: World) -> list[int]:
    with world.database.transaction() as tx:
        return [one["epoch"] for one in run_views.attempts(tx, world.run, 1)]


def test_it_waits_as_a_row_without_an_attempt_and_without_a_retry(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"retries": 0})
    assert held_back(world, message) == []
    assert (world.stages, world.nodes) == ({1: "RETRYING"}, {"n1": "RETRYING"})
    found = row(world)
    assert (found["retries"], found["lost"], found["started_at"], attempts(world)) == (0, 0, None, [])
    (told,) = [event for event in world.events if event["type"] == "node.retry"]
    assert (told["data"]["reason"], told["data"]["message"]) == ("breaker", OPEN["message"])
    assert 60 <= told["data"]["waitSeconds"] <= 66
    assert world.sweep() == []
    world.expire()
    (again,) = world.sweep()
    assert world.complete(world.held(again)) == []
    assert world.status == "SUCCEEDED"
    assert attempts(world) == [2]


def test_what_was_tried_before_stays_on_record(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"retries": 1, "retryDelay": 60})
    world.fail(world.held(message), TRANSIENT)
    began = row(world)["started_at"]
    for _ in range(3):
        world.expire()
        (message,) = world.sweep()
        held_back(world, message)
    assert (row(world)["retries"], row(world)["started_at"], attempts(world)) == (1, began, [1])


def test_one_whose_time_would_be_over_by_then_fails_with_both_reasons(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"timeout": 30, "timeoutNode": "n1"})
    held_back(world, message)
    error = row(world)["error"]
    assert (world.status, error["code"], error["node"]) == ("FAILED", "timeout", "n1")
    assert "is left alone" in error["message"] and "the 30 s that node n1 may take" in error["message"]


def test_a_retry_that_its_timeout_leaves_no_time_for_is_not_begun(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"retries": 3, "retryDelay": 60, "timeout": 30, "timeoutNode": "n1"})
    world.fail(world.held(message), TRANSIENT)
    assert world.status == "FAILED"
    assert "it did not answer; there is no other attempt, since the 30 s" in row(world)["error"]["message"]


def test_a_cancelled_one_is_not_held_back(world: World) -> None:
    (message,) = world.start({1: ()})
    claim = world.held(message)
    world.cancel()
    with world.database.transaction() as tx:
        assert results.hold_back(tx, claim, OPEN, timedelta(seconds=60)) == []
    assert world.status == "CANCELLED"


def test_an_attempt_that_is_somebody_else_s_by_now_is_not_held_back(world: World) -> None:
    (message,) = world.start({1: ()})
    zombie = world.held(message)
    world.expire()
    world.sweep()
    with world.database.transaction() as tx:
        assert results.hold_back(tx, zombie, OPEN, timedelta(seconds=60)) is None


def test_all_that_wait_for_a_connector_are_woken_and_nobody_else(world: World) -> None:
    first, second = world.start({1: (), 2: ()}, policy={"retries": 1, "retryDelay": 60})
    held_back(world, first)
    world.fail(world.held(second), TRANSIENT)
    with world.database.transaction() as tx:
        assert claims.wake(tx, "default/other") == 0
        assert claims.wake(tx, FAR) == 1
    assert [message.stage for message in world.sweep()] == [1]


def test_a_reset_by_hand_is_told_to_the_runs_that_wait(world: World) -> None:
    (message,) = world.start({1: ()})
    held_back(world, message)
    waiting.released(world.database, Change(FAR, "open", "closed"), "it was reset by somebody")
    (told,) = [event for event in world.events if event["type"] == "breaker.changed"]
    assert told["data"] == {"connector": FAR, "before": "open", "after": "closed", "message": "it was reset by somebody"}
    assert [message.stage for message in world.sweep()] == [1]


def test_a_change_is_an_event_of_the_run_that_made_it(world: World) -> None:
    (message,) = world.start({1: ()})
    claim = world.held(message)
    with world.database.transaction() as tx:
        claims.report_breaker(tx, claim, Change(FAR, "closed", "open", "it hung up"), "it is open now")
        claims.report_breaker(tx, claim, None, "Redis is away")
    told = [(event["stage"], event["data"]) for event in world.events if event["type"] == "breaker.changed"]
    assert told == [
        (1, {"connector": FAR, "before": "closed", "after": "open", "message": "it is open now"}),
        (1, {"after": None, "message": "Redis is away"}),
    ]
