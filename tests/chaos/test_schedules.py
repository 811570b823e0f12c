"""The short part of what schedulers go through; in a file of its own, so that it runs beside the others."""

from __future__ import annotations

import pytest

from tests.chaos.driven import driven

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_minute_of_killed_and_paused_schedulers_and_each_fire_time_has_one_run() -> None:
    code, lines = driven("--schedules", "1")
    summary = lines[-1]
    assert (code, summary["what"], summary["wrong"]) == (0, "summary", []), lines
    assert summary["fireTimes"] >= 500
    assert summary["faults"] >= 4
