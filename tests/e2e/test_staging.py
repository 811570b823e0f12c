"""What becomes of staged rows when a run has ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from services.api.cli.client import CallRefused
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


def test_staged_rows_go_with_success_and_stay_where_they_are_asked_for_or_needed(stack: Stack, tmp_path: Path) -> None:
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
    # What is there can be taken along: the file holds the rows, not where they were.
    taken = tmp_path / "taken.duckdb"
    command = [sys.executable, "-m", "services.api.cli", "staging", runs["kept"]["id"], "--to", str(taken)]
    subprocess.run(command, env={**os.environ, "PENSTOCK_HOME": str(stack.home.root)}, check=True)
    shutil.rmtree(folder["kept"])
    elsewhere = taken.rename(tmp_path / "renamed.duckdb")
    with duckdb.connect(str(elsewhere), read_only=True) as connection:
        assert connection.execute("SELECT * FROM read ORDER BY id").fetchall() == [(1, 2), (2, 0)]
        assert connection.execute("SELECT node, rows, rows_here FROM penstock.about").fetchall() == [("read", 2, 2)]
    path = f"/runs/{runs['failing']['id']}/staging.duckdb"
    first = tmp_path / "first.duckdb"
    first.write_bytes(b"".join(stack.client.download(path, rows=1, wait=0)))
    with duckdb.connect(str(first), read_only=True) as connection:
        assert connection.execute("SELECT port, rows, rows_here FROM penstock.about").fetchall() == [("read", 2, 1)]
    for name, why in (("swept", "no staged rows"), ("kept", "")):
        with pytest.raises(CallRefused, match=why):
            list(stack.client.download(f"/runs/{runs[name]['id']}/staging.duckdb"))
