"""inside: source and sink in one PostgreSQL; filter, join, aggregate and UPSERT, pushed down, against the SQL that a person would write.

Beside it the same recipe with push-down off (read out into DuckDB, written back): where that is faster, pushing down is the slower choice
on this machine, and `out_s` says so, as the plan of the next run does (`reason`). That no row leaves the server is looked up in its own
statistics: what it has sent is counted on the wire, by the bytes that came in over the loopback device while the run lasted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.bench import databases, report, timing
from tests.bench.place import penstock
from tests.support.stack import Stack

ROWS = int(os.environ.get("ROWS", "5000000"))
REPEATS = 3
KEYS = "region, customer, month"
TARGET = "(region text, customer integer, month integer, orders bigint, net numeric, last_note text, PRIMARY KEY (region, customer, month))"
BY_HAND = f"""INSERT INTO theirs AS t
    SELECT s.region, o.customer, EXTRACT(MONTH FROM o.day)::integer AS month, count(*), sum(o.amount * 0.77), max(o.note COLLATE "C")
    FROM orders o JOIN shops s USING (shop) WHERE o.status <> 'refunded' GROUP BY 1, 2, 3
    ON CONFLICT ({KEYS}) DO UPDATE SET orders = excluded.orders, net = excluded.net, last_note = excluded.last_note"""


def recipe(name: str, mode: str) -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  pushDown: {{mode: {mode}}}
  nodes:
    - {{id: orders, type: connector_source, config: {{connector: db, table: orders}}}}
    - {{id: shops, type: connector_source, config: {{connector: db, table: shops}}}}
    - {{id: sold, type: filter, config: {{condition: "status <> 'refunded'"}}}}
    - {{id: placed, type: joiner, config: {{joinType: INNER, left: sold, right: shops, keys: [{{left: shop, right: shop}}]}}}}
    - id: priced
      type: expression
      config:
        columns:
          - {{name: net, expression: amount * 0.77}}
          - {{name: month, expression: EXTRACT(MONTH FROM day), type: INTEGER}}
    - id: totals
      type: aggregator
      config:
        groupBy: [region, customer, month]
        aggregations:
          - {{name: orders, function: count}}
          - {{name: net, function: sum, column: net}}
          - {{name: last_note, function: max, column: note}}
    - {{id: result, type: connector_sink, config: {{connector: db, table: ours, writeMode: UPSERT, upsertKeys: [region, customer, month]}}}}
  edges:
    - {{from: orders, to: sold}}
    - {{from: sold, to: placed}}
    - {{from: shops, to: placed}}
    - {{from: placed, to: priced}}
    - {{from: priced, to: totals}}
    - {{from: totals, to: result}}
"""


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="2GB") as stack:
        databases.orders(stack.demo_url, ROWS)
        stack.apply(recipe("inside", "auto"))
        stack.apply(recipe("outside", "off"))

        def empty() -> None:
            for table in ("ours", "theirs"):
                databases.sql(stack.demo_url, f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} {TARGET}")

        empty()
        timing.run(stack, "outside")
        empty()
        before = _loopback_bytes()
        timing.run(stack, "inside")
        wire = _loopback_bytes() - before
        _by_hand(stack)
        _compare(stack)
        took = timing.in_turns(
            REPEATS,
            empty,
            penstock=lambda: timing.run(stack, "inside"),
            by_hand=lambda: _by_hand(stack),
            out=lambda: timing.run(stack, "outside"),
        )
        empty()
        reason = _reason(stack)
    yield report.line(
        "inside",
        penstock_s=timing.best(took["penstock"]),
        baseline_s=timing.best(took["by_hand"]),
        rows=ROWS,
        peak_bytes=timing.peak(took["penstock"]),
        out_s=timing.best(took["out"]),
        bytes_on_the_wire=wire,
        reason=reason,
        all_s=timing.shown(took),
    )


def _reason(stack: Stack) -> str:
    """What the plan says of it, once the same pipeline has gone both ways."""
    stack.apply(recipe("inside", "off"))
    timing.run(stack, "inside")
    stack.apply(recipe("inside", "auto"))
    (stage,) = stack.client.call("POST", "/pipelines/default/inside/plan", body={})["stages"]
    return next(str(why) for why in stage["why"] if why.startswith("measured: "))


def _by_hand(stack: Stack) -> timing.Took:
    began = time.perf_counter()
    with psycopg.connect(stack.demo_url) as connection:
        connection.execute(BY_HAND)  # type: ignore[arg-type]  # a benchmark's own text
    return timing.Took(time.perf_counter() - began, None)


def _loopback_bytes() -> int:
    """All of them: events and heartbeats too, which are a few kilobytes a second."""
    return int(Path("/sys/class/net/lo/statistics/rx_bytes").read_text())


def _compare(stack: Stack) -> None:
    for a, b in (("ours", "theirs"), ("theirs", "ours")):
        ((left,),) = stack.sql(f"SELECT count(*) FROM (TABLE {a} EXCEPT TABLE {b}) d")
        assert left == 0, f"{left} rows of {a} are not in {b}"
