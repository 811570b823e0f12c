"""memory: a file ten times larger than the worker's limit goes through filter, join, aggregate and sort.

memory-dask: the same recipe over 20 million rows in Dask mode; its rows are compared with DuckDB's. The resident size of the worker's
child processes is sampled from outside.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb

from tests.bench import report
from tests.bench.place import penstock
from tests.support import orders
from tests.support.resident import Sampler

LIMIT_BYTES = 512_000_000
TIMES = 10
DASK_ROWS = 20_000_000
DASK_LIMIT_BYTES = 2_000_000_000


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


def in_dask() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_MEMORY=f"{DASK_LIMIT_BYTES}", PENSTOCK_WORKER_SLOTS="1") as stack:
        orders.write_orders(stack.files / "orders.csv", DASK_ROWS)
        orders.write_shops(stack.files / "shops.csv")
        for mode in ("duckdb", "dask"):
            (stack.files / mode).mkdir()
            text = orders.recipe(f"by-{mode}", "orders.csv", out=mode, latest="day")
            stack.apply(text.replace("spec:\n", f"spec:\n  processingMode: {mode}\n", 1))
        took = {}
        for mode in ("duckdb", "dask"):
            began = time.perf_counter()
            with Sampler(stack.pid("worker-1")) as sampler:
                ended = stack.wait(stack.start(f"by-{mode}"), 3600)
            took[mode] = time.perf_counter() - began
            assert ended["status"] == "SUCCEEDED", ended["error"]
        # Sums of doubles depend on the order in which they are added.
        for file, columns in (("totals", "* REPLACE (round(net, 4) AS net)"), ("refunds", "*")):
            ours, theirs = (f"SELECT {columns} FROM '{stack.files}/{mode}/{file}.parquet'" for mode in ("dask", "duckdb"))
            for one, other in ((ours, theirs), (theirs, ours)):
                differ = duckdb.sql(f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))").fetchall()[0][0]
                assert differ == 0, f"{file}: {differ} rows differ between Dask and DuckDB"
    yield report.line(
        "memory-dask",
        penstock_s=took["dask"],
        baseline_s=took["duckdb"],
        rows=DASK_ROWS,
        peak_bytes=sampler.peak_bytes,
        limit_bytes=DASK_LIMIT_BYTES,
        within_limit=sampler.peak_bytes <= DASK_LIMIT_BYTES,
    )
