"""memory: a file ten times larger than the worker's limit goes through filter, join, aggregate and sort.

The resident size of the worker's child processes is sampled from outside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psutil

from tests.bench import report
from tests.bench.place import penstock
from tests.support import orders
from tests.support.stack import Stack

LIMIT_BYTES = 512_000_000
TIMES = 10
BYTES_PER_ROW = 75


class Sampler(threading.Thread):
    """The largest resident size of any one child process of a worker, looked at every 20 ms."""

    def __init__(self, worker_pid: int) -> None:
        super().__init__(daemon=True)
        self._worker, self._stop_now = psutil.Process(worker_pid), threading.Event()
        self.peak_bytes = self.samples = 0

    def run(self) -> None:
        while not self._stop_now.wait(0.02):
            for child in self._worker.children(recursive=True):
                try:
                    self.peak_bytes = max(self.peak_bytes, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            self.samples += 1

    def stop(self) -> int:
        self._stop_now.set()
        self.join()
        return self.peak_bytes


def through(stack: Stack, name: str, within_s: float) -> tuple[float, int, dict[str, object]]:
    """(seconds, sampled peak, the ended run) of a pipeline that is already applied."""
    sampler = Sampler(stack.pid("worker-1"))
    sampler.start()
    began = time.perf_counter()
    ended = stack.wait(stack.start(name), within_s)
    return time.perf_counter() - began, sampler.stop(), ended


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_MEMORY=f"{LIMIT_BYTES}", PENSTOCK_WORKER_SLOTS="1") as stack:
        rows = TIMES * LIMIT_BYTES // BYTES_PER_ROW
        file = stack.files / "orders.csv"
        orders.write_orders(file, rows)
        while file.stat().st_size < TIMES * LIMIT_BYTES:
            rows = rows * 11 // 10
            orders.write_orders(file, rows)
        orders.write_shops(stack.files / "shops.csv")
        stack.apply(orders.recipe("large", "orders.csv"))
        took, peak, ended = through(stack, "large", 3600)
        assert ended["status"] == "SUCCEEDED", ended["error"]
        size = file.stat().st_size
    yield report.line(
        "memory",
        penstock_s=took,
        baseline_s=None,
        rows=rows,
        peak_bytes=peak,
        limit_bytes=LIMIT_BYTES,
        file_bytes=size,
        within_limit=peak <= LIMIT_BYTES,
    )
