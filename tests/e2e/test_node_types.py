"""Node types through recipes, over the real services: rows as they end up in a database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def recipe(name: str, nodes: str, edges: str, settings: str = "") -> str:
    return f"apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: {name}}}\nspec:\n{settings}  nodes:\n{nodes}  edges: [{edges}]\n"


def read(node: str, query: str, more: str = "", config: str = "") -> str:
    return f'    - {{id: {node}, type: connector_source{more}, config: {{connector: db, query: "{query}"{config}}}}}\n'


def write(node: str, table: str) -> str:
    config = f"{{connector: db, table: {table}, writeMode: OVERWRITE, createTable: true}}"
    return f"    - {{id: {node}, type: connector_sink, config: {config}}}\n"


def ran(stack: Stack, text: str, name: str, status: str = "SUCCEEDED") -> Any:
    stack.apply(text)
    ended = stack.wait(stack.start(name))
    assert ended["status"] == status, ended["error"]
    return ended


def test_master_data_is_there_for_a_source_that_filters_what_it_fetched(stack: Stack) -> None:
    nodes = read("shops", "SELECT 'a' AS shop, 'Lodz' AS town", ", masterData: true")
    query = "SELECT s.n, m.town FROM this s JOIN shops m ON m.shop = s.shop"
    nodes += read(
        "sales", "SELECT i AS n, CASE WHEN i < 3 THEN 'a' ELSE 'b' END AS shop FROM generate_series(1, 5) i", "", f", postQuery: {query}"
    )
    ended = ran(stack, recipe("fetched", nodes + write("out", "fetched"), "{from: sales, to: out}"), "fetched")
    assert stack.sql("SELECT n, town FROM fetched ORDER BY n") == [(1, "Lodz"), (2, "Lodz")]
    assert ended["balanced"] is True
    stages = {tuple(stage["nodes"]): stage for stage in ended["stages"] if stage["kind"] == "work"}
    assert stages["shops",]["id"] in stages["sales", "out"]["inputs"]


def test_inputs_with_different_columns_are_paired_and_the_run_says_what_has_no_order(stack: Stack) -> None:
    nodes = read("a", "SELECT i AS n FROM generate_series(1, 3) i") + read("b", "SELECT i * 10 AS m FROM generate_series(1, 2) i")
    ended = ran(stack, recipe("paired", nodes + write("out", "paired"), "{from: a, to: out}, {from: b, to: out}"), "paired")
    assert stack.sql("SELECT a_n, b_m FROM paired ORDER BY a_n") == [(1, 10), (2, 20), (3, None)]
    planned = next(e for e in stack.client.follow(ended["id"], "events") if e["type"] == "run.planned")
    assert any("no order of their own" in warning for warning in planned["data"]["warnings"])
