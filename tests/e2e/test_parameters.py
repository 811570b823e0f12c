"""Parameters and templates over a whole stack: values checked when a run is asked for, computed once, and never more than values."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

SALES = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: sales-of-a-day}
spec:
  retries: 0
  parameters:
    - {name: day, type: date, default: "{{yesterday}}"}
    - {name: least, type: number, default: 0}
    - {name: shops, type: list, default: [a, b, c]}
    - {name: file, type: string, required: true, description: What to read}
    - {name: rows, type: integer, default: 100}
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: "{{file}}.csv", schema: {day: DATE}}}
    - {id: keep, type: filter, config: {condition: "day = {{day}} AND amount >= {{least}} AND shop IN {{shops}}"}}
    - {id: mark, type: expression, config: {columns: [{name: note, expression: "'of {{day}} for {{today}}'"}]}}
    - {id: sort, type: sorter, config: {by: [{column: id}], limit: "{{rows}}"}}
    - {id: write, type: connector_sink, config: {connector: files, path: 'out/{{format_date(day, "%Y%m%d")}}.csv', writeMode: OVERWRITE}}
  edges: [{from: read, to: keep}, {from: keep, to: mark}, {from: mark, to: sort}, {from: sort, to: write}]
"""


@pytest.fixture
def sales(stack: Stack) -> Stack:
    lines = [f"{n},{'abc'[n % 3]},{n * 1.5},2026-03-{28 + n % 2}" for n in range(1, 41)]
    (stack.files / "sales.csv").write_text("\n".join(["id,shop,amount,day", *lines]) + "\n")
    stack.apply(SALES)
    return stack


def post(stack: Stack, path: str, body: dict[str, Any]) -> httpx.Response:
    token = stack.home.api_token.read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return httpx.post(f"{stack.url}/api/v1{path}", content=json.dumps(body), headers=headers, timeout=30)


def start(stack: Stack, name: str, **body: Any) -> Any:
    answer = post(stack, f"/pipelines/default/{name}/runs", body)
    assert answer.status_code == 202, answer.text
    return stack.wait(answer.json()["id"])


def written(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_values_of_every_type_reach_their_places(sales: Stack) -> None:
    ended = start(
        sales,
        "sales-of-a-day",
        parameters={"file": "sales", "least": 15.5, "shops": ["a", "c"], "rows": 3},
        logicalDate="2026-03-29T22:30:00Z",
    )
    assert ended["status"] == "SUCCEEDED", ended["error"]
    # Half past midnight of the 30th in Warsaw.
    assert ended["parameters"] == {"day": "2026-03-29", "least": 15.5, "shops": ["a", "c"], "file": "sales", "rows": 3}
    rows = written(sales.files / "out/20260329.csv")
    assert [row[0] for row in rows] == ["11", "15", "17"]
    assert {row[-1] for row in rows} == {"of 2026-03-29 for 2026-03-30"}
    assert (ended["logicalDate"], ended["dataIntervalEnd"]) == ("2026-03-29T22:30:00Z", "2026-03-29T22:30:00Z")


def test_the_command_line_turns_what_is_typed_into_the_declared_types(sales: Stack) -> None:
    done = penstock(sales, "run", "sales-of-a-day", "--wait", "-o", "json", "--param", "file=sales", "--param", "day=2026-03-28",
                    "--param", "shops=a,b", "--param", "least=20", "--param", "rows=5")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row[0] for row in written(sales.files / "out/20260328.csv")] == ["16", "18", "22", "24", "28"]
    wrong = penstock(sales, "run", "sales-of-a-day", "--param", "file=sales", "--param", "rows=many")
    assert wrong.returncode == 2
    assert "parameter 'rows' must be a whole number" in wrong.stderr
    missing = penstock(sales, "run", "sales-of-a-day")
    assert missing.returncode == 2
    assert "parameter 'file' is required" in missing.stderr


def penstock(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    command = [sys.executable, "-m", "services.api.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


# what is given -> path of the problem, words, suggestion
REFUSED: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "misspelt": ({"file": "sales", "shop": ["a"]}, "/parameters/shop", "did you mean 'shops'?", "shops"),
    "missing": ({}, "/parameters/file", "parameter 'file' is required", None),
    "not its type": ({"file": "sales", "rows": "3"}, "/parameters/rows", "must be a whole number", None),
    "no such day": ({"file": "sales", "day": "2026-02-30"}, "/parameters/day", "must be a date such as 2026-03-29", None),
    "no place for it": ({"file": "sales", "shops": []}, "/spec/nodes/1/config/condition", "the list is empty", None),
    "out of range": ({"file": "sales", "rows": -1}, "/spec/nodes/3/config/limit", "greater than or equal to 0", None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_run_cannot_take_is_refused_before_there_is_a_run(sales: Stack, case: str) -> None:
    given, path, words, suggestion = REFUSED[case]
    before = sales.client.call("GET", "/runs", limit=1)["items"]
    answer = post(sales, "/pipelines/default/sales-of-a-day/runs", {"parameters": given})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    told = answer.json()
    assert told["type"] == "urn:penstock:problem:invalid-parameters"
    (error,) = told["errors"]
    assert (error["path"], error["suggestion"]) == (path, suggestion)
    assert words in error["message"]
    assert error["message"] in told["detail"]
    assert sales.client.call("GET", "/runs", limit=1)["items"] == before


def test_parameters_for_a_pipeline_that_takes_none_are_refused(stack: Stack) -> None:
    node = "{id: r, type: connector_source, config: {connector: files, path: a.csv}}"
    stack.apply(f"apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: takes-none}}\nspec: {{nodes: [{node}]}}\n")
    answer = post(stack, "/pipelines/default/takes-none/runs", {"parameters": {"x": 1}})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/parameters/x")


CLOCK = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: clock}
spec:
  retries: 0
  concurrencyPolicy: Allow
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: one.csv}}
    - id: tell
      type: expression
      config:
        columns:
          - {name: today, expression: "{{today}}"}
          - {name: yesterday, expression: "{{yesterday}}"}
          - {name: now, expression: "'{{now}}'"}
          - {name: start, expression: "'{{data_interval_start}}'"}
          - {name: end, expression: "'{{data_interval_end}}'"}
          - {name: month, expression: "'{{month_start(today)}} {{month_end(today)}} {{week_start(today)}}'"}
          - {name: later, expression: "'{{date_add(now, 1)}}'"}
    - {id: write, type: connector_sink, config: {connector: files, path: 'clock/{{run_id}}.csv', writeMode: OVERWRITE}}
  edges: [{from: read, to: tell}, {from: tell, to: write}]
"""
# The nights in which Warsaw's clocks change: logical date -> today, yesterday, now, the week's first day, the same time a day later.
NIGHTS = {
    "2026-03-28T23:30:00Z": ("2026-03-29", "2026-03-28", "2026-03-29T00:30:00+01:00", "2026-03-23", "2026-03-30T00:30:00+02:00"),
    "2026-03-29T01:00:00Z": ("2026-03-29", "2026-03-28", "2026-03-29T03:00:00+02:00", "2026-03-23", "2026-03-30T03:00:00+02:00"),
    "2026-03-29T22:00:00Z": ("2026-03-30", "2026-03-29", "2026-03-30T00:00:00+02:00", "2026-03-30", "2026-03-31T00:00:00+02:00"),
    "2026-10-25T00:30:00Z": ("2026-10-25", "2026-10-24", "2026-10-25T02:30:00+02:00", "2026-10-19", "2026-10-26T02:30:00+01:00"),
    "2026-10-25T01:30:00Z": ("2026-10-25", "2026-10-24", "2026-10-25T02:30:00+01:00", "2026-10-19", "2026-10-26T02:30:00+01:00"),
    "2026-10-25T23:00:00Z": ("2026-10-26", "2026-10-25", "2026-10-26T00:00:00+01:00", "2026-10-26", "2026-10-27T00:00:00+01:00"),
}


def test_dates_are_those_of_the_logical_date_in_the_pipelines_zone_and_stay_so(stack: Stack) -> None:
    (stack.files / "one.csv").write_text("x\n1\n")
    stack.apply(CLOCK)
    # Each twice: whenever it is asked for again, the answer is the same.
    ended = [start(stack, "clock", logicalDate=logical) for logical in (*NIGHTS, *NIGHTS)]
    for run, (today, yesterday, now, week, later) in zip(ended, [*NIGHTS.values()] * 2, strict=True):
        assert run["status"] == "SUCCEEDED", run["error"]
        (row,) = written(stack.files / f"clock/{run['id']}.csv")
        month = today.removesuffix(today[-2:])
        assert row[1:] == [today, yesterday, now, now, now, f"{month}01 {month}31 {week}", later]
        assert run["dataIntervalStart"] == run["dataIntervalEnd"] == run["logicalDate"]


def test_a_plan_is_of_the_run_that_would_be_made_with_these_parameters(sales: Stack) -> None:
    start(sales, "sales-of-a-day", parameters={"file": "sales"})
    plan = post(sales, "/pipelines/default/sales-of-a-day/plan", {"parameters": {"file": "sales", "day": "2026-01-02"}}).json()
    assert plan["facts"] == "known"
    assert "2026-01-02" in json.dumps(plan["stages"])
    assert "out/20260102.csv" in json.dumps(plan["stages"])
    told = post(sales, "/pipelines/default/sales-of-a-day/plan", {"parameters": {"fil": "sales"}})
    assert told.status_code == 422
    shown = penstock(sales, "plan", "sales-of-a-day", "--param", "file=sales", "--param", "rows=7")
    assert "LIMIT 7" in shown.stdout
