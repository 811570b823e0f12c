"""When a process must take itself for deaf."""

from __future__ import annotations

from shared.attempts.heartbeat import Pulse


def deaf_at(pulse: Pulse, *seconds: float) -> list[bool]:
    return [pulse.is_deaf(at) for at in seconds]


def test_three_periods_without_a_message_are_too_many() -> None:
    assert deaf_at(Pulse(10, 0), 8, 16, 24, 30, 31) == [False, False, False, False, True]


def test_any_message_counts() -> None:
    pulse = Pulse(10, 0)
    deaf_at(pulse, 8, 16, 24)
    pulse.consumed(25)
    assert deaf_at(pulse, 31, 40, 49, 56) == [False, False, False, True]


def test_no_message_is_expected_while_all_slots_are_taken_or_redis_is_away() -> None:
    pulse = Pulse(10, 0)
    deaf_at(pulse, 8, 16)
    pulse.excused(25)
    assert deaf_at(pulse, 25, 31) == [False, False]


def test_a_process_that_was_stopped_gives_itself_time_after_it_wakes_up() -> None:
    pulse = Pulse(10, 0)
    assert deaf_at(pulse, 5, 3600, 3605) == [False, False, False]


def test_a_probe_is_due_once_a_period() -> None:
    pulse = Pulse(10, 0)
    assert [pulse.probe_due(at) for at in (0, 5, 10, 11)] == [True, False, True, False]
