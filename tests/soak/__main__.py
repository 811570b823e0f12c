"""`python -m tests.soak`: crowds of runs, one after the other, for so many minutes; prints JSON lines.

A line a minute with the memory of each service, and one at the end: whether every limit held and every run ended, how many messages were
thrown at the workers to no effect, and how the memory of each service went (MB at the first and the last fifth, and by the hour).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil

from tests.soak import crowd, messages
from tests.support.stack import Stack, running

LIMIT = 20
SERVICES = ("api", "scheduler-1", "worker-1", "worker-2", "quality-1", "postgres", "redis")


class Memory(threading.Thread):
    """Resident megabytes of each service, its child processes with it, every few seconds. What a page is shared by is counted twice."""

    def __init__(self, stack: Stack, every_s: float = 5.0) -> None:
        super().__init__(name="memory", daemon=True)
        self._stack, self._every_s, self._stop_now = stack, every_s, threading.Event()
        self.started = time.monotonic()
        self.samples: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def run(self) -> None:
        while not self._stop_now.wait(self._every_s):
            at = time.monotonic() - self.started
            for service in SERVICES:
                try:
                    process = psutil.Process(self._stack.pid(service))
                    family = [process, *process.children(recursive=True)]
                    self.samples[service].append((at, sum(one.memory_info().rss for one in family) / 1e6))
                except (psutil.NoSuchProcess, FileNotFoundError):
                    continue

    def stop(self) -> None:
        self._stop_now.set()
        self.join()

    def now(self) -> dict[str, int]:
        return {service: round(samples[-1][1]) for service, samples in self.samples.items() if samples}

    def told(self) -> dict[str, dict[str, float]]:
        """Of each service. The first tenth is left out: caches fill."""
        found = {}
        for service, every in self.samples.items():
            samples = every[len(every) // 10 :]
            if len(samples) < 10:
                continue
            fifth = len(samples) // 5
            slope = statistics.linear_regression([at / 3600 for at, _ in samples], [size for _, size in samples]).slope
            found[service] = {
                "first": round(statistics.mean(size for _, size in samples[:fifth]), 1),
                "last": round(statistics.mean(size for _, size in samples[-fifth:]), 1),
                "most": round(max(size for _, size in samples), 1),
                "perHour": round(slope, 1),
            }
        return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--runs", type=int, default=100, help="asked for at once")
    parser.add_argument("--messages", type=int, default=20_000, help="thrown at the workers while the last crowd runs")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="penstock-soak-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "home", PENSTOCK_WORKERS="2", PIPELINE_MAX_CONCURRENT_EXECUTIONS=str(LIMIT)) as stack:
            return _soak(stack, asked.minutes * 60, asked.runs, asked.messages, asked.seed)


def _soak(stack: Stack, for_s: float, runs: int, thrown: int, seed: int) -> int:
    stack.connectors()
    crowd.prepare(stack)
    memory = Memory(stack)
    memory.start()
    begun, done, waits, next_line, bad = time.monotonic(), 0, [], 60.0, []
    with crowd.Watch(stack) as watch:
        while not done or time.monotonic() - begun < for_s:
            numbers = range(done, done + runs)
            asked = crowd.ask(stack, numbers)
            kinds: dict[str, int] = messages.throw(stack, thrown, seed) if not done else {}
            ended = crowd.wait_for_all(stack, asked, 1800)
            bad += [run["error"] for run in ended if run["status"] != "SUCCEEDED"]
            if not crowd.written(stack, numbers):
                bad.append({"message": f"the rows of runs {numbers.start} to {numbers.stop - 1} are not what they should be"})
            waits.append(max(_seconds(run) for run in ended))
            if kinds:
                print(json.dumps({"thrown": kinds, "seconds": round(time.monotonic() - begun, 1)}), flush=True)
            done += runs
            if time.monotonic() - begun >= next_line:
                print(json.dumps({"seconds": round(time.monotonic() - begun), "runs": done, "mb": memory.now()}), flush=True)
                next_line += 60
    memory.stop()
    seen = watch.seen
    held = (
        seen.runs <= LIMIT and seen.stages_of_a_run <= crowd.NODES and seen.connections <= crowd.CONNECTIONS
        and seen.sessions <= crowd.CONNECTIONS
    )  # fmt: skip
    summary: dict[str, Any] = {
        "runs": done, "failed": len(bad), "errors": bad[:3], "limitsHeld": held, "seen": vars(seen),
        "longestWaitSeconds": round(max(waits), 1), "mb": memory.told(),
    }  # fmt: skip
    print(json.dumps(summary), flush=True)
    return 0 if held and not bad else 1


def _seconds(run: dict[str, Any]) -> float:
    """From the request to the start."""
    return float((run["started_at"] - run["created_at"]).total_seconds())


if __name__ == "__main__":
    sys.exit(main())
