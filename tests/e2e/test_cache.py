"""`cache: true`: what a node gave is reused by later runs, for as long as it is what running would give."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from services.api.cli.client import CallRefused
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

LONG_AGO = time.time() - 3600


def write(file: Path, text: str, at: float = LONG_AGO) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    os.utime(file, (at, at))


def recipe(name: str, note: str = "", where: str = "k > {{least}}") -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  description: "{note}"
  concurrencyPolicy: Allow
  parameters: [{{name: least, type: integer, default: 0}}]
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: "{name}/*.csv"}}}}
    - {{id: keep, type: filter, cache: true, config: {{condition: "{where}"}}}}
    - {{id: more, type: expression, config: {{columns: [{{name: ten, expression: k * 10}}], keep: all, drop: [k]}}}}
    - {{id: file, type: connector_sink, config: {{connector: files, path: out/{name}.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: keep}}, {{from: keep, to: more}}, {{from: more, to: file}}]
"""


def done(stack: Stack, name: str, **asked: Any) -> tuple[str, str | None, str]:
    """The run, the run that it reused, and what it has written."""
    run = stack.wait(stack.client.call("POST", f"/pipelines/default/{name}/runs", body=asked)["id"])
    assert run["status"] == "SUCCEEDED", run
    nodes = {node["id"]: node for node in run["nodes"]}
    assert nodes["read"]["reusedFrom"] == nodes["keep"]["reusedFrom"] and nodes["more"]["reusedFrom"] is None
    assert nodes["keep"]["status"] == "COMPLETED" and nodes["keep"]["rowsOut"] == nodes["more"]["rowsIn"] and run["balanced"]
    return run["id"], nodes["keep"]["reusedFrom"], (stack.files / f"out/{name}.csv").read_text()


def test_the_output_is_reused_until_file_parameter_or_version_is_another(stack: Stack) -> None:
    write(stack.files / "cached/a.csv", "id,k\n1,1\n2,5\n")
    stack.apply(recipe("cached"))
    first, reused, rows = done(stack, "cached")
    assert (reused, rows) == (None, "id,ten\n1,10\n2,50\n")
    swept = "SELECT count(*) FROM datasets WHERE run_id = %s AND deleted_at IS NULL"
    stack.until(lambda: stack.sql(swept, first, database="penstock") == [(0,)], 10, "the sweep of the first run's other rows")
    second, reused, rows = done(stack, "cached")
    assert (reused, rows) == (first, "id,ten\n1,10\n2,50\n")
    attempts = "SELECT a.worker FROM attempts a JOIN stages s USING (run_id, stage) WHERE run_id = %s AND 'keep' = ANY(s.nodes)"
    assert stack.sql(attempts, second, database="penstock") == [(f"run {first}",)]
    # Another file in the glob; one whose size and time of change are those that it had.
    write(stack.files / "cached/b.csv", "id,k\n3,7\n")
    _, reused, rows = done(stack, "cached")
    assert (reused, rows) == (None, "id,ten\n1,10\n2,50\n3,70\n")
    write(stack.files / "cached/b.csv", "id,k\n3,8\n")
    fourth, reused, rows = done(stack, "cached")
    assert (reused, rows) == (None, "id,ten\n1,10\n2,50\n3,80\n")
    assert done(stack, "cached")[1] == fourth
    fifth, reused, rows = done(stack, "cached", parameters={"least": 4})
    assert (reused, rows) == (None, "id,ten\n2,50\n3,80\n")
    assert done(stack, "cached", parameters={"least": 4})[1] == fifth
    assert done(stack, "cached", parameters={"least": 4}, fullRefresh=True)[1] is None
    stack.apply(recipe("cached", "another"))
    sixth, reused, _ = done(stack, "cached", parameters={"least": 4})
    assert reused is None
    # What was replaced goes.
    stack.until(lambda: not (stack.home.staging / first).exists(), 10, "what was kept first to be removed")
    assert stack.sql("SELECT count(*) FROM kept_outputs WHERE run_id = %s", sixth, database="penstock") == [(1,)]
    found = stack.client.call("GET", "/system/doctor")["checks"]
    assert not [one for check in found for one in check["found"] if one.get("run") in {first, second, fourth, fifth}], found


def test_a_kept_file_that_is_gone_or_damaged_is_not_reused(stack: Stack) -> None:
    write(stack.files / "damaged/a.csv", "id,k\n1,1\n2,5\n")
    stack.apply(recipe("damaged"))
    first = done(stack, "damaged")[0]
    (kept,) = (stack.home.staging / first).rglob("*.parquet")
    kept.unlink()
    second, reused, rows = done(stack, "damaged")
    assert (reused, rows) == (None, "id,ten\n1,10\n2,50\n")
    (kept,) = (stack.home.staging / second).rglob("*.parquet")
    kept.write_bytes(b"x" * kept.stat().st_size)
    failed = stack.wait(stack.start("damaged"))
    assert failed["status"] == "FAILED"
    assert done(stack, "damaged")[1:] == (None, "id,ten\n1,10\n2,50\n")
    again = stack.client.call("POST", f"/runs/{failed['id']}/retry", body={})
    assert stack.wait(again["id"])["status"] == "SUCCEEDED"


def test_runs_side_by_side_each_have_their_rows(stack: Stack) -> None:
    write(stack.files / "beside/a.csv", "id,k\n1,1\n")
    stack.apply(recipe("beside"))
    runs = [stack.start("beside") for _ in range(3)]
    assert [stack.wait(run)["status"] for run in runs] == ["SUCCEEDED"] * 3
    assert done(stack, "beside")[1] in runs


def test_a_file_that_was_just_written_is_read_again(stack: Stack) -> None:
    write(stack.files / "young/a.csv", "id,k\n1,1\n", time.time() + 60)
    stack.apply(recipe("young"))
    done(stack, "young")
    assert done(stack, "young")[1] is None


def test_what_may_be_another_each_time_runs_each_time_and_the_plan_says_why(stack: Stack) -> None:
    write(stack.files / "unsteady/a.csv", "id,k\n1,1\n")
    stack.apply(recipe("unsteady", where="k > 0 AND CURRENT_DATE > DATE '2000-01-01'"))
    done(stack, "unsteady")
    _, reused, _ = done(stack, "unsteady")
    assert reused is None
    planned = stack.client.call("POST", "/pipelines/default/unsteady/plan", body={})
    assert any("keep: runs each time" in warning and "current_date" in warning for warning in planned["warnings"]), planned["warnings"]


def test_what_gives_nothing_to_reuse_cannot_say_cache(stack: Stack) -> None:
    text = recipe("refused").replace("{id: file, type: connector_sink,", "{id: file, type: connector_sink, cache: true,")
    with pytest.raises(CallRefused) as refused:
        stack.apply(text)
    assert "'file' (connector_sink) says cache: true, but a sink gives nothing" in str(refused.value)
