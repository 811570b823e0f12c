"""`penstock` as a person types it: real processes, their output and their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.stack import Stack

CONNECTOR = "apiVersion: penstock/v1\nkind: Connector\nmetadata: {name: typed}\nspec: {type: files, config: {root: ROOT}}\n"
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: typed}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: typed, path: typed.csv, schema: {id: BIGINT}}}
    - {id: out, type: connector_sink, config: {connector: typed, path: out/typed.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: out}]
"""


def penstock(stack: Stack | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if not key.startswith("PENSTOCK_")}
    environment = {**given, "PENSTOCK_HOME": str(stack.home.root) if stack else "/nowhere"}
    command = [sys.executable, "-m", "services.api.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "connector.yaml").write_text(CONNECTOR.replace("ROOT", str(tmp_path)))
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "typed.csv").write_text("id\n1\nx\n3\n")
    return str(tmp_path / "connector.yaml"), str(tmp_path / "pipeline.yaml")


def test_files_are_checked_together_without_a_server(files: tuple[str, str], tmp_path: Path) -> None:
    both = penstock(None, "validate", *files)
    assert (both.returncode, both.stdout, both.stderr) == (0, "", "valid\n")
    alone = penstock(None, "validate", files[1])
    assert alone.returncode == 0
    assert "default/typed" in alone.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text(PIPELINE.replace("name: typed}", "name: bad}").replace("OVERWRITE", "OVERWRTE"))
    done = penstock(None, "validate", *files, str(bad))
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{bad}:8:")
    assert line.endswith("did you mean 'OVERWRITE'?")


@pytest.mark.stack
def test_a_pipeline_from_file_to_rows(stack: Stack, files: tuple[str, str], tmp_path: Path) -> None:
    applied = penstock(stack, "apply", *files)
    assert applied.returncode == 0, applied.stderr
    assert [line.split(":")[0] for line in applied.stdout.splitlines()] == ["Connector default/typed", "Pipeline default/typed"]
    ran = penstock(stack, "run", "typed", "--wait", "--output", "json")
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert (run["status"], run["progress"]["rowsWritten"], run["progress"]["rowsRejected"]) == ("SUCCEEDED", 2, 1)
    assert (tmp_path / "out" / "typed.csv").read_text() == "id\n1\n3\n"
    shown = penstock(stack, "status", run["id"]).stdout
    assert "SUCCEEDED" in shown
    assert "connector_source" in shown
    assert run["id"] in penstock(stack, "status").stdout
    logged = penstock(stack, "logs", run["id"], "--follow")
    assert logged.returncode == 0
    assert "done after" in logged.stdout
    assert "line 3" in penstock(stack, "dead-letters", "--run", run["id"]).stdout
    assert "default/typed" in penstock(stack, "connectors").stdout
    assert json.loads(penstock(stack, "plan", "typed", "--output", "json").stdout)["facts"] == "known"


@pytest.mark.stack
def test_a_pipeline_is_started_and_stopped(stack: Stack, files: tuple[str, str]) -> None:
    # No worker has that label, so its runs wait.
    more = 'spec:\n  schedule: "@yearly"\n  enabled: false\n  worker: nobody'
    text = PIPELINE.replace("name: typed}", "name: switched}").replace("spec:", more)
    Path(files[1]).write_text(text)
    assert penstock(stack, "apply", *files).returncode == 0
    started = penstock(stack, "start", "switched", "--reason", "a new year")
    assert (started.returncode, started.stderr) == (0, "default/switched may start by itself\n"), started.stderr
    run = started.stdout.strip()
    shown = penstock(stack, "triggers", "switched").stdout
    assert shown.startswith("schedule  schedule  next 2")
    assert penstock(stack, "triggers", "switched", "schedule").stdout == ""
    stopped = penstock(stack, "stop", "switched")
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout.startswith(run)
    assert stack.wait(run)["status"] == "CANCELLED"
    assert "(off)" in penstock(stack, "triggers", "switched").stdout
    assert stack.client.call("GET", "/pipelines/default/switched")["enabled"] is False


@pytest.mark.stack
def test_a_failed_run_a_refused_call_and_no_server_have_their_own_exit_codes(stack: Stack, files: tuple[str, str], tmp_path: Path) -> None:
    Path(files[1]).write_text(PIPELINE.replace("path: typed.csv", "path: gone.csv").replace("name: typed}", "name: gone}"))
    assert penstock(stack, "apply", *files).returncode == 0
    failed = penstock(stack, "run", "gone", "--wait")
    assert failed.returncode == 1
    assert "gone.csv is not in" in failed.stdout
    assert penstock(stack, "run", "never-applied").returncode == 2
    assert penstock(stack, "no-such-command").returncode == 2
    Path(files[1]).write_text(PIPELINE.replace("type: connector_sink", "type: connector_snik"))
    refused = penstock(stack, "apply", *files)
    assert refused.returncode == 2
    assert f"{files[1]}:8:" in refused.stderr
    away = penstock(None, "status")
    assert away.returncode == 3
    assert "penstock up" in away.stderr


@pytest.mark.stack
def test_a_project_that_was_begun_here_runs_and_its_runs_are_found_labelled_and_compared(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert penstock(stack, "init", str(folder), "--yes").returncode == 0
    applied = penstock(stack, "apply", *(str(folder / file) for file in ("connectors.yaml", "pipeline.yaml", "quality.yaml")))
    assert applied.returncode == 0, applied.stderr
    runs = []
    for _ in range(2):
        ran = penstock(stack, "run", "shop", "--wait", "--output", "json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        runs.append(json.loads(ran.stdout)["id"])
    assert (folder / "out" / "by_country.csv").read_text().splitlines()[0] == "country,orders,amount"
    assert len((folder / "out" / "unpaid.csv").read_text().splitlines()) == 2
    assert "line 5" in penstock(stack, "dead-letters", "--run", runs[0]).stdout
    # Something else is read: it shows in rows, and nowhere else.
    (folder / "data" / "orders.csv").write_text("order_id,country,amount,status\n1,PL,1,paid\n")
    last = json.loads(penstock(stack, "run", "shop", "--wait", "--output", "json").stdout)["id"]
    told = penstock(stack, "diff", last)
    assert told.returncode == 0, told.stderr
    assert "orders: 1 rows out instead of 5" in told.stdout
    assert penstock(stack, "label", *runs, "--set", "case=1").returncode == 0
    found = penstock(stack, "runs", "--label", "case:1", "--pipeline", "shop", "-o", "json")
    assert {one["id"] for one in json.loads(found.stdout)["items"]} == set(runs)
    refused = penstock(stack, "cancel", *runs)
    assert (refused.returncode, refused.stdout.count("it has ended")) == (1, 2)
    assert "result.amount <- default/shop-files:data/orders.csv.amount" in penstock(stack, "lineage", "shop").stdout
    assert penstock(stack, "docs", "shop").stdout.startswith("# default/shop\n")
    assert "worker-1" in penstock(stack, "status", "--system").stdout
    watch = [sys.executable, "-m", "services.api.cli", "status", "--watch"]
    with subprocess.Popen(watch, env={**os.environ, "PENSTOCK_HOME": str(stack.home.root)}, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        # It goes on, and has said by then what there is; who says nothing is ended.
        with_patience = threading.Timer(30, watching.kill)
        with_patience.start()
        assert any(runs[1] in line for line in watching.stdout)
        with_patience.cancel()
        watching.terminate()
    assert "default/shop " in penstock(stack, "pipelines").stdout
    exported = tmp_path / "project"
    made = penstock(stack, "export", "shop", "--to", str(exported))
    assert made.returncode == 0, made.stderr
    assert "not as in Penstock:" in made.stderr
    assert penstock(stack, "export", "shop", "--to", str(exported)).returncode == 2
    (folder / "out" / "by_country.csv").unlink()
    done = subprocess.run([sys.executable, "pipeline.py"], cwd=exported, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "by_country.csv").read_text() == "country,orders,amount\nPL,1,1.00\n"
    # A source that has its old columns back is believed, whatever was known of it from the run that failed.
    (folder / "data" / "orders.csv").write_text("order_id,country,amount_eur,status\n1,PL,1,paid\n")
    assert penstock(stack, "run", "shop", "--wait").returncode == 1
    (folder / "data" / "orders.csv").write_text("order_id,country,amount,status\n1,PL,1,paid\n")
    again = penstock(stack, "run", "shop", "--wait")
    assert again.returncode == 0, again.stdout + again.stderr
