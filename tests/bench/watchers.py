"""watchers: 200 people watch one run of 100 nodes, on the default set-up.

A line for the run with nobody but them: each must get every event once, in order, to `event: end`; how long after it was written an event
was there; what other calls took meanwhile; processor time and memory of the API. A second line for the same, with the API killed in the
middle: all come back by themselves with Last-Event-ID. WATCHERS in the environment takes another number.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.bench import report, w1
from tests.bench.place import penstock
from tests.bench.w7 import paused
from tests.support.stack import Stack

WATCHERS = int(os.environ.get("WATCHERS", "200"))
# What somebody else does meanwhile, by turns, without a pause.
CALLS = ("/runs?limit=50", "/runs/{run}", "/pipelines", "/system")


@dataclass
class Seen:
    """What one watcher got. `late`: seconds from an event's time to when it was there, of those that came while it watched."""

    numbers: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    ended: bool = False
    opened: int = 0
    refused: int = 0


def measure() -> Iterator[str]:
    with penstock() as stack:
        for i in range(w1.WIDTH):
            (stack.files / f"one{i}.csv").write_text(f"id,name\n{i},one\n")
        stack.apply(w1.recipe())
        alone = _turn(stack, 0)
        yield _line("watchers-none", alone)
        yield _line("watchers", _turn(stack, WATCHERS))
        yield _line("watchers-killed", _turn(stack, WATCHERS, kill=True))


def _turn(stack: Stack, watchers: int, *, kill: bool = False) -> dict[str, Any]:
    """Runs it once to be warm, then with watchers who are all there before it begins."""
    _end(stack, stack.start("w1"))
    with paused(stack):
        run = stack.start("w1")
        watching = _Watching(stack, run, watchers)
        watching.wait_open()
    api = psutil.Process(stack.pid("api"))
    before, began = _cpu(api), time.perf_counter()
    with _Others(stack, run) as others:
        if kill:
            stack.until(lambda: stack.run(run)["lastSeq"] > 60, 60, "some events")
            # With its children, which would else serve on for a while.
            for one in (*api.children(recursive=True), api):
                one.kill()
            stack.ready()
        _end(stack, run)
        took = time.perf_counter() - began
        seen = watching.done()
    (events,) = stack.sql(f"SELECT count(*) FROM events WHERE run_id = '{run}'", database="penstock")[0]
    whole = list(range(1, events + 1))
    late = sorted(second for one in seen for second in one.late)
    return {
        "run_s": round(took, 2),
        "events": events,
        "watchers": len(seen),
        "complete": sum(one.ended and one.numbers == whole for one in seen),
        "opened": sum(one.opened for one in seen),
        "refused": sum(one.refused for one in seen),
        "late_p50_ms": _ms(statistics.median(late)) if late else None,
        "late_p95_ms": _ms(late[math.ceil(0.95 * len(late)) - 1]) if late else None,
        **others.told(),
        "api_cpu_s": None if kill else round(_cpu(api) - before, 2),
        "api_bytes": _memory(psutil.Process(stack.pid("api"))),
    }


def _line(name: str, found: dict[str, Any]) -> str:
    return report.line(name, penstock_s=found["run_s"], baseline_s=None, rows=found["events"], peak_bytes=found["api_bytes"], **found)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _end(stack: Stack, run: str) -> None:
    ended = stack.until(
        lambda: (found := stack.sql(f"SELECT status, finished_at FROM runs WHERE id = '{run}'", database="penstock")[0])[1] and found,
        120, f"run {run} to end",
    )  # fmt: skip
    assert ended[0] == "SUCCEEDED", ended


def _cpu(process: psutil.Process) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in (process, *process.children(recursive=True)))


def _memory(process: psutil.Process) -> int:
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


class _Watching:
    """All watchers in one process of their own, so that they are not in the way of who measures."""

    def __init__(self, stack: Stack, run: str, watchers: int) -> None:
        token = stack.home.api_token.read_text().strip()
        self._process = None
        if watchers:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.watchers", stack.url, token, run, str(watchers)],
                stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
            )  # fmt: skip

    def wait_open(self) -> None:
        if self._process is not None:
            assert self._process.stdout is not None
            said = self._process.stdout.readline()
            assert said.strip() == "open", said

    def done(self) -> list[Seen]:
        if self._process is None:
            return []
        said, _ = self._process.communicate(timeout=120)
        return [Seen(**one) for one in json.loads(said)]


class _Others:
    """Somebody who uses the API meanwhile."""

    def __init__(self, stack: Stack, run: str) -> None:
        self._http = httpx.Client(
            base_url=f"{stack.url}/api/v1", headers={"Authorization": f"Bearer {stack.home.api_token.read_text().strip()}"}, timeout=60
        )
        self._run, self._stop, self._took, self._failed = run, threading.Event(), [], 0
        self._thread = threading.Thread(target=self._call)

    def __enter__(self) -> _Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _call(self) -> None:
        number = 0
        while not self._stop.is_set():
            began = time.perf_counter()
            try:
                self._http.get(CALLS[number % len(CALLS)].format(run=self._run)).raise_for_status()
                self._took.append(time.perf_counter() - began)
            except httpx.HTTPError:
                self._failed += 1
                time.sleep(0.1)
            number += 1
            time.sleep(0.02)

    def told(self) -> dict[str, Any]:
        took = sorted(self._took)
        return {
            "other_calls": len(took),
            "other_p50_ms": _ms(statistics.median(took)),
            "other_p95_ms": _ms(took[math.ceil(0.95 * len(took)) - 1]),
            "other_max_ms": _ms(took[-1]),
            "other_failed": self._failed,
        }


async def watch(url: str, token: str, run: str, count: int) -> list[Seen]:
    opened = asyncio.Semaphore(0)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, limits=limits, timeout=httpx.Timeout(60)) as http:
        tasks = [asyncio.create_task(_watch(http, f"{url}/api/v1/runs/{run}/events", opened)) for _ in range(count)]
        for _ in range(count):
            await opened.acquire()
        print("open", flush=True)
        return await asyncio.gather(*tasks)


async def _watch(http: httpx.AsyncClient, address: str, opened: asyncio.Semaphore) -> Seen:
    """As a browser's EventSource does: from the last event on, after a moment, whenever it breaks off."""
    seen = Seen()
    began = time.time()
    while not seen.ended:
        after = {"Last-Event-ID": str(seen.numbers[-1])} if seen.numbers else {}
        try:
            async with http.stream("GET", address, headers=after) as reply:
                if reply.status_code != 200:
                    seen.refused += 1
                    await asyncio.sleep(0.5)
                    continue
                seen.opened += 1
                if seen.opened == 1:
                    opened.release()
                kind = ""
                async for line in reply.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data" and kind == "end":
                        seen.ended = True
                    elif name == "data":
                        event = json.loads(value)
                        seen.numbers.append(event["seq"])
                        written = datetime.fromisoformat(event["at"]).timestamp()
                        if written > began:
                            seen.late.append(time.time() - written)
        except httpx.TransportError:
            await asyncio.sleep(0.5)
    return seen


if __name__ == "__main__":
    found = asyncio.run(watch(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
    print(json.dumps([vars(one) for one in found]))
