"""How long things take, and how much memory they need at most, measured the same way for Penstock and for whatever it is held against."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.stack import Stack


@dataclass(frozen=True)
class Took:
    """`peak_bytes`: the largest resident size of the process that did the work; None where it is a server's."""

    seconds: float
    peak_bytes: int | None


def run(stack: Stack, pipeline: str) -> Took:
    """A whole run, from the request to its last event."""
    began = time.perf_counter()
    run_id = stack.start(pipeline)
    for _ in stack.client.events(run_id):
        pass
    took = time.perf_counter() - began
    ended = stack.run(run_id)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    return Took(took, max((stage["peakMemoryBytes"] or 0 for stage in ended["stages"]), default=None))


def script(command: Sequence[str], **environment: str) -> Took:
    """A process of its own, from start to end. Raises where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment})
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Took(took, usage.ru_maxrss * 1024)


def in_turns(repeats: int, before: Callable[[], Any] | None = None, **ways: Callable[[], Took]) -> dict[str, list[Took]]:
    """Each way so many times, turn by turn, so that whatever else the machine does falls on all of them. `before` each, untimed."""
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            if before is not None:
                before()
            took[name].append(way())
    return took


def best(took: Sequence[Took]) -> float:
    """The least time: on a shared machine what is above it is other people's."""
    return min(one.seconds for one in took)


def peak(took: Sequence[Took]) -> int | None:
    return max((one.peak_bytes for one in took if one.peak_bytes is not None), default=None)


def shown(took: dict[str, list[Took]]) -> dict[str, list[float]]:
    return {name: [round(one.seconds, 3) for one in each] for name, each in took.items()}
