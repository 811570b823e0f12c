"""What becomes of staged rows when a run has ended."""

from __future__ import annotations

import time

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def recipe(name: str, settings: str = "") -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  {settings}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: staged.csv}}}}
    - {{id: table, type: connector_sink, onError: fail, config: {{connector: db, table: {name}, writeMode: INSERT}}}}
    - {{id: file, type: connector_sink, config: {{connector: files, path: out/{name}.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: table}}, {{from: read, to: file}}]
"""


def test_staged_rows_go_with_success_and_stay_where_they_are_asked_for_or_needed(stack: Stack) -> None:
    (stack.files / "staged.csv").write_text("id,k\n1,2\n2,0\n")
    stack.sql("CREATE TABLE swept (id bigint, k bigint)")
    stack.sql("CREATE TABLE kept (id bigint, k bigint)")
    stack.sql("CREATE TABLE failing (id bigint, k bigint CHECK (k > 0))")
    stack.sql("CREATE TABLE nothing (id bigint, k bigint CHECK (k > 0))")
    runs = {}
    for name, settings in (("swept", ""), ("kept", "staging: all"), ("failing", ""), ("nothing", "staging: none")):
        stack.apply(recipe(name, settings))
        runs[name] = stack.wait(stack.start(name))
    expected = {"swept": "SUCCEEDED", "kept": "SUCCEEDED", "failing": "FAILED", "nothing": "FAILED"}
    assert {name: run["status"] for name, run in runs.items()} == expected
    folder = {name: stack.home.staging / run["id"] for name, run in runs.items()}
    stack.until(lambda: not folder["swept"].exists(), 20, "the staged rows of the run that succeeded to be removed")
    stack.until(lambda: not folder["nothing"].exists(), 20, "the staged rows of the run that keeps none to be removed")
    time.sleep(1.5)
    assert list(folder["kept"].rglob("*.parquet"))
    assert list(folder["failing"].rglob("*.parquet"))
