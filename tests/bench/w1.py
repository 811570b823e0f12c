"""W1: what a node costs. 100 trivial nodes in 10 fully connected generations of 10, against a bare Celery chain of groups of no-op tasks.

Both have two worker processes (two workers with one slot, two Celery workers with one child) on the same Redis, with its append-only
file on. The survey of the ten files is in the warm-up runs, as the import of the tasks is in the canvas's.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import redis
from tests.bench import report
from tests.bench.place import penstock
from tests.support.stack import Stack

GENERATIONS = WIDTH = 10
WARM_UPS = 3
REPEATS = 5


def recipe() -> str:
    nodes = [f"    - {{id: n1-{i}, type: connector_source, config: {{connector: files, path: one{i}.csv}}}}" for i in range(WIDTH)]
    edges = []
    for generation in range(2, GENERATIONS + 1):
        for i in range(WIDTH):
            nodes.append(f"    - {{id: n{generation}-{i}, type: union, config: {{distinct: true}}}}")
            edges += [f"    - {{from: n{generation - 1}-{j}, to: n{generation}-{i}}}" for j in range(WIDTH)]
    head = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: w1}\nspec:\n  staging: all\n  maxParallelNodes: 16\n"
    return head + "\n".join(["  nodes:", *nodes, "  edges:", *edges]) + "\n"


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKERS="2", PENSTOCK_WORKER_SLOTS="1") as stack:
        for i in range(WIDTH):
            (stack.files / f"one{i}.csv").write_text(f"id,name\n{i},one\n")
        stack.apply(recipe())
        with canvas(stack) as driver:
            # Connections prepare a statement when they have seen it a few times.
            for _ in range(WARM_UPS):
                _penstock(stack)
                _canvas(driver)
            # Turn by turn, so that whatever else the machine does falls on both.
            ours, theirs = zip(*((_penstock(stack), _canvas(driver)) for _ in range(REPEATS)), strict=True)
        last = stack.run(stack.client.call("GET", "/runs", limit=1)["items"][0]["id"])
    yield report.line(
        "W1",
        penstock_s=statistics.median(ours),
        baseline_s=statistics.median(theirs),
        rows=None,
        peak_bytes=max((stage["peakMemoryBytes"] or 0 for stage in last["stages"]), default=None),
        nodes=GENERATIONS * WIDTH,
        penstock_ms_per_node=round(1000 * statistics.median(ours) / (GENERATIONS * WIDTH), 2),
        baseline_ms_per_node=round(1000 * statistics.median(theirs) / (GENERATIONS * WIDTH), 2),
        all_s={"penstock": [round(s, 3) for s in ours], "baseline": [round(s, 3) for s in theirs]},
    )


def _penstock(stack: Stack) -> float:
    """From the request to the last event, as a client sees it."""
    began = time.perf_counter()
    run = stack.start("w1")
    for kind, event in stack.client.events(run):
        if kind == "run.finished":
            assert event["data"]["status"] == "SUCCEEDED", event
    return time.perf_counter() - began


def _canvas(driver: subprocess.Popen[str]) -> float:
    assert driver.stdin is not None and driver.stdout is not None
    driver.stdin.write("\n")
    driver.stdin.flush()
    return float(driver.stdout.readline())


@contextmanager
def canvas(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """Two Celery workers with one child each, on a database of its own of the stack's Redis; yields the process that sends them work."""
    url = redis.url(stack.home, stack.home.read("ports.json")["redis"]).removesuffix("/0") + "/1"
    place = {"env": {**os.environ, "CANVAS_REDIS_URL": url}, "cwd": Path(__file__).parents[2]}
    flags = ["--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    worker = [sys.executable, "-m", "celery", "-A", "tests.bench.canvas", "worker", *flags]
    log = (stack.home.logs / "canvas.log").open("w")
    workers = [subprocess.Popen([*worker, "-n", f"canvas{number}@%h"], stdout=log, stderr=log, **place) for number in (1, 2)]
    drive = [sys.executable, "-m", "tests.bench.canvas", str(GENERATIONS), str(WIDTH)]
    driver = subprocess.Popen(drive, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **place)
    try:
        yield driver
    finally:
        for process in (driver, *workers):
            process.send_signal(signal.SIGTERM)
        for process in (driver, *workers):
            process.wait(30)
        log.close()
