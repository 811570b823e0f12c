"""What runs took, each way, is in the next plan's reasons."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: measured}
spec:
  pushDown: {mode: MODE}
  nodes:
    - {id: sales, type: connector_source, config: {connector: db, table: measured_sales}}
    - {id: totals, type: aggregator, config: {groupBy: [shop], aggregations: [{name: n, function: count}]}}
    - {id: out, type: connector_sink, config: {connector: db, table: measured_totals, writeMode: OVERWRITE, createTable: true}}
  edges: [{from: sales, to: totals}, {from: totals, to: out}]
"""


def took(stack: Stack, mode: str) -> float:
    """A run's one work stage, in seconds."""
    stack.apply(RECIPE.replace("MODE", mode))
    ended: Any = stack.wait(stack.start("measured"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    (stage,) = [stage for stage in ended["stages"] if stage["kind"] == "work"]
    assert stage["engine"] == ("database" if mode == "auto" else "duckdb")
    return float(stage["durationMs"]) / 1000


def test_a_plan_names_what_earlier_runs_took_on_either_way(stack: Stack) -> None:
    stack.sql("CREATE TABLE measured_sales AS SELECT i, i % 50 AS shop FROM generate_series(1, 20000) AS i")
    stack.sql("ANALYZE measured_sales")
    inside = took(stack, "auto")
    made = stack.client.call("POST", "/pipelines/default/measured/plan", body={})
    assert not [why for why in made["stages"][0]["why"] if why.startswith("measured:")]
    out = took(stack, "off")
    stack.apply(RECIPE.replace("MODE", "auto"))
    made = stack.client.call("POST", "/pipelines/default/measured/plan", body={})
    (why,) = [why for why in made["stages"][0]["why"] if why.startswith("measured:")]
    assert why.startswith(
        f"measured: {inside:.2f} s for about 20000 rows in default/db; {out:.2f} s for about 20000 rows read out on duckdb, which is "
    )
    assert re.search(r" \d+\.\d times (faster|slower) for each row and (not )?taken$", why)
    taken = not why.endswith("not taken")
    assert made["stages"][0]["engine"] == ("duckdb" if taken else "database")
