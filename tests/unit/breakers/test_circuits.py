"""One connector's breaker, shared by many: who is let through, and what failures and successes lead to. On a real Redis."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
import redis
from pybreaker import CircuitRedisStorage

from shared.breakers import Change, Circuit, Rules, reset, standings

RULES = Rules(failures=5, cool_down=timedelta(seconds=0.5), patience=timedelta(seconds=5), settle=timedelta(seconds=0.2))
WORKERS = 8
_number = count()


def circuit(client: redis.Redis, rules: Rules = RULES, name: str = "default/far") -> Circuit:
    return Circuit(client, name, rules, f"attempt-{next(_number)}")


def state(client: redis.Redis) -> str:
    return standings(client, ["default/far"])[0].state


def failed(client: redis.Redis, times: int) -> list[Change]:
    """So many attempts in a row."""
    changes = []
    for _ in range(times):
        one = circuit(client)
        assert one.admit().granted
        if (change := one.failed("it is down")) is not None:
            changes.append(change)
    return changes


class Destination:
    """Fails, after a while, and counts who came."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.down = True

    def call(self) -> bool:
        self.calls.append(time.monotonic())
        time.sleep(0.03)
        return not self.down


def worker(client: redis.Redis, far: Destination, until: float) -> list[Change]:
    """Tries again and again, as stages do that are released whenever they may be."""
    told = []
    while time.monotonic() < until:
        mine = circuit(client)
        admission = mine.admit()
        told += [admission.change] if admission.change is not None else []
        if admission.granted:
            change = mine.succeeded() if far.call() else mine.failed("it is down")
            told += [change] if change is not None else []
        else:
            time.sleep(0.005)
    return told


def test_of_eight_at_once_five_reach_what_is_down_then_none_then_one_at_a_time(client: redis.Redis) -> None:
    far, began = Destination(), time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        told = [change for one in [pool.submit(worker, client, far, began + 1.3) for _ in range(WORKERS)] for change in one.result()]
    # Opened after five; then a trial each half second, which fails and leaves it open for as long again.
    assert len(far.calls) == 5 + 2
    opened = far.calls[4] + 0.03
    assert far.calls[5] - opened > 0.49
    assert far.calls[6] - far.calls[5] > 0.49
    # Each change is told once, by whoever made it.
    assert [(one.before, one.after) for one in sorted(told, key=lambda one: one.after != "open")].count(("closed", "open")) == 1
    assert sum(one.after == "half-open" for one in told) == 2
    assert sum((one.before, one.after) == ("half-open", "open") for one in told) == 2


def test_a_trial_that_goes_well_lets_all_through_again(client: redis.Redis) -> None:
    assert failed(client, 5) == [Change("default/far", "closed", "open", "it is down")]
    assert circuit(client).admit().verdict == "open"
    time.sleep(0.55)
    trial = circuit(client)
    assert trial.admit().verdict == "probe"
    assert circuit(client).admit().verdict == "probing"
    assert trial.succeeded() == Change("default/far", "half-open", "closed")
    assert all(circuit(client).admit().verdict == "go" for _ in range(5))
    assert standings(client, ["default/far"])[0].failures == 0


def test_only_failures_in_a_row_count(client: redis.Redis) -> None:
    failed(client, 4)
    good = circuit(client)
    assert good.admit().granted
    assert good.succeeded() is None
    assert failed(client, 4) == []
    assert state(client) == "closed"


def test_no_more_are_let_through_unanswered_than_may_fail(client: redis.Redis) -> None:
    first = [circuit(client) for _ in range(5)]
    assert [one.admit().verdict for one in first] == ["go"] * 5
    assert circuit(client).admit().verdict == "busy"
    first[0].answered()
    assert circuit(client).admit().verdict == "go"
    first[1].left()
    assert circuit(client).admit().verdict == "go"
    assert circuit(client).admit().verdict == "busy"


@pytest.mark.parametrize("well", [True, False])
def test_with_more_failures_than_may_be_one_still_tries(client: redis.Redis, well: bool) -> None:
    """The limit was lowered, or whoever counted the last failure died before he opened it."""
    failed(client, 3)
    lower = Rules(3, RULES.cool_down, RULES.patience, RULES.settle)
    one = circuit(client, lower)
    assert one.admit().verdict == "go"
    assert circuit(client, lower).admit().verdict == "busy"
    if well:
        one.succeeded()
        assert circuit(client, lower).admit().verdict == "go"
        return
    assert one.failed("it is down") == Change("default/far", "closed", "open", "it is down")


def test_after_a_failure_an_answer_must_last_a_little(client: redis.Redis) -> None:
    failed(client, 4)
    one = circuit(client)
    assert one.admit().granted
    one.answered()
    assert circuit(client).admit().verdict == "busy"
    time.sleep(0.25)
    assert circuit(client).admit().verdict == "go"


def test_the_place_of_a_trial_that_died_is_taken_once_patience_is_over(client: redis.Redis) -> None:
    rules = Rules(1, timedelta(seconds=0.1), timedelta(seconds=0.3), timedelta(seconds=0.1))
    broken = circuit(client, rules)
    assert broken.admit().granted
    broken.failed("it is down")
    time.sleep(0.12)
    assert circuit(client, rules).admit().verdict == "probe"
    refused = circuit(client, rules).admit()
    assert refused.verdict == "probing"
    assert timedelta(0) < refused.wait <= timedelta(seconds=0.3)
    time.sleep(0.35)
    assert circuit(client, rules).admit().verdict == "probe"


def test_what_fails_late_neither_opens_it_again_nor_prolongs_it(client: redis.Redis) -> None:
    late = circuit(client)
    assert late.admit().granted
    failed(client, 4)
    other = circuit(client, Rules(6, RULES.cool_down, RULES.patience, RULES.settle))
    assert other.admit().granted
    assert other.failed("it is down") is None
    assert late.failed("it is down") == Change("default/far", "closed", "open", "it is down")
    opened = standings(client, ["default/far"])[0].opened_at
    assert late.failed("it is still down") is None
    assert standings(client, ["default/far"])[0].opened_at == opened


def test_each_connector_has_a_breaker_of_its_own_and_pybreaker_s_storage_reads_it(client: redis.Redis) -> None:
    failed(client, 5)
    assert circuit(client, name="other/far").admit().verdict == "go"
    storage = CircuitRedisStorage("closed", client, namespace="penstock:default/far")
    assert (storage.state, storage.counter) == ("open", 5)


def test_a_person_closes_it_by_hand(client: redis.Redis) -> None:
    failed(client, 5)
    assert reset(client, "default/far") == Change("default/far", "open", "closed")
    assert reset(client, "default/far") is None
    found = standings(client, ["default/far", "default/never-called"])
    assert [(one.state, one.failures, one.opened_at) for one in found] == [("closed", 0, None)] * 2
    assert found[0].changes == {"open": 1, "closed": 1}
    assert circuit(client).admit().verdict == "go"


def test_two_that_open_it_at_once_tell_it_once(client: redis.Redis) -> None:
    failed(client, 3)
    pair = [circuit(client) for _ in range(2)]
    assert [one.admit().granted for one in pair] == [True, True]
    gate, told = threading.Barrier(2), []

    def fail(one: Circuit) -> None:
        gate.wait()
        told.append(one.failed("it is down"))

    threads = [threading.Thread(target=fail, args=(one,)) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(change is not None for change in told) == 1
    assert state(client) == "open"


@pytest.mark.parametrize("ms", [1, 40])
def test_no_clock_but_redis_own_says_how_long_it_stays_open(client: redis.Redis, ms: int) -> None:
    rules = Rules(1, timedelta(milliseconds=ms), RULES.patience, RULES.settle)
    one = circuit(client, rules)
    assert one.admit().granted
    one.failed("it is down")
    time.sleep(ms / 1000 + 0.01)
    assert circuit(client, rules).admit().verdict == "probe"
