"""The whole way of checks that no run makes: a profile behind each load, rules suggested from it, and a rule set run for a build."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: profiled}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: profiled.csv}}
    - {id: keep, type: connector_sink, config: {connector: db, table: profiled, writeMode: INSERT, createTable: true}}
    - {id: out, type: connector_sink, config: {connector: files, path: profiled_out, writeMode: INSERT}}
  edges: [{from: read, to: keep}, {from: read, to: out}]
"""
RULES = """
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: profiled-rules}
spec:
  dataset: {connector: db, table: profiled}
  objective: {score: 99, windowDays: 7}
  rules:
    - {name: amount-there, type: NOT_NULL, column: amount}
    - {name: id-unique, type: UNIQUE, column: id}
    - {name: gone, type: NOT_NULL, column: nope}
"""
ROWS = 700


def command(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    called = [sys.executable, "-m", "services.api.cli", "quality", *words]
    return subprocess.run(called, env=environment, capture_output=True, text=True, check=False, timeout=120)


def profiles(stack: Stack) -> dict[str, dict[str, Any]]:
    """Of both destinations, once they are there."""

    def both() -> dict[str, dict[str, Any]] | None:
        found = [stack.client.call("GET", "/quality", dataset=f"default/{name}")["items"] for name in ("db:profiled", "files:profiled_out")]
        named = {one["dataset"]: one for items in found for one in items if one["ruleSet"] is None}
        return named if len(named) == 2 else None

    found: dict[str, dict[str, Any]] = stack.until(both, 90, "the profiles of both destinations")
    return found


def test_what_a_run_writes_is_profiled_checked_on_demand_and_told(stack: Stack, tmp_path: Path) -> None:
    lines = [f"{n},{n % 7 or ''},{'ab'[n % 2]}" for n in range(1, ROWS + 1)]
    (stack.files / "profiled.csv").write_text("\n".join(["id,amount,kind", *lines]) + "\n")
    stack.apply(PIPELINE)
    assert stack.wait(stack.start("profiled"))["status"] == "SUCCEEDED"
    for named in profiles(stack).values():
        assert (named["scope"], named["score"], named["rows"], named["drift"]) == ("dataset", None, ROWS, "learning")
        profile = stack.client.call("GET", f"/quality/default/{named['dataset']}", ruleSet="")["profile"]
        assert {column["name"]: column["nulls"] for column in profile["columns"]} == {"id": 0, "amount": ROWS // 7, "kind": 0}
    suggested = command(stack, "suggest", "db:profiled")
    assert suggested.returncode == 0, suggested.stderr
    assert "id-is-unique" in suggested.stdout
    stack.apply(RULES)
    report, verdicts = tmp_path / "report.xml", tmp_path / "verdicts.json"
    done = command(stack, "run", "profiled-rules", "--junit", str(report), "--json", str(verdicts))
    assert done.returncode == 1, done.stderr
    assert f"amount-there (NOT_NULL, high): {ROWS // 7} of {ROWS} rows" in done.stdout
    (check,) = json.loads(verdicts.read_text())["items"]
    assert [one["status"] for one in check["results"]] == ["FAILED", "PASSED", "ERROR"]
    assert (check["partial"], check["scope"], 'failures="1" errors="1"' in report.read_text()) == (True, "dataset", True)
    shown = command(stack, "show", "db:profiled")
    assert "promised: 99 over 7 days; 1 of 1 checks were below, 0 % of the budget is left" in shown.stdout
    rows = command(stack, "offenders", check["check"]["run"], "--rule", "amount-there")
    assert len(rows.stdout.splitlines()) == 10


def test_all_rows_that_break_a_rule_come_as_a_file(stack: Stack, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    stack.sql("CREATE TABLE collected AS SELECT n AS id, nullif(n % 3, 0) AS amount, 'x' || n AS password FROM generate_series(1, 300) n")
    stack.apply(RULES.replace("profiled", "collected"))
    file = tmp_path / "bad.parquet"
    done = command(stack, "offenders", "collected-rules", "--all", "--rule", "amount-there", "--file", str(file))
    assert (done.returncode, done.stderr) == (0, "100 rows\n")
    found = parquet.read_table(file).to_pydict()
    assert sorted(found["id"]) == list(range(3, 301, 3))
    assert set(found["password"]) == {"***"}
