"""The driver's short part: minutes of faults lose nothing and double nothing; and a build whose fence is broken is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]
PROJECT = Path(__file__).resolve().parents[2]


def driven(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--short", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    return done.returncode, lines


def test_minutes_of_faults_lose_nothing_and_double_nothing() -> None:
    code, lines = driven("--minutes", "2")
    summary = lines[-1]
    assert (code, summary["what"], summary["wrong"]) == (0, "summary", 0), lines
    assert summary["faults"] >= 12


def test_a_minute_of_killed_and_paused_schedulers_and_each_fire_time_has_one_run() -> None:
    code, lines = driven("--schedules", "1")
    summary = lines[-1]
    assert (code, summary["what"], summary["wrong"]) == (0, "summary", []), lines
    assert summary["fireTimes"] >= 500
    assert summary["faults"] >= 4


def test_a_build_that_forgets_its_markers_is_found_out() -> None:
    code, lines = driven("--broken-fence", "--rounds", "2", "--faults", "4")
    assert code == 1, lines
    assert lines[-1]["doubled"] > 0
