"""Calls made again and again while something else goes on."""

from __future__ import annotations

import threading
import time

import pytest

from shared.engines.ticking import TICK_S, every


def test_each_is_called_at_its_own_pace_and_not_after_the_end() -> None:
    often: list[float] = []
    seldom: list[float] = []
    with every(TICK_S, lambda: often.append(time.monotonic())), every(10 * TICK_S, lambda: seldom.append(time.monotonic())):
        time.sleep(8 * TICK_S)
    called = len(often)
    assert called >= 3
    assert not seldom
    time.sleep(3 * TICK_S)
    assert len(often) == called


def test_the_end_waits_for_a_call_that_is_being_made() -> None:
    begun, over = threading.Event(), []

    def slow() -> None:
        begun.set()
        time.sleep(0.3)
        over.append(1)

    with every(TICK_S, slow):
        assert begun.wait(5)
    assert over


def test_a_call_that_fails_is_logged_and_made_again(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def failing() -> None:
        calls.append(1)
        raise ValueError("no")

    with every(TICK_S, failing):
        deadline = time.monotonic() + 5
        while len(calls) < 2 and time.monotonic() < deadline:
            time.sleep(TICK_S)
    assert len(calls) >= 2
    assert "failed" in caplog.text
