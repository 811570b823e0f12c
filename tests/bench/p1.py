"""P1: work that stays in its database. Five million rows, filter, join, aggregate and UPSERT, source and sink in one PostgreSQL.

The baseline is the statement that a person would write, on a connection of its own. Penstock's time is the whole run, from the request to
the last event. Both write the same rows into tables of the same shape, first into empty ones, then over what is there; that they hold the
same is checked, and so is that the database computed it. (That no row leaves the server is a test: tests/e2e/test_push_down.py.)
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator

from tests.bench import report
from tests.bench.place import penstock
from tests.support.stack import Stack

ROWS = 5_000_000
REPEATS = 3

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: p1}
spec:
  pushDown: {mode: require}
  nodes:
    - {id: sales, type: connector_source, config: {connector: db, table: p1_sales}}
    - {id: shops, type: connector_source, config: {connector: db, table: p1_shops}}
    - {id: sold, type: filter, config: {condition: "status <> 'refunded'"}}
    - {id: placed, type: joiner, config: {joinType: INNER, left: sold, right: shops, keys: [{left: shop, right: shop}]}}
    - id: totals
      type: aggregator
      config:
        groupBy: [region, customer]
        aggregations: [{name: orders, function: count}, {name: net, function: sum, column: amount}]
    - {id: out, type: connector_sink, config: {connector: db, table: p1_ours, writeMode: UPSERT, upsertKeys: [region, customer]}}
  edges:
    - {from: sales, to: sold}
    - {from: sold, to: placed}
    - {from: shops, to: placed}
    - {from: placed, to: totals}
    - {from: totals, to: out}
"""

BY_HAND = """
INSERT INTO p1_by_hand AS t (region, customer, orders, net)
SELECT s.region, p.customer, count(*), sum(p.amount) FROM p1_sales p JOIN p1_shops s ON s.shop = p.shop
 WHERE p.status <> 'refunded' GROUP BY s.region, p.customer
    ON CONFLICT (region, customer) DO UPDATE SET orders = excluded.orders, net = excluded.net
"""


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_SLOTS="1") as stack:
        _tables(stack)
        stack.apply(RECIPE)
        # The warm-up surveys the tables, starts the child, and brings the table into the system's cache.
        peak = _penstock(stack)[1]
        _by_hand(stack)
        _compare(stack)
        ours: dict[str, list[float]] = {"empty": [], "again": []}
        theirs: dict[str, list[float]] = {"empty": [], "again": []}
        for _ in range(REPEATS):
            stack.sql("TRUNCATE p1_ours, p1_by_hand")
            for what in ("empty", "again"):
                took, used = _penstock(stack)
                peak = max(peak, used)
                ours[what].append(took)
                theirs[what].append(_by_hand(stack))
        _compare(stack)
    for what, name in (("empty", "P1"), ("again", "P1 again")):
        yield report.line(
            name,
            penstock_s=statistics.median(ours[what]),
            baseline_s=statistics.median(theirs[what]),
            rows=ROWS,
            peak_bytes=peak,
            cores=os.cpu_count(),
            all_s={"penstock": [round(s, 3) for s in ours[what]], "baseline": [round(s, 3) for s in theirs[what]]},
        )


def _tables(stack: Stack) -> None:
    stack.sql("CREATE TABLE p1_sales (id bigint, shop integer, customer integer, amount numeric(12, 2), status text, day date)")
    stack.sql(
        "INSERT INTO p1_sales SELECT i, i % 1000, (i::bigint * 7919) % 200000, (i % 100000) / 100.0,"
        " CASE WHEN i % 10 = 0 THEN 'refunded' ELSE 'paid' END, DATE '2026-01-01' + i % 365"
        f" FROM generate_series(1, {ROWS}) AS i"
    )
    stack.sql("CREATE TABLE p1_shops (shop integer PRIMARY KEY, region text)")
    stack.sql("INSERT INTO p1_shops SELECT i, 'region ' || i % 16 FROM generate_series(0, 999) AS i")
    for target in ("p1_ours", "p1_by_hand"):
        stack.sql(f"CREATE TABLE {target} (region text, customer integer, orders bigint, net numeric, PRIMARY KEY (region, customer))")
    stack.sql("VACUUM ANALYZE p1_sales")


def _penstock(stack: Stack) -> tuple[float, int]:
    began = time.perf_counter()
    run = stack.start("p1")
    for _ in stack.client.events(run):
        pass
    took = time.perf_counter() - began
    ended = stack.run(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert {stage["engine"] for stage in ended["stages"] if stage["kind"] == "work"} == {"database"}
    return took, max(stage["peakMemoryBytes"] or 0 for stage in ended["stages"])


def _by_hand(stack: Stack) -> float:
    began = time.perf_counter()
    stack.sql(BY_HAND)
    return time.perf_counter() - began


def _compare(stack: Stack) -> None:
    for one, other in (("p1_ours", "p1_by_hand"), ("p1_by_hand", "p1_ours")):
        ((differing,),) = stack.sql(f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}) AS d")
        assert differing == 0, f"{differing} rows of {one} are not in {other}"
