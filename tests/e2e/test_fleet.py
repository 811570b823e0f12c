"""Two schedulers and two workers, several runs at once: whatever dies or sleeps, every run succeeds and nothing is doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from infra.local import processes
from services.scheduler.leadership import LEADER_LOCK
from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

RUNS = 5
ROWS = 80
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: paced-{n}}}
spec:
  nodes:
    - id: slow
      type: connector_source
      config: {{connector: db, query: "SELECT i AS id, pg_sleep(0.02)::text AS nothing FROM generate_series(1, 80) AS i"}}
    - {{id: few, type: filter, config: {{condition: id % 4 <> 0}}}}
    - {{id: write, type: connector_sink, config: {{connector: db, table: target_{n}, writeMode: INSERT}}}}
    - {{id: rest, type: connector_sink, config: {{connector: files, path: "rest-{n}.csv", writeMode: OVERWRITE}}}}
  edges: [{{from: slow, to: few}}, {{from: few, to: write, columns: [id]}}, {{from: few.rejected, to: rest, columns: [id]}}]
"""
WRITTEN = [(i,) for i in range(1, ROWS + 1) if i % 4]
# The lock's key is a 64-bit number, of which pg_locks shows the halves.
LEADER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid::bigint = hashtext(%s)::bigint & 4294967295
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("fleet") / "home", PENSTOCK_WORKERS="2", PENSTOCK_SCHEDULERS="2", **SHORT) as stack:
        stack.connectors()
        stack.sql("CREATE FUNCTION paced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.004); RETURN NEW; END $$")
        for n in range(RUNS):
            stack.sql(f"CREATE TABLE target_{n} (id bigint)")
            stack.sql(f"CREATE TRIGGER paced BEFORE INSERT ON target_{n} FOR EACH ROW EXECUTE FUNCTION paced()")
        stack.apply("---".join(RECIPE.format(n=n) for n in range(RUNS)))
        yield stack


@pytest.fixture
def whole(fleet: Stack) -> Stack:
    """Everything is up again after the test before, and the targets are empty."""
    fleet.ready()
    empty(fleet)
    return fleet


def empty(stack: Stack) -> None:
    for n in range(RUNS):
        stack.sql(f"TRUNCATE target_{n}")


@contextmanager
def paused(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def begun(stack: Stack) -> list[str]:
    """All runs are asked for, and at least two of them are in the middle of their source."""
    runs = [stack.start(f"paced-{n}") for n in range(RUNS)]
    busy = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'penstock/%%' AND query LIKE %s AND state = 'active'"
    stack.until(lambda: len(stack.sql(busy, "%pg_sleep%generate_series%")) > 1, 30, "two runs to read")
    return runs


def end_well(stack: Stack, runs: list[str]) -> None:
    for n, run in enumerate(runs):
        ended = stack.wait(run, 60)
        assert ended["status"] == "SUCCEEDED", ended["error"]
        assert stack.sql(f"SELECT id FROM target_{n} ORDER BY id") == WRITTEN
        assert len((stack.files / f"rest-{n}.csv").read_text().splitlines()) == 1 + ROWS - len(WRITTEN)
        figures = {node["id"]: node["rowsOut"] for node in ended["nodes"]}
        assert figures == {"slow": ROWS, "few": len(WRITTEN), "write": len(WRITTEN), "rest": ROWS - len(WRITTEN)}
        # Of all attempts at a stage, exactly one is on record as the one that did it; of its events, none is missing or doubled.
        accepted = (
            "SELECT s.stage FROM stages s LEFT JOIN attempts a ON a.run_id = s.run_id AND a.stage = s.stage AND outcome = 'COMPLETED'"
        )
        counted = f"{accepted} WHERE s.run_id = %s GROUP BY s.stage HAVING count(a.epoch) <> 1"
        assert stack.sql(counted, run, database="penstock") == []
        told = stack.client.follow(run, "events")
        assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        done = [event["node"] for event in told if event["type"] == "node.status" and event["data"]["status"] == "COMPLETED"]
        assert sorted(done) == ["few", "rest", "slow", "write"]


def leader(stack: Stack) -> str:
    return str(stack.until(lambda: stack.sql(LEADER, LEADER_LOCK, database="penstock"), 30, "a scheduler to lead")[0][0])


def busy_worker(stack: Stack, runs: list[str]) -> str:
    """One that is in the middle of a stage of theirs."""
    busy = "SELECT worker FROM stages WHERE run_id = ANY(%s::uuid[]) AND kind = 'work' AND status = 'RUNNING' LIMIT 1"
    return str(stack.until(lambda: stack.sql(busy, runs, database="penstock"), 30, "a stage to run")[0][0])


def lost(stack: Stack, runs: list[str]) -> list[str]:
    """Of each attempt that was given up, the reason."""
    why = "SELECT error ->> 'message' FROM attempts WHERE run_id = ANY(%s::uuid[]) AND outcome = 'LOST'"
    return [message for (message,) in stack.sql(why, runs, database="penstock")]


def test_the_leading_scheduler_is_killed_and_the_other_leads(whole: Stack) -> None:
    first = leader(whole)
    runs = begun(whole)
    whole.kill(first)
    # Nothing recovers a lost worker but a leader's sweep.
    whole.kill(busy_worker(whole, runs))
    end_well(whole, runs)
    assert lost(whole, runs)


def test_a_sleeping_scheduler_that_lost_its_leadership_does_no_harm(whole: Stack) -> None:
    first = leader(whole)
    with paused(whole.pid(first)):
        whole.until(lambda: leader(whole) != first, 30, "the other scheduler to lead")
        runs = begun(whole)
        whole.kill(busy_worker(whole, runs))
        whole.until(lambda: lost(whole, runs), 30, "the other scheduler to sweep")
    end_well(whole, runs)


def test_one_of_two_workers_is_killed(whole: Stack) -> None:
    runs = begun(whole)
    whole.kill(busy_worker(whole, runs))
    end_well(whole, runs)
    assert lost(whole, runs)


def test_a_worker_and_its_children_sleep_while_the_other_finishes_and_then_wake(whole: Stack) -> None:
    runs = begun(whole)
    asleep = whole.pid(busy_worker(whole, runs))
    with paused(asleep, *(child.pid for child in psutil.Process(asleep).children())):
        end_well(whole, runs)
    # Awake, it learns that all it held was given to others; what it takes up next goes well.
    assert lost(whole, runs)
    empty(whole)
    end_well(whole, begun(whole))


def test_redis_sleeps_for_longer_than_a_message_may_take(whole: Stack) -> None:
    runs = begun(whole)
    with paused(whole.pid("redis")):
        # Whatever is released now cannot be sent; what is running goes on and is recorded.
        grace_s = float(SHORT["PENSTOCK_RELEASE_GRACE_SECONDS"])
        waiting = "SELECT 1 FROM stages WHERE status = 'RELEASED' AND released_at < clock_timestamp() - make_interval(secs => %s)"
        whole.until(lambda: whole.sql(waiting, 2 * grace_s, database="penstock"), 30, "a released stage to wait for twice the grace")
    end_well(whole, runs)


def test_a_workers_child_alone_is_killed(whole: Stack) -> None:
    runs = begun(whole)
    worker = busy_worker(whole, runs)
    parent = whole.pid(worker)
    for child in psutil.Process(parent).children():
        child.kill()
    end_well(whole, runs)
    # The parent lives on, and has said how its child ended.
    assert processes.alive(whole.home, worker) == parent
    assert any("SIGKILL" in why for why in lost(whole, runs))
