"""A crowd of runs, asked for at once, and what is seen of the limits while they go."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import psycopg

from tests.support.stack import Stack

CONNECTIONS = 3
NODES = 2
ROWS = 40
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: narrow}}
spec:
  type: postgres
  maxConnections: {most}
  config: {{host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{password}"}}
"""
# Three branches, so that the run's own limit is felt; the middle one writes where the connections are few.
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: crowd}}
spec:
  concurrencyPolicy: Allow
  maxParallelNodes: {nodes}
  parameters: [{{name: number, type: integer, default: 0}}]
  nodes:
    - id: slow
      type: connector_source
      config:
        connector: narrow
        query: "SELECT i AS id, {{{{number}}}} AS number, pg_sleep(0.002)::text AS nothing FROM generate_series(1, {rows}) AS i"
    - {{id: even, type: filter, config: {{condition: id % 2 = 0}}}}
    - {{id: write, type: connector_sink, config: {{connector: narrow, table: crowd, writeMode: INSERT}}}}
    - {{id: rest, type: connector_sink, config: {{connector: files, path: "crowd/{{{{number}}}}.csv", writeMode: OVERWRITE}}}}
    - {{id: odd, type: connector_sink, config: {{connector: db, table: crowd_rest, writeMode: INSERT}}}}
  edges:
    - {{from: slow, to: even}}
    - {{from: even, to: write, columns: [id, number]}}
    - {{from: even.rejected, to: rest, columns: [id]}}
    - {{from: even.rejected, to: odd, columns: [id, number]}}
"""


def prepare(stack: Stack) -> None:
    """Connectors, tables and the recipe. The stack's `connectors` must be there."""
    stack.sql("CREATE TABLE crowd (id bigint, number bigint)")
    stack.sql("CREATE TABLE crowd_rest (id bigint, number bigint)")
    port, password = stack.home.read("ports.json")["postgres"], stack.home.secrets()["demo"]
    stack.apply(CONNECTOR.format(most=CONNECTIONS, port=port, password=password))
    stack.apply(RECIPE.format(nodes=NODES, rows=ROWS))


def ask(stack: Stack, numbers: range) -> list[str]:
    """A run for each number, all at once."""
    path = "/pipelines/default/crowd/runs"
    return [str(stack.client.call("POST", path, body={"parameters": {"number": number}})["id"]) for number in numbers]


def written(stack: Stack, numbers: range) -> bool:
    """Every run has written each of its rows, once."""
    expected = [(number, ROWS // 2, ROWS // 2) for number in numbers]
    counted = "SELECT number, count(*), count(DISTINCT id) FROM {} WHERE number >= %s GROUP BY number ORDER BY number"
    return all(stack.sql(counted.format(table), numbers.start) == expected for table in ("crowd", "crowd_rest"))


@dataclass
class Seen:
    """The most of each at any moment at which it was looked at. `sessions`: as the destination's own server counts them."""

    samples: int = 0
    runs: int = 0
    stages_of_a_run: int = 0
    connections: int = 0
    sessions: int = 0
    waiting: int = 0


class Watch(threading.Thread):
    """Looks as often as it can, from `with` to its end."""

    _LOOK = """
        SELECT (SELECT count(*) FROM runs WHERE status = 'RUNNING') AS runs,
               (SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM stages
                 WHERE kind = 'work' AND status IN ('RELEASED', 'RUNNING') GROUP BY run_id) s) AS stages,
               (SELECT count(*) FROM stages, unnest(connectors) c WHERE status IN ('RELEASED', 'RUNNING') AND c = 'default/narrow') AS held,
               (SELECT count(*) FROM stages WHERE status = 'WAITING' AND waiting_since IS NOT NULL) AS waiting
    """
    # A server shows what a session does to its own user only. One whose client has gone needs a moment to see it and to end.
    _SESSIONS = """
        SELECT count(*) FROM pg_stat_activity
         WHERE application_name ~ '^penstock/[0-9a-f-]{36}/' AND query ~* 'generate_series|[^_]crowd[^_]'
           AND (state <> 'idle' OR state_change < clock_timestamp() - interval '1 second')
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(name="limits", daemon=True)
        self._urls = (stack.database_url("penstock"), stack.demo_url)
        self._stop_now = threading.Event()
        self.seen = Seen()

    def run(self) -> None:
        seen = self.seen
        store_url, destination_url = self._urls
        with psycopg.connect(store_url, autocommit=True) as store, psycopg.connect(destination_url, autocommit=True) as destination:
            while not self._stop_now.wait(0.01):
                row, sessions = store.execute(self._LOOK).fetchone(), destination.execute(self._SESSIONS).fetchone()
                assert row is not None and sessions is not None
                seen.samples += 1
                seen.runs, seen.stages_of_a_run, seen.connections = (
                    max(seen.runs, row[0]), max(seen.stages_of_a_run, row[1]), max(seen.connections, row[2]),
                )  # fmt: skip
                seen.waiting, seen.sessions = max(seen.waiting, row[3]), max(seen.sessions, sessions[0])

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_now.set()
        self.join()


def wait_for_all(stack: Stack, runs: list[str], within_s: float) -> list[dict[str, object]]:
    """As they ended, in the order in which they were asked for."""
    deadline = time.monotonic() + within_s
    left = "SELECT count(*) FROM runs WHERE id = ANY(%s::uuid[]) AND finished_at IS NULL"
    stack.until(lambda: stack.sql(left, runs, database="penstock")[0][0] == 0, within_s, f"{len(runs)} runs to end")
    assert time.monotonic() < deadline + 60
    found = "SELECT status, started_at, created_at, finished_at, error FROM runs WHERE id = ANY(%s::uuid[]) ORDER BY created_at, id"
    names = ("status", "started_at", "created_at", "finished_at", "error")
    return [dict(zip(names, row, strict=True)) for row in stack.sql(found, runs, database="penstock")]
