"""tpch: TPC-H's 22 queries as recipes, each a whole run, against the standard text of the query on the engine underneath.

On DuckDB over Parquet files, and inside PostgreSQL over tables with primary keys and indexes of foreign keys, answers written as a table by
both. Every answer is compared with DuckDB's own. SCALE=0.1 for a look; the scale of record is 1.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg

from shared.engines.duckdb.connection import load_extension
from tests.bench import report, timing
from tests.bench.databases import sql
from tests.bench.place import penstock
from tests.support.stack import Stack
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import KEYS, QUERIES, TABLES, Rows, Tpch, generate, into_postgresql
from tests.tpch.engines import read_postgresql, sorted_rows

SCALE = float(os.environ.get("SCALE", "1"))
REPEATS = 2
SCHEMA = "tpch"
# A query that takes longer by hand is no baseline: `baseline_s` is null.
LONGEST_S = 300
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: {name}}}
spec: {{type: {type}, config: {config}}}
"""


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="penstock-tpch-") as folder:
        tpch = generate(Path(folder), SCALE)
        with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="4GB") as stack:
            yield from _on_duckdb(stack, tpch)
        with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="2GB") as stack:
            yield from _inside_postgresql(stack, tpch)


def _on_duckdb(stack: Stack, tpch: Tpch) -> Iterator[str]:
    stack.apply(CONNECTOR.format(name="tpch", type="files", config=f"{{root: {tpch.folder}}}"))
    stack.apply(CONNECTOR.format(name="answers", type="files", config=f"{{root: {stack.files}}}"))
    with closing(duckdb.connect(config={"threads": 2, "memory_limit": "2400MB"})) as connection:
        texts = _texts(connection)
        for table in TABLES:
            connection.execute(f"CREATE VIEW {table} AS FROM '{tpch.folder / table}.parquet'")

        def by_hand(number: int) -> timing.Took:
            began = time.perf_counter()
            connection.execute(f"COPY ({texts[number]}) TO '{stack.files}/by_hand.parquet'")
            return timing.Took(time.perf_counter() - began, None)

        def answer(number: int) -> Rows:
            return duckdb.sql(f"FROM '{stack.files}/q{number:02}.parquet'").fetchall()

        yield from _measured(stack, tpch, "duckdb", recipes.over_files, by_hand, answer)


def _inside_postgresql(stack: Stack, tpch: Tpch) -> Iterator[str]:
    into_postgresql(tpch, stack.demo_url, SCHEMA)
    for table, columns in KEYS.items():
        sql(stack.demo_url, f"ALTER TABLE {SCHEMA}.{table} ADD PRIMARY KEY ({columns[0]})")
        sql(stack.demo_url, *(f"CREATE INDEX ON {SCHEMA}.{table} ({column})" for column in columns[1:]), f"VACUUM ANALYZE {SCHEMA}.{table}")
    stack.apply(CONNECTOR.format(name="tpch", type="postgres", config=f'{{url: "{stack.demo_url}", schema: {SCHEMA}}}'))
    with closing(duckdb.connect()) as connection:
        texts = _texts(connection)

    def by_hand(number: int) -> timing.Took | None:
        with psycopg.connect(stack.demo_url, autocommit=True) as server:
            server.execute(f"SET search_path TO {SCHEMA}")  # type: ignore[arg-type]  # a benchmark's own text
            server.execute("DROP TABLE IF EXISTS by_hand")
            server.execute(f"SET statement_timeout TO '{LONGEST_S}s'")  # type: ignore[arg-type]
            began = time.perf_counter()
            try:
                server.execute(f"CREATE TABLE by_hand AS {texts[number]}")  # type: ignore[arg-type]
            except psycopg.errors.QueryCanceled:
                return None
            return timing.Took(time.perf_counter() - began, None)

    def answer(number: int) -> Rows:
        return sorted_rows(read_postgresql(stack.demo_url, f"{SCHEMA}.q{number:02}"))

    def recipe(number: int) -> str:
        return recipes.over_tables(number, into=f"q{number:02}", threshold=0)

    yield from _measured(stack, tpch, "postgres", recipe, by_hand, answer, ordered=False)


def _measured(
    stack: Stack,
    tpch: Tpch,
    engine: str,
    recipe: Callable[[int], str],
    by_hand: Callable[[int], timing.Took | None],
    answer: Callable[[int], Rows],
    *,
    ordered: bool = True,
) -> Iterator[str]:
    """A line for each query, and one for all that have a baseline."""
    ours = theirs = 0.0
    peaks: list[timing.Took] = []
    for number in QUERIES:
        stack.apply(recipe(number))
        # Surveys and statistics are there from the first run on, and the pages are warm for both.
        timing.run(stack, f"q{number:02}")
        baseline = by_hand(number)
        expected = tpch.answers[number] if ordered else sorted_rows(tpch.answers[number])
        assert (what := difference(answer(number), expected)) is None, f"query {number} on {engine}: {what}"
        took = [timing.run(stack, f"q{number:02}") for _ in range(REPEATS)]
        again = [found for _ in range(REPEATS) if baseline is not None and (found := by_hand(number)) is not None]
        seconds = timing.best(again) if again else None
        yield report.line(
            f"tpch-{engine}-q{number:02}",
            penstock_s=timing.best(took),
            baseline_s=seconds,
            rows=len(expected),
            peak_bytes=timing.peak(took),
            scale=SCALE,
        )
        peaks += took
        if seconds is not None:
            ours, theirs = ours + timing.best(took), theirs + seconds
    yield report.line(f"tpch-{engine}", penstock_s=ours, baseline_s=theirs, rows=None, peak_bytes=timing.peak(peaks), scale=SCALE)


def _texts(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """The standard texts, as DuckDB's generator brings them."""
    load_extension(connection, "tpch")
    found = connection.execute("SELECT query_nr, query FROM tpch_queries()").fetchall()
    return {number: str(text).strip().rstrip(";") for number, text in found}
