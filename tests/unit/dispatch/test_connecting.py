"""Connections of connectors that allow only so many: never more, nobody overtakes, nobody waits for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.dispatch.connecting import Line
from shared.store.connections import Waiter

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def waiter(number: int, *connectors: str) -> Waiter:
    return Waiter(f"r{number}", 1, EPOCH + timedelta(seconds=number), connectors)


def test_no_more_than_the_limit_connect() -> None:
    line = Line({"db": 2}, {"db": 1}, [])
    assert line.lacks("a", 1, ["db"]) is None
    assert line.lacks("b", 1, ["db"]) == "db"


def test_whoever_came_first_is_first() -> None:
    line = Line({"db": 1}, {}, [waiter(1, "db"), waiter(2, "db")])
    assert line.lacks("new", 1, ["db"]) == "db"
    assert line.lacks("r2", 1, ["db"]) == "db"
    assert line.lacks("r1", 1, ["db"]) is None


def test_whoever_waits_for_one_connector_is_not_overtaken_on_the_other() -> None:
    line = Line({"db": 2, "lake": 1}, {"lake": 1, "db": 1}, [waiter(1, "db", "lake")])
    assert line.lacks("new", 1, ["db"]) == "db", "the free one is kept for who waits for both"


def test_a_stage_that_needs_more_than_there_is_runs_alone() -> None:
    assert Line({"db": 1}, {}, []).lacks("a", 1, ["db", "db"]) is None
    assert Line({"db": 1}, {"db": 1}, []).lacks("a", 1, ["db", "db"]) == "db"


def test_connectors_without_a_limit_are_nobodys_concern() -> None:
    assert Line({}, {"db": 1000}, []).lacks("a", 1, ["db"]) is None


def test_those_that_can_connect_now_are_named_in_their_order() -> None:
    line = Line({"db": 3, "lake": 1}, {"lake": 1}, [waiter(1, "db"), waiter(2, "lake"), waiter(3, "db"), waiter(4, "db", "db")])
    assert line.first() == ["r1", "r3"]


needs = st.lists(st.sampled_from(["db", "lake", "free"]), min_size=1, max_size=3)


@given(st.lists(needs, min_size=1, max_size=12), st.integers(1, 3), st.integers(1, 3), st.randoms())
@settings(max_examples=200, deadline=None)
def test_whatever_comes_the_limits_hold_and_everybody_gets_a_turn(stages: list[list[str]], db: int, lake: int, chance: object) -> None:
    limits = {"db": db, "lake": lake}
    waiting = [waiter(number, *connectors) for number, connectors in enumerate(stages)]
    running: list[Waiter] = []
    turns = 0
    while waiting or running:
        held = {name: sum(one.connectors.count(name) for one in running) for name in limits}
        line = Line(limits, held, waiting)
        for run in line.first():
            one = next(w for w in waiting if w.run == run)
            waiting.remove(one)
            running.append(one)
        for name, most in limits.items():
            users = [one for one in running if name in one.connectors]
            assert sum(one.connectors.count(name) for one in users) <= most or len(users) == 1
        assert running, "something must always be connected until all is done"
        running.pop(chance.randrange(len(running)))  # type: ignore[attr-defined]
        turns += 1
    assert turns == len(stages)
