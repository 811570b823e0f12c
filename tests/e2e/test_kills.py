"""kill -9 of each service in the middle of a run: the run succeeds, and the target holds what an undisturbed run's would.

The run is held open by `pg_sleep` in the source's query and by a slow trigger on the target; kills fire on an event, not on a clock.
Each test ends no later than MORE_S after what an undisturbed run takes.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.support.stack import SHORT, Stack, running, seconds

pytestmark = pytest.mark.stack

MORE_S = 30
ROWS = 200
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: held}
spec:
  retryDelay: 1
  nodes:
    - id: slow
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, i % 7 AS k, pg_sleep(0.01)::text AS nothing FROM generate_series(1, 200) AS i"}
    - {id: odd, type: filter, config: {condition: k <> 3}}
    - {id: write, type: connector_sink, config: {connector: db, table: target, writeMode: INSERT}}
    - {id: rest, type: connector_sink, config: {connector: files, path: rest.csv, writeMode: OVERWRITE}}
  edges: [{from: slow, to: odd}, {from: odd, to: write, columns: [id, k]}, {from: odd.rejected, to: rest}]
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: target-rules}
spec:
  dataset: {connector: db, table: target}
  rules: [{name: id-there, type: NOT_NULL, column: id, severity: high}, {name: id-once, type: UNIQUE, column: id, severity: critical}]
"""
EXPECTED = [(i, i % 7) for i in range(1, ROWS + 1) if i % 7 != 3]


@dataclass(frozen=True, slots=True)
class Fleet:
    stack: Stack
    undisturbed_s: float

    def begun(self, node: str) -> str:
        """A run that has come to the middle of this node: the source is being read, or the sink is being written."""
        run = self.stack.start("held")
        self.stack.until(lambda: _reading(self.stack, run) if node == "slow" else _written(self.stack), 30, f"{node} to run")
        return run

    def ends_well(self, run: str) -> None:
        ended = self.stack.wait(run, self.undisturbed_s + MORE_S + 5)
        assert ended["status"] == "SUCCEEDED", ended["error"]
        assert seconds(ended) < self.undisturbed_s + MORE_S
        assert self.stack.sql("SELECT id, k FROM target ORDER BY id") == EXPECTED
        assert len((self.stack.files / "rest.csv").read_text().splitlines()) == 1 + ROWS - len(EXPECTED)
        assert [(q["score"], q["failed"]) for q in ended["quality"]] == [(100.0, 0)]
        told = self.stack.until(lambda: self.stack.client.follow(run, "events"), 30, "the API to tell the events")
        assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        assert told[-1]["type"] == "run.finished"


def _reading(stack: Stack, run: str) -> bool:
    busy = stack.sql("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE %s AND query LIKE '%%pg_sleep%%'", f"penstock/{run}/%")
    return bool(busy) and any(node["id"] == "slow" and node["status"] == "RUNNING" for node in stack.run(run)["nodes"])


def _written(stack: Stack) -> bool:
    """A sequence does not wait for the commit: it tells of rows that are on their way."""
    return int(stack.sql("SELECT last_value FROM seen")[0][0]) > len(EXPECTED) // 4


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with running(tmp_path_factory.mktemp("kills") / "home", PENSTOCK_WORKERS="1", **SHORT) as stack:
        yield _prepared(stack)


@pytest.fixture
def held(fleet: Fleet) -> Fleet:
    fleet.stack.ready()
    _empty(fleet.stack)
    return fleet


def _prepared(stack: Stack) -> Fleet:
    stack.connectors()
    stack.sql("CREATE TABLE target (id bigint, k bigint); CREATE SEQUENCE seen")
    # Paces the sink, a few milliseconds for each row, and counts them.
    stack.sql(
        "CREATE FUNCTION paced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('seen'), pg_sleep(0.004); RETURN NEW; END $$"
    )
    stack.sql("CREATE TRIGGER paced BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION paced()")
    stack.apply(RECIPE)
    ended = stack.wait(stack.start("held"), 60)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    _empty(stack)
    return Fleet(stack, seconds(ended))


def _empty(stack: Stack) -> None:
    stack.sql("TRUNCATE target; ALTER SEQUENCE seen RESTART")


@pytest.mark.parametrize("node", ["slow", "write"])
def test_the_only_worker_is_killed(held: Fleet, node: str) -> None:
    run = held.begun(node)
    held.stack.kill("worker-1")
    held.ends_well(run)
    assert any(stage["epoch"] > 1 for stage in held.stack.run(run)["stages"])


INSIDE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: inside}
spec:
  retryDelay: 1
  pushDown: {mode: require}
  nodes:
    - id: slow
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, i % 7 AS k FROM generate_series(1, 200) AS i"}
    - {id: odd, type: filter, config: {condition: k <> 3}}
    - {id: write, type: connector_sink, config: {connector: db, table: target, writeMode: INSERT}}
  edges: [{from: slow, to: odd}, {from: odd, to: write}]
"""


def test_the_only_worker_is_killed_while_the_database_computes(held: Fleet) -> None:
    stack = held.stack
    stack.apply(INSIDE)
    run = stack.start("inside")
    stack.until(lambda: _written(stack), 30, "the database to write")
    stack.kill("worker-1")
    ended = stack.wait(run, held.undisturbed_s + MORE_S + 5)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert stack.sql("SELECT id, k FROM target ORDER BY id") == EXPECTED
    assert [(stage["engine"], stage["epoch"] > 1) for stage in ended["stages"] if stage["kind"] == "work"] == [("database", True)]


@pytest.mark.parametrize("service", ["scheduler-1", "api", "quality-1"])
def test_a_service_is_killed(held: Fleet, service: str) -> None:
    run = held.begun("slow")
    held.stack.kill(service)
    held.ends_well(run)


def test_redis_is_killed_and_comes_back_empty(held: Fleet) -> None:
    run = held.begun("slow")
    shutil.rmtree(held.stack.home.redis)
    held.stack.home.redis.mkdir()
    held.stack.kill("redis")
    held.ends_well(run)


def test_postgresql_is_killed(held: Fleet) -> None:
    run = held.begun("slow")
    held.stack.kill("postgres")
    held.ends_well(run)


def test_a_worker_that_slept_past_its_lease_writes_nothing_twice(held: Fleet) -> None:
    run = held.begun("write")
    paused = held.stack.kill("worker-1", signal.SIGSTOP)
    held.stack.until(lambda: any(s["epoch"] > 1 for s in held.stack.run(run)["stages"]), 30, "the sweep to give the stage up")
    os.kill(paused, signal.SIGCONT)
    held.ends_well(run)


CHANGING = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: changing-{source}}}
spec:
  ledger: exact
  nodes:
    - {{id: read, type: connector_source, config: {{{config}}}}}
    - {{id: few, type: filter, config: {{condition: id <= 40}}}}
    - {{id: write, type: connector_sink, config: {{connector: db, table: kept, writeMode: INSERT}}}}
  edges: [{{from: read, to: few}}, {{from: few, to: write}}]
"""


@pytest.mark.parametrize(
    ("source", "config"), [("table", "connector: db, table: changing"), ("file", "connector: files, path: changing.csv")]
)
def test_no_row_is_lost_when_the_source_changes_between_a_commit_and_the_workers_death(held: Fleet, source: str, config: str) -> None:
    stack = held.stack
    stack.sql("DROP TABLE IF EXISTS changing, kept; CREATE TABLE kept (id bigint)")
    stack.sql("CREATE TABLE changing AS SELECT i::bigint AS id FROM generate_series(1, 50) AS i")
    file = stack.files / "changing.csv"
    file.write_text("id\n" + "".join(f"{i}\n" for i in range(1, 51)))
    stack.apply(CHANGING.format(source=source, config=config))

    with psycopg.connect(stack.database_url("penstock")) as store:
        with psycopg.connect(stack.demo_url) as target:
            # The sink cannot write before this ends, and then its outcome cannot be recorded before the run's row is let go.
            target.execute("LOCK TABLE kept IN SHARE MODE")
            run = stack.start(f"changing-{source}")
            waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE %s AND wait_event_type = 'Lock'"
            stack.until(lambda: stack.sql(waiting, f"penstock/{run}/%"), 30, "the sink to write")
            store.execute("SELECT 1 FROM runs WHERE id = %s FOR UPDATE", (run,))
        stack.until(lambda: stack.sql("SELECT 1 FROM kept"), 30, "the sink to commit")
        stack.kill("worker-1")
        stack.sql("UPDATE changing SET id = 1000 + id WHERE id <= 20")
        file.write_text("id\n1\n")
    ended = stack.wait(run)

    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert max(stage["epoch"] for stage in ended["stages"]) > 1
    assert stack.sql("SELECT id FROM kept ORDER BY id") == [(i,) for i in range(1, 41)]
    figures = {node["id"]: (node["rowsIn"], node["rowsOut"]) for node in ended["nodes"]}
    assert figures == {"read": (50, 50), "few": (50, 40), "write": (40, 40)}
