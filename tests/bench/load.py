"""load: a CSV of a million rows into a table with a primary key, and again into the full table, against COPY by hand.

First load: INSERT, against COPY into the same empty table. Again: UPSERT with the primary key as key, of which half is new and half
has changed, against COPY into a temporary table and INSERT … ON CONFLICT.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.bench import databases, report, timing
from tests.bench.place import penstock
from tests.support import orders
from tests.support.stack import Stack

ROWS = 1_000_000
REPEATS = 3
TABLE = "(id bigint PRIMARY KEY, shop bigint, customer bigint, amount double precision, status text, day date, note text)"
COLUMNS = ("id", "shop", "customer", "amount", "status", "day", "note")


def recipe(name: str, mode: str, target: str) -> str:
    keys = ", upsertKeys: [id]" if mode == "UPSERT" else ""
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  nodes:
    - {{id: file, type: connector_source, config: {{connector: files, path: {name}.csv}}}}
    - {{id: table, type: connector_sink, config: {{connector: db, table: {target}, writeMode: {mode}{keys}}}}}
  edges: [{{from: file, to: table}}]
"""


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="2GB") as stack:
        orders.write_orders(stack.files / "load.csv", ROWS)
        # The second file: the upper half again with other amounts, and as many new ones.
        changed = (stack.files / "load.csv").read_text().splitlines()
        later = [line.split(",", 1) for line in changed[1 + ROWS // 2 :]]
        shifted = [f"{int(number) + ROWS // 2},{rest}" for number, rest in later]
        again = [changed[0], *(f"{number},{rest}x" for number, rest in later), *shifted]
        (stack.files / "reload.csv").write_text("\n".join(again) + "\n")
        del changed, later, shifted, again
        stack.apply(recipe("load", "INSERT", "ours"))
        stack.apply(recipe("reload", "UPSERT", "ours"))
        empty = [f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} {TABLE}" for table in ("ours", "theirs")]

        def fresh() -> None:
            databases.sql(stack.demo_url, *empty)

        def loaded() -> None:
            fresh()
            for table in ("ours", "theirs"):
                _copy(stack, "load.csv", table)
            databases.sql(stack.demo_url, "VACUUM ANALYZE ours", "VACUUM ANALYZE theirs")

        for name, before, by_hand in (("load", fresh, _copy_way), ("reload", loaded, _reload_way)):
            before()
            timing.run(stack, name)
            took = timing.in_turns(
                REPEATS, before, penstock=lambda name=name: timing.run(stack, name), by_hand=lambda way=by_hand: way(stack)
            )
            _compare(stack, name)
            yield report.line(
                name,
                penstock_s=timing.best(took["penstock"]),
                baseline_s=timing.best(took["by_hand"]),
                rows=ROWS,
                peak_bytes=timing.peak(took["penstock"]),
                all_s=timing.shown(took),
            )


def _copy_way(stack: Stack) -> timing.Took:
    began = time.perf_counter()
    _copy(stack, "load.csv", "theirs")
    return timing.Took(time.perf_counter() - began, None)


def _reload_way(stack: Stack) -> timing.Took:
    began = time.perf_counter()
    sets = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[1:])
    with psycopg.connect(stack.demo_url) as connection:
        connection.execute("CREATE TEMP TABLE staged (LIKE theirs) ON COMMIT DROP")
        _pour(connection, stack.files / "reload.csv", "staged")
        connection.execute(f"INSERT INTO theirs SELECT * FROM staged ON CONFLICT (id) DO UPDATE SET {sets}")
    return timing.Took(time.perf_counter() - began, None)


def _copy(stack: Stack, file: str, table: str) -> None:
    with psycopg.connect(stack.demo_url) as connection:
        _pour(connection, stack.files / file, table)


def _pour(connection: psycopg.Connection, file: Path, table: str) -> None:
    with file.open("rb") as rows, connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as copy:
        while block := rows.read(1 << 20):
            copy.write(block)


def _compare(stack: Stack, name: str) -> None:
    """The last turn of each has left its rows."""
    if name == "reload":
        _reload_way(stack)
        timing.run(stack, name)
    else:
        databases.sql(stack.demo_url, "TRUNCATE ours, theirs")
        _copy(stack, "load.csv", "theirs")
        timing.run(stack, name)
    for a, b in (("ours", "theirs"), ("theirs", "ours")):
        ((left,),) = stack.sql(f"SELECT count(*) FROM (TABLE {a} EXCEPT TABLE {b}) d")
        assert left == 0, f"{left} rows of {a} are not in {b}"
