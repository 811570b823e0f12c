"""Columns that no upstream has, through every node type, at their place."""

from __future__ import annotations

import pytest

from shared.pipelines.language import read_documents
from shared.pipelines.model import Problem
from shared.pipelines.validation import Known, validate

HEAD = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: p}
spec:
  nodes:
    - {id: sales, type: connector_source, config: {connector: c, path: s.csv, columns: [id, shop, amount]}}
    - {id: shops, type: connector_source, config: {connector: c, path: t.csv, columns: [id, town]}}
"""
SINK = "    - {id: out, type: connector_sink, config: {connector: c, path: o.csv, writeMode: INSERT}}\n"
STRAIGHT = "{from: sales, to: it}, {from: it, to: out}, {from: shops, to: other}, {from: other, to: away}"


def found(node: str, edges: str = STRAIGHT, known: Known | None = None, head: str = HEAD) -> list[Problem]:
    other = "    - {id: other, type: filter, config: {condition: town = 'a'}}\n" + SINK.replace("id: out", "id: away")
    text = head + f"    - {node}\n" + other + SINK + f"  edges: [{edges}]\n"
    return [problem for problem in validate(read_documents(text), known) if problem.code == "unknown_column"]


@pytest.mark.parametrize(
    ("node", "path", "column"),
    [
        ("{id: it, type: filter, config: {condition: id > 1 AND shp = 'a'}}", "/condition", "shp"),
        ("{id: it, type: expression, config: {columns: [{name: x, expression: UPPER(shp)}]}}", "/columns/0/expression", "shp"),
        ("{id: it, type: filter, config: {language: spel, condition: id gt 1 and shp == 'a'}}", "/condition", "shp"),
        ("{id: it, type: expression, config: {columns: [], drop: [gone]}}", "/drop/0", "gone"),
        ("{id: it, type: aggregator, config: {groupBy: [gone], aggregations: [{name: n, function: count}]}}", "/groupBy/0", "gone"),
        ("{id: it, type: aggregator, config: {aggregations: [{name: n, function: sum, column: gone}]}}", "/aggregations/0/column", "gone"),
        ("{id: it, type: aggregator, config: {aggregations: [{name: n, expression: SUM(gone)}]}}", "/aggregations/0/expression", "gone"),
        ("{id: it, type: sorter, config: {by: [{column: gone}]}}", "/by/0/column", "gone"),
        ("{id: it, type: deduplicate, config: {keys: [id, gone]}}", "/keys/1", "gone"),
        ("{id: it, type: router, config: {routes: [{name: a, condition: gone > 1}]}}", "/routes/0/condition", "gone"),
        ("{id: it, type: validate, config: {rules: [{name: r, type: NOT_NULL, column: gone}]}}", "/rules/0/column", "gone"),
        ("{id: it, type: sql, config: {query: SELECT gone FROM sales}}", "/query", "gone"),
        ("{id: it, type: ai_extract, config: {column: gone, schema: {a: TEXT}}}", "/column", "gone"),
    ],
)
def test_a_column_that_does_not_come_in_is_named_at_its_place(node: str, path: str, column: str) -> None:
    port = "{from: it.a, to: out}" if "router" in node else "{from: it.valid, to: out}" if "validate" in node else "{from: it, to: out}"
    (problem,) = found(node, STRAIGHT.replace("{from: it, to: out}", port))
    assert (problem.path, problem.node, problem.severity) == (f"/spec/nodes/2/config{path}", "it", "error")
    assert column in problem.message
    line = (HEAD + f"    - {node}\n").split("\n")[problem.line - 1]
    if path != "/query":
        assert line[problem.column - 1 :].startswith(column)


@pytest.mark.parametrize(
    "node",
    [
        "{id: it, type: filter, config: {condition: ID > 1 AND sales.shop = 'a'}}",
        "{id: it, type: filter, config: {language: spel, condition: T(java.lang.Math).abs(amount) gt 1}}",
        "{id: it, type: expression, config: {columns: [{name: x, expression: amount + 1}], rename: {id: key}}}",
        "{id: it, type: sql, config: {query: 'SELECT id, AMOUNT FROM sales'}}",
    ],
)
def test_columns_that_come_in_are_right_in_any_case_and_with_their_table(node: str) -> None:
    assert found(node) == []


def test_columns_are_followed_through_nodes_that_make_and_drop_them() -> None:
    node = "{id: it, type: expression, config: {columns: [{name: net, expression: amount}], drop: [amount], rename: {shop: place}}}\n"
    node += "    - {id: then, type: sorter, config: {by: [{column: net}, {column: place}, {column: amount}]}}"
    (problem,) = found(node, STRAIGHT.replace("{from: it, to: out}", "{from: it, to: then}, {from: then, to: out}"))
    assert "'amount'" in problem.message and "'it' does not have; there is id, net, place" in problem.message


def test_a_joiners_sides_are_looked_at_one_by_one() -> None:
    node = "{id: it, type: joiner, config: {joinType: INNER, left: sales, right: shops, keys: [{left: shop, right: shop}]}}\n"
    node += "    - {id: then, type: filter, config: {condition: shops_id > 1 AND town = 'x' AND shops_town = 'y'}}"
    edges = "{from: sales, to: it}, {from: shops, to: it}, {from: shops, to: other}, {from: other, to: away},"
    problems = found(node, edges + " {from: it, to: then}, {from: then, to: out}")
    assert [problem.path.rpartition("/config")[2] for problem in problems] == ["/keys/0/right", "/condition"]
    assert "shops_town" in problems[1].message


def test_an_edge_passes_only_what_is_there_and_only_what_it_names() -> None:
    node = "{id: it, type: filter, config: {condition: amount > 1}}"
    edges = STRAIGHT.replace("{from: sales, to: it}", "{from: sales, to: it, columns: [id, shp]}")
    assert {problem.path for problem in found(node, edges)} == {"/spec/edges/0/columns/1", "/spec/nodes/2/config/condition"}


def test_the_error_port_has_the_input_and_the_message() -> None:
    node = "{id: it, type: filter, config: {condition: id > 1}}\n    - {id: then, type: sorter, config: {by: [{column: error_message}]}}"
    assert found(node, STRAIGHT.replace("{from: it, to: out}", "{from: it.error, to: then}, {from: then, to: out}")) == []


def test_nothing_is_said_where_columns_are_not_known() -> None:
    node = "{id: it, type: filter, config: {condition: whatever > 1}}"
    assert found(node, head=HEAD.replace(", columns: [id, shop, amount]", "")) == []


def test_what_a_survey_found_is_a_warning_since_it_may_have_changed() -> None:
    node = "{id: it, type: filter, config: {condition: amout > 1}}"
    known = Known(columns={"default/c": {"s.csv": ["id", "amount"]}})
    (problem,) = found(node, known=known, head=HEAD.replace(", columns: [id, shop, amount]", ""))
    assert (problem.severity, problem.suggestion) == ("warning", "amount")
    assert problem.message.endswith("(as last surveyed)")


def test_inputs_that_differ_come_side_by_side_each_column_with_its_source() -> None:
    text = HEAD + "    - {id: it, type: filter, config: {condition: sales_id > 1 AND id = 2}}\n" + SINK
    text += "  edges: [{from: sales, to: it}, {from: shops, to: it}, {from: it, to: out}]\n"
    (problem,) = [problem for problem in validate(read_documents(text)) if problem.severity == "error"]
    assert (problem.code, problem.node) == ("unknown_column", "it")
    assert "the column 'id'" in problem.message
