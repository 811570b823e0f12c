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
