"""The Monitor in a real browser, as whoever looks after an installation: system, search, backfills, connectors, the editor, tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import walked
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

NIGHTLY = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: nightly}
spec:
  schedule: 0 6 * * * !PL_HOLIDAY
  enabled: false
  nodes:
    - {id: people, type: connector_source, config: {connector: db, table: people}}
    - {id: twice, type: expression, config: {columns: [{name: doubled, expression: id * 2}]}}
    - {id: result, type: connector_sink, config: {connector: files, path: nightly.csv, writeMode: OVERWRITE}}
  edges: [{from: people, to: twice}, {from: twice, to: result}]
"""
OTHERS = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: after}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: nightly.csv}}
    - {id: write, type: connector_sink, config: {connector: files, path: after.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: dead}
spec:
  type: postgres
  config: {host: 127.0.0.1, port: 1, database: demo, user: demo, password: demo}
  circuitBreaker: {failures: 1, coolDownSeconds: 3600}
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: kept}
spec: {type: postgres, credential: kept, config: {host: 127.0.0.1, database: demo, user: demo}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: in-vain}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: dead, table: people, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: files, path: in-vain.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""


def test_a_person_looks_after_pipelines_and_the_installation(stack: Stack, tmp_path: Path) -> None:
    """The pictures stay in the test's folder."""
    stack.sql("CREATE TABLE IF NOT EXISTS people (id bigint, name text)")
    stack.sql("INSERT INTO people VALUES (1, 'Ada')")
    stack.apply(OTHERS)
    stack.apply(NIGHTLY.replace("doubled", "double"))
    stack.apply(NIGHTLY)
    vain = stack.start("in-vain")
    stack.until(lambda: stack.client.call("GET", "/circuit-breakers/default/dead")["state"] == "open", 30, "the breaker to open")
    try:
        walked(stack, "shell", tmp_path / "pictures", RECIPE=NIGHTLY)
    finally:
        stack.client.call("POST", f"/runs/{vain}/cancel", body={})
