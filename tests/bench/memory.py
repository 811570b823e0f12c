"""memory: a file ten times larger than the worker's limit goes through filter, join, aggregate and sort.

The resident size of the worker's child processes is sampled from outside.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import report
from tests.bench.place import penstock
from tests.support import orders
from tests.support.resident import Sampler

LIMIT_BYTES = 512_000_000
TIMES = 10


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_MEMORY=f"{LIMIT_BYTES}", PENSTOCK_WORKER_SLOTS="1") as stack:
        file = stack.files / "orders.csv"
        rows = orders.write_at_least(file, TIMES * LIMIT_BYTES)
        orders.write_shops(stack.files / "shops.csv")
        stack.apply(orders.recipe("large", "orders.csv", latest="day"))
        began = time.perf_counter()
        with Sampler(stack.pid("worker-1")) as sampler:
            ended = stack.wait(stack.start("large"), 3600)
        took = time.perf_counter() - began
        assert ended["status"] == "SUCCEEDED", ended["error"]
        size = file.stat().st_size
    yield report.line(
        "memory",
        penstock_s=took,
        baseline_s=None,
        rows=rows,
        peak_bytes=sampler.peak_bytes,
        limit_bytes=LIMIT_BYTES,
        file_bytes=size,
        within_limit=sampler.peak_bytes <= LIMIT_BYTES,
    )
