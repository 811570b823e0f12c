"""The Monitor's pages about runs, in a real browser: diagnosis, run diff, nodes, the row river, dead letters replayed to the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import walked
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPES = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: misspelt}
spec:
  retries: 0
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, v)"}}
    - {id: few, type: filter, config: {condition: vv = 'a'}}
    - {id: put, type: connector_sink, config: {connector: files, path: misspelt.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: few}, {from: few, to: put}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: divided}
spec:
  retries: 0
  nodes:
    - {id: divisors, type: connector_source, config: {connector: files, path: divisors.csv}}
    - {id: share, type: expression, onError: fail, config: {columns: [{name: share, expression: 100 / by}]}}
    - {id: put, type: connector_sink, config: {connector: files, path: shares.csv, writeMode: OVERWRITE}}
  edges: [{from: divisors, to: share}, {from: share, to: put}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: endless}
spec:
  nodes:
    - {id: wait, type: connector_source, config: {connector: db, query: "SELECT 1 AS id FROM (SELECT pg_sleep(300)) s"}}
    - {id: put, type: connector_sink, config: {connector: files, path: endless.csv, writeMode: OVERWRITE}}
  edges: [{from: wait, to: put}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: guarded}
spec:
  staging: all
  parameters: [{name: least, type: integer, default: 1}]
  nodes:
    - id: read
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, 1234567890123456789::bigint + i AS big FROM generate_series(1, 200) i"}
    - {id: checked, type: validate, config: {rules: [{name: low, type: RANGE, column: id, max: 195}]}}
    - {id: keep, type: filter, config: {condition: "id >= {{least}}"}}
    - id: table
      type: connector_sink
      config: {connector: db, table: guarded_rows, writeMode: UPSERT, upsertKeys: [id], createTable: true}
  edges: [{from: read, to: checked}, {from: checked.valid, to: keep}, {from: keep, to: table}]
"""


def test_a_person_finds_out_why_a_run_failed_or_was_different_and_replays_what_was_rejected(stack: Stack, tmp_path: Path) -> None:
    stack.apply(RECIPES)
    (stack.files / "divisors.csv").write_text("by\n4\n0\n")
    misspelt, divided = stack.start("misspelt"), stack.start("divided")
    usual = stack.start("guarded")
    stack.wait(usual)
    odd = stack.client.call("POST", "/pipelines/default/guarded/runs", body={"parameters": {"least": 100}})["id"]
    for run in (misspelt, divided, odd):
        stack.wait(run)
    slow = stack.start("endless")
    try:
        walked(stack, "runs", tmp_path / "pictures", MISSPELT=misspelt, DIVIDED=divided, SLOW=slow, USUAL=usual, ODD=odd)
    finally:
        stack.client.call("POST", f"/runs/{slow}/cancel")
