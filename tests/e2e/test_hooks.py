"""Webhooks over the real services: what is sent arrives where the pipeline writes it, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from services.api.cli.client import CallRefused
from shared.secrets import signing
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

KEY = "a secret of this test's sender"
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  retries: 0
  concurrencyPolicy: Allow
  triggers: [{type: webhook, name: changes, secret: "{{credential:sender#key}}", rows: payload, MORE}]
  nodes:
    - id: sent
      type: connector_source
      config:
        connector: payload
        path: changes
        schema: {id: INTEGER, amount: "NUMERIC(30, 2)", _op: TEXT, _ts: TIMESTAMPTZ}
    - {id: kept, type: filter, config: {condition: id > 0}}
    - {id: write, type: connector_sink, config: {connector: db, table: TABLE, writeMode: UPSERT, upsertKeys: [id]}}
  edges: [{from: sent, to: kept}, {from: kept, to: write}]
"""


@pytest.fixture(scope="module")
def hooked(stack: Stack) -> Stack:
    stack.client.call("PUT", "/credentials/default/sender", body={"key": KEY})
    for name, more in (("hooked", "reply: finished, waitSeconds: 60"), ("hooked-batches", "batchMillis: 200")):
        table = name.replace("-", "_")
        stack.sql(f"CREATE TABLE {table} (id int PRIMARY KEY, amount numeric(30, 2), _op text, _ts timestamptz)")
        stack.apply(RECIPE.replace("NAME", name).replace("MORE", more).replace("TABLE", table))
    return stack


def send(stack: Stack, pipeline: str, id: str, body: Any) -> httpx.Response:
    data, now = json.dumps(body).encode(), int(time.time())
    headers = {"webhook-id": id, "webhook-timestamp": str(now), "webhook-signature": signing.sign(KEY, id, now, data)}
    headers["Content-Type"] = "application/json"
    return httpx.post(f"{stack.url}/hooks/default/{pipeline}/changes", content=data, headers=headers, timeout=90)


def rows(stack: Stack, table: str) -> list[tuple[Any, ...]]:
    return stack.sql(f"SELECT id, amount::text, _op, extract(epoch FROM _ts)::int FROM {table} ORDER BY id")


def test_what_is_sent_is_written_before_the_answer_and_can_be_run_again(hooked: Stack) -> None:
    change = {"before": None, "after": {"id": 3, "amount": "12345678901234567890.25"}, "op": "c", "ts_ms": 1000, "source": {}}
    sent = [{"id": 1, "amount": 1.1}, {"id": 2, "more": "than asked for"}, {"id": "x"}, {"schema": {}, "payload": change}]
    answer = send(hooked, "hooked", "first", sent)
    assert answer.status_code == 200, answer.text
    expected = [(1, "1.10", None, None), (2, None, None, None), (3, "12345678901234567890.25", "c", 1)]
    assert rows(hooked, "hooked") == expected
    figures = answer.json()["figures"]
    assert (figures["progress"]["rowsWritten"], figures["progress"]["rowsRejected"]) == (3, 1)
    again = send(hooked, "hooked", "first", sent)
    assert (again.status_code, again.json()["run"]) == (200, answer.json()["run"])
    hooked.sql("DELETE FROM hooked")
    hooked.client.call("POST", f"/runs/{answer.json()['run']}/retry", body={"from": "sent", "allowDuplicates": True})
    assert hooked.wait(answer.json()["run"])["status"] == "SUCCEEDED"
    assert rows(hooked, "hooked") == expected


def test_deliveries_that_come_together_share_a_run(hooked: Stack) -> None:
    answers = [send(hooked, "hooked-batches", f"b{at}", {"id": at + 1}) for at in range(4)]
    assert {answer.status_code for answer in answers} == {202}
    hooked.until(lambda: len(rows(hooked, "hooked_batches")) == 4, 60, "all four to be written")
    log = hooked.client.call("GET", "/pipelines/default/hooked-batches/triggers/changes/deliveries")["items"]
    assert {one["outcome"] for one in log} == {"accepted"} and None not in {one["run"] for one in log}
    runs = {one["run"] for one in log}
    assert sum(hooked.run(run)["trigger"]["deliveries"] for run in runs) == 4


def test_by_hand_there_is_nothing_to_read_and_it_says_so(hooked: Stack) -> None:
    ended = hooked.wait(hooked.start("hooked"))
    assert ended["status"] == "FAILED" and "this run has no delivery" in ended["error"]["message"]
    planned = hooked.client.call("POST", "/pipelines/default/hooked/plan", body={})
    assert planned["facts"] != "missing" and planned["sinks"], planned


def test_the_command_line_tries_out_lists_and_starts(hooked: Stack) -> None:
    def penstock(*arguments: str) -> subprocess.CompletedProcess[str]:
        place = {**os.environ, "PENSTOCK_HOME": str(hooked.home.root)}
        command = [sys.executable, "-m", "services.api.cli", "hooks", *arguments]
        return subprocess.run(command, env=place, capture_output=True, text=True, check=False)

    refused = penstock("test", "hooked", "changes", "--body", "[1]")
    assert (refused.returncode, "row 1 of the body is a number" in refused.stderr) == (2, True), refused
    assert penstock("test", "hooked", "changes", "--body", '{"id": 9}').stdout == "it would start a run, 1 rows\n"
    with pytest.raises(CallRefused):
        hooked.client.call("GET", "/pipelines/default/hooked/triggers/none/deliveries")
    listed = penstock("list", "hooked", "changes")
    assert listed.returncode == 0 and "accepted run" in listed.stdout and "sent 1 times again" in listed.stdout
