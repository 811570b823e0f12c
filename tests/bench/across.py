"""across: PostgreSQL → filter, join, computed columns → UPSERT in another PostgreSQL database, against the best way found by hand.

By hand: COPY to COPY (the query runs in the source, its rows are poured from one connection into the other, then ON CONFLICT), and
DuckDB's extension attached to both. Half of the keys are there already.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from tests.bench import databases, report, timing
from tests.bench.place import penstock

ROWS = 1_000_000
REPEATS = 3
COLUMNS = "id, region, customer, net, month, note"
TARGET = "(id bigint PRIMARY KEY, region text, customer integer, net numeric(14, 4), month integer, note text)"
QUERY = """SELECT o.id, s.region, o.customer, (o.amount * 0.77)::numeric(14, 4) AS net, EXTRACT(MONTH FROM o.day)::integer AS month, o.note
           FROM {orders} o JOIN {shops} s USING (shop) WHERE o.status <> 'refunded'"""
CONFLICT = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{c} = excluded.{c}" for c in COLUMNS.split(", ")[1:])

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: across}
spec:
  nodes:
    - {id: orders, type: connector_source, config: {connector: db, table: orders}}
    - {id: shops, type: connector_source, config: {connector: db, table: shops}}
    - {id: sold, type: filter, config: {condition: "status <> 'refunded'"}}
    - {id: placed, type: joiner, config: {joinType: INNER, left: sold, right: shops, keys: [{left: shop, right: shop}]}}
    - id: priced
      type: expression
      config:
        columns:
          - {name: net, expression: amount * 0.77, type: "NUMERIC(14, 4)"}
          - {name: month, expression: EXTRACT(MONTH FROM day), type: INTEGER}
    - {id: result, type: connector_sink, config: {connector: other, table: ours, writeMode: UPSERT, upsertKeys: [id]}}
  edges:
    - {from: orders, to: sold}
    - {from: sold, to: placed}
    - {from: shops, to: placed}
    - {from: placed, to: priced}
    - {from: priced, to: result, columns: [id, region, customer, net, month, note]}
"""


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="2GB") as stack:
        target = databases.second(stack)
        databases.orders(stack.demo_url, ROWS)
        stack.apply(RECIPE)

        def half_full() -> None:
            for table in ("ours", "theirs"):
                databases.sql(
                    target,
                    f"DROP TABLE IF EXISTS {table}",
                    f"CREATE TABLE {table} {TARGET}",
                    f"INSERT INTO {table} SELECT i, 'X', 0, 0, 0, '' FROM generate_series(0::bigint, {ROWS - 1}, 2) AS t(i)",
                    f"VACUUM ANALYZE {table}",
                )

        half_full()
        timing.run(stack, "across")
        took = timing.in_turns(
            REPEATS,
            half_full,
            penstock=lambda: timing.run(stack, "across"),
            copy_to_copy=lambda: _timed(_copy_to_copy, stack.demo_url, target),
            duckdb=lambda: _timed(_extension, stack.demo_url, target),
        )
        half_full()
        timing.run(stack, "across")
        _copy_to_copy(stack.demo_url, target)
        with psycopg.connect(target) as connection:
            for a, b in (("ours", "theirs"), ("theirs", "ours")):
                ((left,),) = connection.execute(f"SELECT count(*) FROM (TABLE {a} EXCEPT TABLE {b}) d").fetchall()
                assert left == 0, f"{left} rows of {a} are not in {b}"
        by_hand = {name: timing.best(each) for name, each in took.items() if name != "penstock"}
    yield report.line(
        "across",
        penstock_s=timing.best(took["penstock"]),
        baseline_s=min(by_hand.values()),
        rows=ROWS,
        peak_bytes=timing.peak(took["penstock"]),
        baseline=min(by_hand, key=lambda name: by_hand[name]),
        all_s=timing.shown(took),
    )


def _timed(way: object, source: str, target: str) -> timing.Took:
    began = time.perf_counter()
    way(source, target)  # type: ignore[operator]
    return timing.Took(time.perf_counter() - began, None)


def _copy_to_copy(source: str, target: str) -> None:
    query = QUERY.format(orders="orders", shops="shops")
    with psycopg.connect(source) as reads, psycopg.connect(target) as writes:
        writes.execute("CREATE TEMP TABLE staged (LIKE theirs) ON COMMIT DROP")
        with (
            reads.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as out,
            writes.cursor().copy("COPY staged FROM STDIN (FORMAT binary)") as into,
        ):
            for block in out:
                into.write(block)
        writes.execute(f"INSERT INTO theirs SELECT * FROM staged {CONFLICT}")


def _extension(source: str, target: str) -> None:
    with databases.attached(src=source, dst=target) as connection:
        connection.execute("CREATE TABLE dst.staged_by_duckdb AS " + QUERY.format(orders="src.orders", shops="src.shops"))
        say = f"INSERT INTO theirs SELECT * FROM staged_by_duckdb {CONFLICT}; DROP TABLE staged_by_duckdb"
        connection.execute("CALL postgres_execute('dst', $say)", {"say": say})
