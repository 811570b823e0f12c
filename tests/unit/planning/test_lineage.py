"""What each column of a sink is made of, and which pipelines stand before and after one."""

from __future__ import annotations

from typing import Any

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.planning.lineage import column_lineage, downstream, touched, upstream
from shared.planning.make import logical_plan
from shared.planning.needs import needs

TYPES = {"default/files": "files"}
ORDERS = {"id": "BIGINT", "country": "TEXT", "amount": "NUMERIC(12,2)", "customer": "BIGINT"}
CUSTOMERS = {"id": "BIGINT", "name": "TEXT", "country": "TEXT"}


def recipe(nodes: str, edges: str, name: str = "p") -> Pipeline:
    text = f"apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: {name}}}\nspec:\n  nodes:\n{nodes}\n  edges: [{edges}]\n"
    return pipeline(read_documents(text.encode())[0])


def source(name: str, path: str = "") -> str:
    return f"    - {{id: {name}, type: connector_source, config: {{connector: files, path: '{path or name}.csv'}}}}"


def sink(name: str = "out", path: str = "out") -> str:
    return f"    - {{id: {name}, type: connector_sink, config: {{connector: files, path: {path}.csv, writeMode: OVERWRITE}}}}"


def made(nodes: str, edges: str) -> dict[str, tuple[list[str], bool, bool]]:
    """Column of the sink -> what it is made of as node.column, whether that is all, and whether it is a copy."""
    read = recipe("\n".join((source("orders"), source("customers"), nodes, sink())), edges)
    columns = {"orders.csv": ORDERS, "customers.csv": CUSTOMERS}
    facts: dict[str, Any] = {}
    for need in needs(read, TYPES):
        if need.role == "source":
            of = columns[read.node(need.nodes[0]).config["path"]]
            facts[need.key] = {"columns": [[name, kind, True] for name, kind in of.items()], "rows": None, "keys": []}
    found = column_lineage(logical_plan(read, facts, TYPES))["out"]
    return {name: ([".".join(one) for one in sorted(of.of)], of.whole, of.copied) for name, of in found.items()}


def test_columns_are_followed_through_filters_expressions_and_names() -> None:
    nodes = """    - {id: some, type: filter, config: {condition: amount > 1}}
    - {id: more, type: expression, config: {columns: [{name: total, expression: amount * customer}, {name: one, expression: "1"}]}}"""
    found = made(nodes, "{from: orders, to: some}, {from: some, to: more}, {from: more, to: out}")
    assert found["id"] == (["orders.id"], True, True)
    assert found["total"] == (["orders.amount", "orders.customer"], True, False)
    assert found["one"] == ([], True, False)


def test_columns_of_a_join_come_from_their_side() -> None:
    nodes = """    - id: both
      type: joiner
      config: {joinType: LEFT, left: orders, right: customers, prefix: c_, keys: [{left: customer, right: id}]}"""
    found = made(nodes, "{from: orders, to: both}, {from: customers, to: both}, {from: both, to: out}")
    assert found["amount"] == (["orders.amount"], True, True)
    assert found["name"] == (["customers.name"], True, True)
    assert found["c_country"] == (["customers.country"], True, True)


def test_what_is_counted_is_made_of_no_column_and_sums_of_theirs() -> None:
    nodes = """    - id: sums
      type: aggregator
      config:
        groupBy: [country]
        aggregations: [{name: n, function: count}, {name: amount, function: sum, column: amount}]"""
    found = made(nodes, "{from: orders, to: sums}, {from: sums, to: out}")
    assert found == {
        "country": (["orders.country"], True, True),
        "n": ([], True, False),
        "amount": (["orders.amount"], True, False),
    }


def test_a_union_is_made_of_all_its_inputs() -> None:
    nodes = source("older", "orders") + "\n    - {id: all, type: union, config: {}}"
    found = made(nodes, "{from: orders, to: all}, {from: older, to: all}, {from: all, to: out}")
    assert found["country"] == (["older.country", "orders.country"], True, True)


def step(name: str, reads: str, writes: str) -> Pipeline:
    return recipe("\n".join((source("read", reads), sink("write", writes))), "{from: read, to: write}", name)


def test_pipelines_are_neighbours_by_what_they_hand_over() -> None:
    first, second, third, aside = step("first", "a", "b"), step("second", "b", "c"), step("third", "c*", "d"), step("aside", "x", "y")
    others = [first, second, third, aside]
    assert [(one.pipeline, one.distance) for one in downstream(first, others)] == [("default/second", 1), ("default/third", 2)]
    assert [(one.pipeline, one.distance) for one in upstream(third, others)] == [("default/second", 1), ("default/first", 2)]
    assert downstream(first, others)[0].datasets == ("default/files:b.csv",)
    assert upstream(aside, others) == ()


def test_a_ring_of_pipelines_is_walked_once() -> None:
    one, two = step("one", "a", "b"), step("two", "b", "a")
    assert [found.pipeline for found in downstream(one, [one, two])] == ["default/two"]


@pytest.mark.parametrize("role", ["source", "sink"])
def test_what_a_pipeline_touches_has_its_connector_by_its_full_name(role: str) -> None:
    (one,) = touched(step("one", "a", "b"), role)
    assert one.dataset == f"default/files:{'a' if role == 'source' else 'b'}.csv"
