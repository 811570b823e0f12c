"""What a sink wrote goes on: in a run through the API, again from behind the sink, and by `penstock test`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.e2e.test_command_line import penstock
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: behind}
spec:
  retries: 0
  staging: STAGING
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: behind_in}}
    - id: load
      type: connector_sink
      config: {connector: db, table: behind_t, writeMode: UPSERT, upsertKeys: [id], orderBy: [{column: v}]}
    - id: sums
      type: aggregator
      config: {aggregations: [{name: n, function: count}, {name: total, function: sum, column: v}]}
    - {id: keep, type: connector_sink, config: {connector: db, table: behind_sums, writeMode: INSERT}}
    - {id: file, type: connector_sink, config: {connector: files, path: behind.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: load}, {from: load, to: sums}, {from: sums, to: keep}, {from: load.out, to: file, columns: [v, id]}]
"""
TEST = """---
apiVersion: penstock/v1
kind: PipelineTest
metadata: {name: behind-test}
spec:
  pipeline: behind
  given: {read: {rows: [{id: 1, name: a, v: 1}, {id: 1, name: a, v: 9}, {id: 2, name: b, v: 3}]}}
  expect:
    load.out: {rows: [{id: 1, v: 9}, {id: 2, v: 3}]}
    keep: {rows: [{n: 2, total: 12}]}
"""
FILE = [["v", "id"], ["30", "1"], ["20", "2"], ["7", "3"]]


def test_what_a_sink_wrote_goes_on_once(stack: Stack, tmp_path: Path) -> None:
    stack.sql(
        "CREATE TABLE behind_in (id bigint, name text, v bigint);"
        " INSERT INTO behind_in VALUES (1,'a',10), (2,'b',20), (1,'a',30), (2,'b',5), (3,'c',7), (3,'c',7), (4,NULL,1), (5,'toolong',2);"
        " CREATE TABLE behind_t (id bigint PRIMARY KEY, name varchar(3) NOT NULL, v bigint); INSERT INTO behind_t VALUES (3, 'c', 7);"
        " CREATE TABLE behind_sums (n bigint, total bigint)"
    )
    text = RECIPE.replace("STAGING", "all")
    stack.apply(text)
    plan = stack.client.call("POST", "/pipelines/default/behind/plan", body={}, wait=10)
    (load,) = [stage for stage in plan["stages"] if "load" in stage["nodes"]]
    assert "load: what it wrote is staged for sums, file" in load["why"]
    run = stack.start("behind")
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert ended["balanced"] in {True, None}
    figures = {node["id"]: node for node in ended["nodes"]}
    assert [figures["load"][term] for term in ("rowsIn", "rowsOut", "rowsRejected", "rowsUnchanged")] == [8, 3, 2, 1]
    assert stack.sql("SELECT * FROM behind_sums") == [(3, 57)]

    def written() -> list[list[str]]:
        rows = list(csv.reader((stack.files / "behind.csv").read_text().splitlines()))
        return [rows[0], *sorted(rows[1:], key=lambda row: row[1])]

    assert written() == FILE
    # From behind the sink on: it does not write again, and what it wrote is there still.
    (stack.files / "behind.csv").unlink()
    stack.sql("DELETE FROM behind_in")
    stack.client.call("POST", f"/runs/{run}/retry", body={"from": "file"})
    assert stack.wait(run)["status"] == "SUCCEEDED"
    assert written() == FILE
    assert stack.sql("SELECT count(*) FROM behind_t, behind_sums") == [(3,)]

    (tmp_path / "behind.yaml").write_text(text + TEST)
    tested = penstock(None, "test", str(tmp_path / "behind.yaml"), "--output", "json")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert json.loads(tested.stdout)
