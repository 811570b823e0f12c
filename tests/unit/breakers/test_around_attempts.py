"""The breakers around attempts: what an attempt's end says of its connectors, and what happens without a Redis."""

from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import redis

from shared.attempts.breakers import Breakers, Guard, HeldBack
from shared.breakers import Change, Rules, standings
from shared.connectors.errors import BadQuery, Deadlocked, Unavailable
from shared.errors import PenstockError

RULES = Rules(2, timedelta(seconds=0.2), timedelta(seconds=5), timedelta(seconds=0.1))
FAR, NEAR = "default/far", "default/near"


@pytest.fixture
def told() -> list[Change | str]:
    return []


@pytest.fixture
def breakers(client: redis.Redis) -> Breakers:
    return Breakers(client, RULES)


def guarded(breakers: Breakers, told: list[Change | str], *connectors: str) -> Guard:
    return breakers.guard(f"attempt-{time.monotonic_ns()}", dict.fromkeys(connectors or (FAR,), RULES), threading.Event(), told.append)


def of(error: PenstockError, connector: str = FAR) -> dict[str, Any]:
    error.connector = connector
    return error.to_json()


def failures(breakers: Breakers, connector: str = FAR) -> int:
    return standings(breakers._client, [connector])[0].failures


def test_what_the_far_side_refuses_or_is_busy_with_does_not_count(breakers: Breakers, told: list[Change | str]) -> None:
    for error in (BadQuery("no such function"), Deadlocked("two at once"), PenstockError("a bug")):
        breakers.end(guarded(breakers, told), of(error))
    assert failures(breakers) == 0
    breakers.end(guarded(breakers, told), of(Unavailable("it hung up")))
    assert failures(breakers) == 1
    # It said something, if not what was hoped for.
    breakers.end(guarded(breakers, told), of(BadQuery("no such function")))
    assert failures(breakers) == 0


def test_only_the_connector_that_failed_is_charged(breakers: Breakers, told: list[Change | str]) -> None:
    for _ in range(2):
        breakers.end(guarded(breakers, told, FAR, NEAR), of(Unavailable("it hung up")))
    assert (failures(breakers), failures(breakers, NEAR)) == (2, 0)
    assert told == [Change(FAR, "closed", "open", "it hung up")]
    with pytest.raises(HeldBack, match=r"default/far failed 2 times in a row \(last: it hung up\); it is left alone until"):
        guarded(breakers, told, FAR, NEAR)
    breakers.leave(guarded(breakers, told, NEAR))


def test_an_attempt_that_was_stopped_says_nothing_of_the_far_side(breakers: Breakers, told: list[Change | str]) -> None:
    breakers.end(guarded(breakers, told), of(Unavailable("it hung up")))
    guard = guarded(breakers, told)
    breakers.hear(guard, FAR, None)
    breakers.leave(guard)
    assert failures(breakers) == 1


def test_a_trial_that_was_answered_and_goes_on_closes_it_before_its_end(breakers: Breakers, told: list[Change | str]) -> None:
    for _ in range(2):
        breakers.end(guarded(breakers, told), of(Unavailable("it hung up")))
    time.sleep(0.25)
    trial = guarded(breakers, told)
    with pytest.raises(HeldBack, match="one attempt is trying whether it is back"):
        guarded(breakers, told)
    breakers.hear(trial, FAR, None)
    time.sleep(0.3)
    assert told[-1] == Change(FAR, "half-open", "closed")
    breakers.leave(guarded(breakers, told))


def test_without_a_redis_all_goes_on_and_it_is_said_once(told: list[Change | str]) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    alone = Breakers(redis.Redis(port=port, socket_connect_timeout=1), RULES)
    for _ in range(5):
        breakers_guard = guarded(alone, told)
        alone.end(breakers_guard, of(Unavailable("it hung up")))
    (said,) = told
    assert "called without circuit breakers until it is back" in str(said)
