"""When a run will have ended, by what its stages took before."""

from __future__ import annotations

import pytest

from shared.runs.estimate import Ahead, remaining_s

TOOK = {"read": [9.0, 10.0, 30.0], "join": [4.0], "write": [1.0, 3.0]}


def test_stages_that_wait_for_one_another_take_their_medians_together() -> None:
    chain = [Ahead(1, "read", ()), Ahead(2, "join", (1,)), Ahead(3, "write", (2,))]
    assert remaining_s(chain, TOOK, 8) == 10 + 4 + 2


def test_stages_side_by_side_take_as_long_as_the_longest_while_there_are_slots() -> None:
    beside = [Ahead(at, "join", ()) for at in range(1, 5)]
    assert [remaining_s(beside, TOOK, slots) for slots in (None, 4, 2, 1)] == [4, 4, 8, 16]


def test_what_takes_no_slot_is_not_held_up_by_one() -> None:
    stages = [Ahead(1, "read", ()), Ahead(2, "join", (), slotted=False), Ahead(3, "write", ())]
    assert remaining_s(stages, TOOK, 1) == 12


def test_what_runs_longer_than_the_median_goes_by_those_that_took_longer() -> None:
    assert remaining_s([Ahead(1, "read", (), elapsed_s=4.0)], TOOK, 1) == 6
    assert remaining_s([Ahead(1, "read", (), elapsed_s=12.0)], TOOK, 1) == 18


@pytest.mark.parametrize("stage", [Ahead(1, "read", (), elapsed_s=31.0), Ahead(1, "never seen", ())])
def test_what_was_never_seen_or_runs_longer_than_ever_is_not_known(stage: Ahead) -> None:
    assert remaining_s([stage, Ahead(2, "join", (1,))], TOOK, 1) is None


def test_a_retry_begins_when_its_wait_is_over() -> None:
    assert remaining_s([Ahead(1, "join", (), held_s=60.0), Ahead(2, "write", (1,))], TOOK, 1) == 66


def test_inputs_that_are_done_hold_nobody_up() -> None:
    assert remaining_s([Ahead(7, "join", (5, 6))], TOOK, 1) == 4
