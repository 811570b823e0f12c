"""processingMode and python nodes over a real stack: one recipe on each engine, and functions that misbehave."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  retries: 0
  processingMode: {mode}
  nodes:
    - {{id: sales, type: connector_source, config: {{connector: files, path: engine-sales.csv}}}}
    - {{id: priced, type: expression, config: {{columns: [{{name: total, expression: "CAST(price AS NUMERIC(10, 2)) * quantity"}}]}}}}
    - {{id: some, type: filter, config: {{condition: "total > 1 OR region IS NULL"}}}}
    - {{id: regions, type: aggregator, config: {{groupBy: [region], aggregations: [{{name: total, function: sum, column: total}}]}}}}
    - {{id: share, type: sql, config: {{query: "SELECT region, total, COUNT(*) OVER () AS n FROM regions"}}}}
    - {{id: out, type: connector_sink, config: {{connector: files, path: out/{name}.csv, writeMode: OVERWRITE}}}}
  edges:
    - {{from: sales, to: priced}}
    - {{from: priced, to: some}}
    - {{from: some, to: regions}}
    - {{from: regions, to: share}}
    - {{from: share, to: out}}
"""
SALES = "id,region,price,quantity\n1,north,1.10,3\n2,south,0.20,1\n3,,2.05,2\n4,north,x,1\n5,south,10.00,2\n"


def figures(ended: Any) -> dict[str, tuple[int, int, int]]:
    return {node["id"]: (node["rowsIn"], node["rowsOut"], node["rowsRejected"]) for node in ended["nodes"]}


def test_each_mode_gives_the_same_rows_and_figures_and_says_what_ran_where(stack: Stack) -> None:
    stack.connectors()
    (stack.files / "engine-sales.csv").write_text(SALES)
    found = {}
    for mode, engines in {
        "duckdb": ["duckdb"],
        "pandas": ["pandas", "duckdb", "pandas"],
        "dask": ["dask", "duckdb", "dask"],
        "dataframe": ["dask", "duckdb", "dask"],
    }.items():
        name = f"engines-{mode}"
        stack.apply(RECIPE.format(name=name, mode=mode))
        planned = stack.client.call("POST", f"/pipelines/default/{name}/plan", body={}, wait=10)
        assert [stage["engine"] for stage in planned["stages"]] == engines
        ended = stack.wait(stack.start(name))
        assert ended["status"] == "SUCCEEDED", ended["error"]
        found[mode] = (sorted((stack.files / "out" / f"{name}.csv").read_text().splitlines()), figures(ended))
    assert found["duckdb"][0] == [",4.10,3", "north,3.30,3", "region,total,n", "south,20.00,3"]
    assert found["duckdb"][1]["priced"] == (5, 4, 1)
    assert found["pandas"] == found["dask"] == found["dataframe"] == found["duckdb"]


def test_what_a_forced_engine_does_not_know_is_refused_by_name(stack: Stack) -> None:
    stack.connectors()
    (stack.files / "engine-sales.csv").write_text(SALES)
    text = RECIPE.format(name="engines-refused", mode="pandas").replace("total > 1 OR region IS NULL", "md5(region) > 'a'")
    stack.apply(text)
    ended = stack.wait(stack.start("engines-refused"))
    assert ended["status"] == "FAILED"
    assert "MD5" in ended["error"]["message"] and "processingMode pandas" in ended["error"]["message"]


FUNCTION = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  retries: 0
  nodes:
    - {{id: sales, type: connector_source, config: {{connector: files, path: engine-sales.csv}}}}
    - {{id: change, type: python, timeout: {timeout}, config: {{function: {function}}}}}
    - {{id: out, type: connector_sink, config: {{connector: db, table: {table}, writeMode: UPSERT, upsertKeys: [id], createTable: true}}}}
  edges: [{{from: sales, to: change}}, {{from: change, to: out}}]
"""


def called(stack: Stack, name: str, function: str, *, told: str, timeout: int = 60) -> tuple[Any, str]:
    """The run's end, and its log once it holds `told`: lines are written behind the work."""
    stack.connectors()
    (stack.files / "engine-sales.csv").write_text(SALES)
    stack.apply(FUNCTION.format(name=name, function=json.dumps(function), timeout=timeout, table=name.replace("-", "_")))
    ended = stack.wait(stack.start(name), within_s=90)
    headers = {"Authorization": f"Bearer {stack.home.api_token.read_text().strip()}", "Accept": "application/x-ndjson"}

    def log() -> str | None:
        reply = httpx.get(f"{stack.url}/api/v1/runs/{ended['id']}/logs", params={"follow": "false"}, headers=headers)
        return reply.text if told in reply.raise_for_status().text else None

    return ended, stack.until(log, 10, f"{told!r} in the log")


def test_a_function_changes_rows_on_their_way_into_a_table(stack: Stack) -> None:
    function = "import os\ndef f(table):\n    print('seen', len(table), dict(os.environ))\n    return table[table['quantity'] > 1]\n"
    ended, log = called(stack, "python-keeps", function, told="seen 5")
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert figures(ended) == {"sales": (5, 5, 0), "change": (5, 3, 0), "out": (3, 3, 0)}
    # It prints its environment, and there is no way into the store in it.
    assert stack.home.secrets()["demo"] not in log and "PENSTOCK_" not in log


def test_a_function_that_raises_fails_its_node_with_its_line(stack: Stack) -> None:
    ended, _ = called(stack, "python-raises", "def f(table):\n    return table['nothing']\n", told="Traceback")
    assert (ended["status"], ended["error"]["node"]) == ("FAILED", "change")
    assert "in line 2" in ended["error"]["message"] and "KeyError" in ended["error"]["message"]


def test_a_function_that_never_ends_is_ended_at_its_nodes_timeout(stack: Stack) -> None:
    ended, _ = called(stack, "python-sleeps", "import time\ndef f(table):\n    time.sleep(600)\n", told="", timeout=4)
    assert ended["status"] == "FAILED"
    assert {node["id"]: node["status"] for node in ended["nodes"]}["change"] == "FAILED"
    assert "longer than" in ended["error"]["message"] and "4 s" in ended["error"]["message"]
