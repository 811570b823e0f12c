"""A destination that fails for a while: five calls reach it, then none until the time is over, then one; and nobody's retries are spent."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import httpx
import pytest

from services.api.cli.client import CallRefused
from services.api.cli.looking import looked
from tests.support.proxy import Proxy
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

FAILURES, COOL_DOWN_S, RUNS = 5, 3.0, 8
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: gated}}
spec:
  type: postgres
  config: {{host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{password}"}}
  circuitBreaker: {{failures: {failures}, coolDownSeconds: {cool_down}}}
"""
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: gated-{n}}}
spec:
  retries: 10
  retryDelay: 0
  # Else the profiles of what runs have written call the destination, too.
  qualityDefault: "off"
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: gated.csv}}}}
    - {{id: write, type: connector_sink, config: {{connector: gated, table: gated_{n}, writeMode: INSERT}}}}
  edges: [{{from: read, to: write}}]
"""


@pytest.fixture(scope="module")
def gate(stack: Stack) -> Proxy:
    gate = Proxy(stack.home.read("ports.json")["postgres"])
    (stack.files / "gated.csv").write_text("id\n1\n2\n")
    password = stack.home.secrets()["demo"]
    stack.apply(CONNECTOR.format(port=gate.port, password=password, failures=FAILURES, cool_down=COOL_DOWN_S))
    for n in range(RUNS):
        stack.sql(f"CREATE TABLE gated_{n} (id bigint)")
    stack.apply("---".join(RECIPE.format(n=n) for n in range(RUNS)))
    # What is known of files and tables is known from here on: only loads will come.
    for run in [stack.start(f"gated-{n}") for n in range(RUNS)]:
        assert stack.wait(run)["status"] == "SUCCEEDED"
    return gate


def shut(gate: Proxy) -> None:
    gate.refused.clear()
    gate.refuses = True


def breaker(stack: Stack) -> Any:
    return stack.client.call("GET", "/circuit-breakers/default/gated")


def test_five_calls_reach_it_then_none_until_the_time_is_over_then_one_at_a_time(stack: Stack, gate: Proxy) -> None:
    for n in range(RUNS):
        stack.sql(f"TRUNCATE gated_{n}")
    shut(gate)
    runs = [stack.start(f"gated-{n}") for n in range(RUNS)]
    opened = stack.until(lambda: found if (found := breaker(stack))["state"] == "open" else None, 30, "the breaker to open")
    assert (opened["failures"], len(gate.refused)) == (FAILURES, FAILURES)
    stack.until(lambda: sum(_waits(stack.run(run)) for run in runs) == RUNS, 20, "all of them to wait")
    # Of those that have called, each waits for a moment with what it was answered.
    stack.until(lambda: "connector default/gated" in str(_why(stack.run(runs[0]))), 20, "the first to be told of the breaker")
    stack.until(lambda: len(gate.refused) == FAILURES + 2, 30, "two trials")
    # Nobody comes in between, and each trial is alone.
    for earlier, later in pairwise(gate.refused[FAILURES - 1 :]):
        assert later - earlier >= COOL_DOWN_S
    gate.refuses = False
    calls = len(gate.refused)
    spent = 0
    for n, run in enumerate(runs):
        ended = stack.wait(run, 60)
        assert ended["status"] == "SUCCEEDED", ended["error"]
        assert stack.sql(f"SELECT id FROM gated_{n} ORDER BY id") == [(1,), (2,)]
        (stage,) = (stage for stage in ended["stages"] if "write" in stage["nodes"])
        node = next(node for node in ended["nodes"] if node["id"] == "write")
        # Only who really called has used an attempt.
        assert node["attempts"] == stage["retries"] + 1
        spent += stage["retries"]
    assert spent == calls
    changes = [event["data"] for run in runs for event in stack.client.follow(run, "events") if event["type"] == "breaker.changed"]
    assert [change["after"] for change in changes].count("open") == 1 + 2
    assert sum((change["before"], change["after"]) == ("half-open", "closed") for change in changes) == 1
    assert breaker(stack)["state"] == "closed"


def _waits(run: Any) -> bool:
    why = _why(run)
    return why is not None and why["code"] in {"breaker_open", "connector_unavailable"}


def _why(run: Any) -> Any:
    return next((stage["error"] for stage in run["stages"] if stage["status"] == "RETRYING"), None)


def test_it_is_listed_measured_and_reset_by_hand(stack: Stack, gate: Proxy) -> None:
    slow = CONNECTOR.format(port=gate.port, password=stack.home.secrets()["demo"], failures=1, cool_down=600)
    stack.apply(slow)
    stack.sql("TRUNCATE gated_0")
    shut(gate)
    run = stack.start("gated-0")
    stack.until(lambda: breaker(stack)["state"] == "open", 30, "the breaker to open")
    listed = {one["connector"]: one for one in stack.client.call("GET", "/circuit-breakers")["items"]}
    assert listed["default/gated"]["nextTrialAt"] > listed["default/gated"]["openedAt"]
    assert "on 127.0.0.1" in listed["default/gated"]["error"]
    assert (listed["default/db"]["state"], listed["default/db"]["failuresToOpen"]) == ("closed", 5)
    token = {"Authorization": f"Bearer {stack.home.api_token.read_text().strip()}"}
    measured = httpx.get(f"{stack.url}/metrics", headers=token).text
    assert 'penstock_circuit_breaker_state{connector="default/gated",state="open"} 1' in measured
    checked = looked(stack.client, "check", "default", "gated", {})
    assert (checked["ok"], "left alone until" in checked["tried"][0]["said"]) == (False, True)
    gate.refuses = False
    stack.until(lambda: _waits(stack.run(run)), 20, "the run to wait")
    time.sleep(1)
    assert stack.run(run)["finishedAt"] is None
    command = [sys.executable, "-m", "services.api.cli", "--url", stack.url, "--token", stack.home.api_token.read_text().strip()]
    shown = subprocess.run([*command, "circuit-breakers", "reset", "gated"], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "default/gated  closed"
    assert stack.wait(run, 20)["status"] == "SUCCEEDED"
    told = [event["data"]["message"] for event in stack.client.follow(run, "events") if event["type"] == "breaker.changed"]
    assert any("was reset by" in message for message in told)
    assert "default/gated" in subprocess.run([*command, "circuit-breakers"], capture_output=True, text=True, check=True).stdout
    with pytest.raises(CallRefused, match="there is no connector default/nobody"):
        stack.client.call("POST", "/circuit-breakers/default/nobody/reset", body={})
