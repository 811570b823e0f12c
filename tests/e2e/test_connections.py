"""A connector with maxConnections: what the destination's own server counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'demo' AND application_name ~ '^penstock/[0-9a-f-]{36}/'"
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: single}}
spec:
  type: postgres
  maxConnections: 1
  config: {{host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{password}"}}
"""
# One stage reads a table that is large enough to be read in parallel; two more want in meanwhile.
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: single-{n}}}
spec:
  pushDown: {{mode: "off"}}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: single, table: many_pages}}}}
    - {{id: file, type: connector_sink, config: {{connector: files, path: single-{n}.parquet, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: file}}]
"""


@contextmanager
def counting(stack: Stack) -> Iterator[list[int]]:
    """The most sessions of attempts that were seen at one moment, as the last of the list."""
    most, over = [0], threading.Event()

    def look() -> None:
        with psycopg.connect(stack.database_url("penstock"), autocommit=True) as connection:
            while not over.wait(0.005):
                found = connection.execute(SESSIONS).fetchone()
                most.append(max(most[-1], found[0] if found else 0))

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        yield most
    finally:
        over.set()
        looker.join()


def test_one_connection_is_one_session_even_for_a_table_that_could_be_read_in_parallel(stack: Stack) -> None:
    port, password = stack.home.read("ports.json")["postgres"], stack.home.secrets()["demo"]
    stack.apply(CONNECTOR.format(port=port, password=password))
    stack.sql(
        "CREATE TABLE many_pages AS SELECT i AS id, repeat('x', 200) AS wide FROM generate_series(1, 300000) AS i; ANALYZE many_pages"
    )
    stack.apply("---".join(RECIPE.format(n=n) for n in range(3)))
    with counting(stack) as seen:
        runs = [stack.start(f"single-{n}") for n in range(3)]
        ended = [stack.wait(run, 90) for run in runs]
    assert [run["status"] for run in ended] == ["SUCCEEDED"] * 3, [run["error"] for run in ended]
    assert seen[-1] == 1
    assert {node["id"]: node["rowsOut"] for node in ended[0]["nodes"]}["read"] == 300_000
    stack.sql("DROP TABLE many_pages")
