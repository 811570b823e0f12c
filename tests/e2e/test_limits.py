"""Thirty runs at once on two workers: no limit is exceeded at any moment, nobody overtakes, the queue drains; messages that are doubled,
stale or invented change nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from operator import itemgetter

import pytest

from infra.local import processes
from infra.local.stack import up
from tests.soak import crowd, messages
from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

RUNS, LIMIT, MESSAGES = 30, 4, 2000
SETTINGS = {**SHORT, "PENSTOCK_WORKERS": "2", "PIPELINE_MAX_CONCURRENT_EXECUTIONS": str(LIMIT)}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("limits") / "home", **SETTINGS) as stack:
        stack.connectors()
        crowd.prepare(stack)
        yield stack


def test_thirty_runs_at_once_keep_within_every_limit_and_all_end_in_their_order(narrow: Stack) -> None:
    with crowd.Watch(narrow) as watch:
        asked = crowd.ask(narrow, range(RUNS))
        last = narrow.run(asked[-1])
        assert last["waitingFor"] is None or last["waitingFor"]["reason"] == "concurrency"
        ended = crowd.wait_for_all(narrow, asked, 120)
    assert {(run["status"], str(run["error"])) for run in ended} == {("SUCCEEDED", "None")}
    assert crowd.written(narrow, range(RUNS))
    seen = watch.seen
    assert seen.samples > 50
    assert 1 < seen.runs <= LIMIT
    assert 1 < seen.stages_of_a_run <= crowd.NODES
    assert 1 < seen.connections <= crowd.CONNECTIONS
    assert seen.sessions <= crowd.CONNECTIONS
    assert seen.waiting > 0, "some stage had to wait for a connection"
    assert ended == sorted(ended, key=itemgetter("started_at")), "whoever asked first starts first"


def test_messages_that_are_doubled_stale_or_invented_change_nothing(narrow: Stack) -> None:
    messages.throw(narrow, MESSAGES // 2, seed=1)
    asked = crowd.ask(narrow, range(RUNS, RUNS + 4))
    ended = crowd.wait_for_all(narrow, asked, 120)
    assert {run["status"] for run in ended} == {"SUCCEEDED"}
    messages.wait_until_taken(narrow, 120)
    before = messages.record(narrow)
    messages.throw(narrow, MESSAGES // 2, seed=2)
    messages.wait_until_taken(narrow, 120)
    assert messages.record(narrow) == before
    assert crowd.written(narrow, range(RUNS, RUNS + 4))


def test_a_newer_run_replaces_an_older_one_where_its_policy_says_so(narrow: Stack) -> None:
    narrow.apply(
        """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: replaced}
spec:
  concurrencyPolicy: Replace
  nodes:
    - id: slow
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, pg_sleep(0.05)::text AS nothing FROM generate_series(1, 60) AS i"}
    - {id: file, type: connector_sink, config: {connector: files, path: replaced.csv, writeMode: OVERWRITE}}
  edges: [{from: slow, to: file}]
"""
    )
    first = narrow.start("replaced")
    narrow.until(lambda: any(node["status"] == "RUNNING" for node in narrow.run(first)["nodes"]), 30, "the first to run")
    second = narrow.start("replaced")
    ended = narrow.wait(first, 20)
    assert (ended["status"], ended["error"]["code"]) == ("CANCELLED", "replaced")
    assert narrow.wait(second)["status"] == "SUCCEEDED"


def test_everything_is_killed_at_once_and_all_runs_go_on_when_it_is_back(narrow: Stack) -> None:
    numbers = range(100, 106)
    asked = crowd.ask(narrow, numbers)
    narrow.until(lambda: narrow.sql("SELECT 1 FROM stages WHERE status = 'RUNNING'", database="penstock"), 30, "a stage to run")
    for pid in processes.running(narrow.home).values():
        os.kill(pid, signal.SIGKILL)
    narrow.until(lambda: not processes.running(narrow.home), 10, "everything to be gone")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "PIPELINE_"))}
    up(narrow.home, {**kept, **SETTINGS})
    ended = crowd.wait_for_all(narrow, asked, 120)
    assert {run["status"] for run in ended} == {"SUCCEEDED"}
    assert crowd.written(narrow, numbers)
