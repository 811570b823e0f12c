"""kill -9 of each service in the middle of a run: the run succeeds, and the target holds what an undisturbed run's would.

The run is held open by `pg_sleep` in the source's query and by a slow trigger on the target; kills fire on an event, not on a clock.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.support.stack import SHORT, Stack, running

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


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("kills") / "home", PENSTOCK_WORKERS="1", **SHORT) as up:
        up.connectors()
        up.sql("CREATE TABLE target (id bigint, k bigint)")
        # Paces the sink: a few milliseconds for each row.
        up.sql("CREATE FUNCTION paced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.004); RETURN NEW; END $$")
        up.sql("CREATE TRIGGER paced BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION paced()")
        up.apply(RECIPE)
        yield up


@pytest.fixture
def held(fleet: Stack) -> Stack:
    # A killed API's orphan answers for a moment; the new one is there when it has a process of its own, which needs the port.
    fleet.until(lambda: psutil.Process(fleet.pid("api")).children(), 30, "the API to be back")
    fleet.until(lambda: fleet.client.call("GET", "/pipelines"), 30, "the API to answer")
    fleet.sql("TRUNCATE target")
    return fleet


def begun(stack: Stack, node: str) -> str:
    """A run that has come to the point where this node runs."""
    run = stack.start("held")

    def running_now() -> bool:
        return any(one["id"] == node and one["status"] == "RUNNING" for one in stack.run(run)["nodes"])

    stack.until(running_now, 30, f"{node} to run")
    return run


def ends_well(stack: Stack, run: str) -> None:
    ended = stack.wait(run, 60)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert stack.sql("SELECT id, k FROM target ORDER BY id") == EXPECTED
    assert len((stack.files / "rest.csv").read_text().splitlines()) == 1 + ROWS - len(EXPECTED)
    assert [(q["score"], q["failed"]) for q in ended["quality"]] == [(100.0, 0)]
    told = stack.client.follow(run, "events")
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[-1]["type"] == "run.finished"


@pytest.mark.stack
@pytest.mark.parametrize("node", ["slow", "write"])
def test_the_only_worker_is_killed(held: Stack, node: str) -> None:
    run = begun(held, node)
    held.kill("worker-1")
    ends_well(held, run)
    assert any(stage["epoch"] > 1 for stage in held.run(run)["stages"])


@pytest.mark.stack
@pytest.mark.parametrize("service", ["scheduler-1", "api", "quality-1"])
def test_a_service_is_killed(held: Stack, service: str) -> None:
    run = begun(held, "slow")
    held.kill(service)
    ends_well(held, run)


@pytest.mark.stack
def test_redis_is_killed_and_comes_back_empty(held: Stack) -> None:
    run = begun(held, "slow")
    shutil.rmtree(held.home.root / "redis", ignore_errors=True)
    (held.home.root / "redis").mkdir()
    held.kill("redis")
    ends_well(held, run)


@pytest.mark.stack
def test_postgresql_is_killed(held: Stack) -> None:
    run = begun(held, "slow")
    held.kill("postgres")
    ends_well(held, run)


@pytest.mark.stack
def test_a_worker_that_slept_past_its_lease_writes_nothing_twice(held: Stack) -> None:
    run = begun(held, "write")
    paused = held.kill("worker-1", signal.SIGSTOP)
    held.until(lambda: any(s["epoch"] > 1 for s in held.run(run)["stages"]), 30, "the sweep to give the stage up")
    os.kill(paused, signal.SIGCONT)
    ends_well(held, run)
