"""W2: what a large run costs. Five million rows of CSV through filter with rejects, expression, join, aggregate and sort to Parquet.

The baseline is one DuckDB script, written by hand in the fastest shape known here. It names its columns' types and
writes the same two files; that they hold the same rows is checked. Both have the same memory and threads. Penstock's
time is the whole run, from the request to the last event; the script's is its process, from start to end.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.bench import report, rivals, timing
from tests.bench.place import penstock
from tests.support import orders
from tests.support.stack import Stack

ROWS = 5_000_000
REPEATS = 3
MEMORY = "2GB"

SCRIPT = """
import duckdb, sys
folder = sys.argv[1]
con = duckdb.connect(config={"memory_limit": "1200MB", "preserve_insertion_order": False, "temp_directory": folder + "/spill"})
con.execute("SET enable_progress_bar = false")
con.execute(f'''
CREATE TEMP TABLE orders AS
SELECT *, status <> 'refunded' AS sold FROM read_csv('{folder}/orders.csv', header = true, columns = {{
  'id': 'BIGINT', 'shop': 'BIGINT', 'customer': 'BIGINT',
  'amount': 'DOUBLE', 'status': 'VARCHAR', 'day': 'DATE', 'note':
  'VARCHAR'}});
COPY (SELECT * EXCLUDE (sold) FROM orders WHERE sold IS NOT TRUE) TO '{folder}/by-hand/refunds.parquet';
COPY (
  SELECT region, customer, CAST(EXTRACT(MONTH FROM day) AS INTEGER) AS month, count(*) AS orders,
         sum(amount * 0.77) AS net, max(note) AS last_note
  FROM orders JOIN read_csv('{folder}/shops.csv', header = true) AS shops USING (shop) WHERE sold
  GROUP BY ALL ORDER BY region, customer, month) TO '{folder}/by-hand/totals.parquet';
''')
"""


def measure() -> Iterator[str]:
    yield from _measure("W2", ROWS, REPEATS)


def large() -> Iterator[str]:
    """Four times the rows: the cost is to grow no faster."""
    yield from _measure("W2-large", 4 * ROWS, 1)


def against_others() -> Iterator[str]:
    """The same work by pandas, Polars, Dask and dlt, a line each; a tool that fails has no time."""
    with tempfile.TemporaryDirectory(prefix="penstock-rivals-") as place, penstock(PENSTOCK_WORKER_MEMORY=MEMORY) as stack:
        python = rivals.environment(Path(place) / "venv")
        _prepare(stack, ROWS)
        _penstock(stack)
        ours, peak = min(_penstock(stack) for _ in range(2))
        for name, script in rivals.SCRIPTS.items():
            try:
                took = min((timing.script([python, "-c", script, str(stack.files)]) for _ in range(2)), key=lambda t: t.seconds)
            except subprocess.CalledProcessError as failed:
                yield report.line(
                    f"W2-{name}", penstock_s=ours, baseline_s=None, rows=ROWS, peak_bytes=peak, failed=f"exit {failed.returncode}"
                )
                continue
            yield report.line(
                f"W2-{name}", penstock_s=ours, baseline_s=took.seconds, rows=ROWS, peak_bytes=peak, baseline_peak_bytes=took.peak_bytes
            )


def _prepare(stack: Stack, rows: int) -> None:
    orders.write_orders(stack.files / "orders.csv", rows)
    orders.write_shops(stack.files / "shops.csv")
    for out in ("out", "by-hand"):
        (stack.files / out).mkdir()
    stack.apply(orders.recipe("w2", "orders.csv"))


def _measure(name: str, rows: int, repeats: int) -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_MEMORY=MEMORY, PENSTOCK_WORKER_SLOTS="1") as stack:
        _prepare(stack, rows)
        # The warm-up surveys the file, starts the child, and brings the file into the system's cache.
        _penstock(stack)
        _by_hand(stack.files)
        _compare(stack.files)
        pairs = [(_penstock(stack), _by_hand(stack.files)) for _ in range(repeats)]
        ours, theirs = [pair[0][0] for pair in pairs], [pair[1] for pair in pairs]
        peak = max(pair[0][1] for pair in pairs)
    yield report.line(
        name,
        penstock_s=statistics.median(ours),
        baseline_s=statistics.median(theirs),
        rows=rows,
        peak_bytes=peak,
        cores=os.cpu_count(),
        all_s={"penstock": [round(s, 3) for s in ours], "baseline": [round(s, 3) for s in theirs]},
    )


def _penstock(stack: Stack) -> tuple[float, int]:
    began = time.perf_counter()
    run = stack.start("w2")
    for _ in stack.client.events(run):
        pass
    took = time.perf_counter() - began
    ended = stack.run(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    return took, max(stage["peakMemoryBytes"] or 0 for stage in ended["stages"])


def _by_hand(folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], check=True)
    return time.perf_counter() - began


def _compare(folder: Path) -> None:
    for file, columns in (
        ("totals", "region, customer, month, orders, round(net, 4), last_note"),
        ("refunds", "id, shop, customer, amount, note"),
    ):
        found = [
            duckdb.sql(
                f"SELECT count(*) FROM (SELECT {columns} FROM '{folder}/{a}/{file}.parquet' EXCEPT ALL"
                f" SELECT {columns} FROM '{folder}/{b}/{file}.parquet')"
            ).fetchall()[0][0]
            for a, b in (("out", "by-hand"), ("by-hand", "out"))
        ]
        assert found == [0, 0], f"{file}: {found} rows differ between Penstock and the script"
