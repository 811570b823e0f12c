"""Which nodes run in which database, by made-up facts, and what a plan says of it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.planning.errors import PlanProblem
from shared.planning.make import plan
from shared.planning.needs import needs
from shared.planning.shown import shown
from tests.support.inprocess import make_pipeline

TYPES = {"default/pg": "postgres", "default/other": "postgres", "default/files": "files"}
COLUMNS = [["id", "BIGINT", False], ["shop", "INTEGER", True], ["amount", "NUMERIC(12, 2)", True], ["note", "TEXT", True]]

SALES = "    - {id: sales, type: connector_source, config: {connector: pg, table: sales}}\n"
SHOPS = "    - {id: shops, type: connector_source, config: {connector: pg, table: shops}}\n"
FILTER = '    - {id: big, type: filter, config: {condition: "amount > 10"}}\n'
JOIN = "    - {id: both, type: joiner, config: {joinType: INNER, left: big, right: shops, keys: [{left: shop, right: shop}]}}\n"
TOTALS = "    - {id: totals, type: aggregator, config: {groupBy: [shop], aggregations: [{name: n, function: sum, column: amount}]}}\n"
ALL = SALES + SHOPS + FILTER + JOIN + TOTALS
EDGES = "{from: sales, to: big}, {from: big, to: both}, {from: shops, to: both}, {from: both, to: totals}, {from: totals, to: out}"
LINE = "{from: sales, to: big}, {from: big, to: totals}, {from: totals, to: out}"


def sink(connector: str = "pg", settings: str = "table: t, writeMode: UPSERT, upsertKeys: [shop]") -> str:
    where = "path: out.parquet, writeMode: OVERWRITE" if connector == "files" else settings
    return f"    - {{id: out, type: connector_sink, config: {{connector: {connector}, {where}}}}}\n"


def read(nodes: str, edges: str, settings: str = "") -> Pipeline:
    return pipeline(read_documents(make_pipeline(nodes, edges, settings))[0])


def facts_of(recipe: Pipeline, rows: int | None = 5_000_000, **of_source: Any) -> dict[str, Any]:
    target = [["v", "NUMERIC", True], ["q", "INTEGER", True], ["shop", "INTEGER", False], ["n", "NUMERIC", True], *COLUMNS]
    found: dict[str, Any] = {"exists": True, "keys": [["id"]], "marker": None, "version": "18", "sizeBytes": 1, "schema": "s", "rows": rows}
    return {
        need.key: {**found, "columns": COLUMNS, **of_source} if need.role == "source" else {**found, "columns": target, "keys": [["shop"]]}
        for need in needs(recipe, TYPES)
    }


def made(nodes: str, edges: str, settings: str = "", rows: int | None = 5_000_000, **of_source: Any) -> dict[str, Any]:
    recipe = read(nodes, edges, settings)
    facts = facts_of(recipe, rows, **of_source)
    return shown(recipe, plan(recipe, facts, TYPES), facts, TYPES)


def local(plan_: dict[str, Any]) -> dict[str, str]:
    return {node["id"]: node["local"] for node in plan_["nodes"] if node["local"]}


def test_with_its_sink_in_the_same_database_a_recipe_is_one_statement() -> None:
    found = made(ALL + sink(), EDGES)
    (stage,) = found["stages"]
    (statement,) = stage["statements"]
    assert (stage["engine"], found["pushDownShare"], local(found)) == ("database", 1.0, {})
    assert (statement["does"], statement["on"], statement["dialect"]) == ("write", "default/pg", "postgres")
    assert '"s"."sales"' in statement["sql"] and "ON CONFLICT" in statement["sql"]
    assert {node["trust"]["level"] for node in found["nodes"] if node["trust"]} <= {"documented", "proven"}
    assert "sources and sinks are all in default/pg" in stage["why"][1]


def test_the_threshold_has_no_say_where_nothing_would_leave() -> None:
    assert made(ALL + sink(), EDGES, rows=3)["pushDownShare"] == 1.0


@pytest.mark.parametrize("rows", [5_000_000, None])
def test_what_leaves_for_another_place_is_the_result_where_many_rows_or_nobody_knows_how_many_come_in(rows: int | None) -> None:
    for elsewhere in ("files", "other"):
        found = made(ALL + sink(elsewhere), EDGES, rows=rows)
        (stage,) = found["stages"]
        assert (stage["engine"], found["pushDownShare"], local(found)) == ("database", 1.0, {})
        (first, *_) = stage["statements"]
        assert first["does"] == "read" and "GROUP BY" in first["sql"]


def test_below_the_threshold_only_row_filters_go_along_with_the_read() -> None:
    found = made(ALL + sink("files"), EDGES, rows=100)
    (stage,) = found["stages"]
    assert (stage["engine"], found["pushDownShare"]) == ("duckdb", round(1 / 3, 3))
    assert "> 10" in stage["statements"][0]["sql"]
    assert "fewer than pushDown.rowThreshold (100000)" in local(found)["totals"]
    assert made(ALL + sink("files"), EDGES, "  pushDown: {rowThreshold: 50}\n", rows=100)["pushDownShare"] == 1.0


def test_off_keeps_everything_here() -> None:
    found = made(ALL + sink(), EDGES, "  pushDown: {mode: off}\n")
    assert (found["stages"][0]["engine"], found["pushDownShare"]) == ("duckdb", 0.0)
    assert set(local(found).values()) == {"pushDown.mode is off"}


def test_require_refuses_with_the_node_and_the_reason() -> None:
    require = "  pushDown: {mode: require}\n"
    nodes = SALES.replace("connector: pg, table: sales", "connector: files, path: sales.parquet") + FILTER + TOTALS
    with pytest.raises(PlanProblem, match=r"node big cannot be pushed down: .*database.*; or set pushDown\.mode to auto") as refused:
        made(nodes + sink(), LINE, require)
    assert refused.value.node == "big"
    assert made(ALL + sink("files"), EDGES, require, rows=1)["pushDownShare"] == 1.0


def test_tables_of_two_databases_meet_here() -> None:
    found = made(ALL.replace("connector: pg, table: shops", "connector: other, table: shops") + sink(), EDGES)
    assert local(found)["both"] == "its inputs are in default/other and in default/pg"
    assert [node["engine"] for node in found["nodes"] if node["id"] in {"big", "both"}] == ["database", "duckdb"]


def test_what_several_nodes_here_read_is_read_once() -> None:
    nodes = SALES + FILTER + TOTALS + sink("files") + sink("files").replace("id: out", "id: rest").replace("out.parquet", "rest.parquet")
    found = made(nodes, LINE + ", {from: big.rejected, to: rest}")
    assert "several SELECTs on several snapshots" in local(found)["big"]


def test_less_trust_than_asked_for_keeps_a_node_here() -> None:
    nodes = SALES + '    - {id: e, type: expression, config: {columns: [{name: v, expression: "amount * amount * amount"}]}}\n' + TOTALS
    edges = "{from: sales, to: e, columns: [shop, amount]}, {from: e, to: totals}, {from: totals, to: out}"
    found = made(nodes + sink(), edges, "  pushDown: {trust: proven}\n")
    for node in found["nodes"]:
        if node["trust"] is not None and node["trust"]["level"] != "proven":
            assert node["engine"] == "duckdb"
            assert "by the vendor's manual only" in node["local"]
    assert made(nodes + sink(), edges)["pushDownShare"] == 1.0


def test_a_column_whose_blanks_the_database_forgets_and_the_reader_does_not_keeps_its_rows_here() -> None:
    nodes = SALES.replace("connector: pg", "connector: ora") + FILTER + sink(settings="table: t, writeMode: INSERT")
    edges = "{from: sales, to: big}, {from: big, to: out}"
    recipe = read(nodes, edges)
    types = {**TYPES, "default/ora": "oracle"}
    found = {"exists": True, "keys": [], "marker": None, "version": "19", "sizeBytes": 1, "schema": "s", "rows": None, "columns": COLUMNS}
    facts = {need.key: {**found, "vendorTypes": {"note": "char(3)"}} for need in needs(recipe, types)}
    assert "column note of sales is of type char(3)" in plan(recipe, facts, types).stages[0].why[1]


def test_a_padded_column_of_postgresql_is_the_text_that_is_read_of_it() -> None:
    nodes = SALES.replace("table: sales", "table: sales, where: \"note <> 'a'\"") + FILTER + sink(settings="table: t, writeMode: INSERT")
    (stage,) = made(nodes, "{from: sales, to: big}, {from: big, to: out}", vendorTypes={"note": "character(3)"})["stages"]
    text = 'CAST("sales"."note" AS TEXT)'
    assert f'{text} AS "note"' in stage["statements"][0]["sql"] and f"WHERE {text} <> 'a'" in stage["statements"][0]["sql"]


def test_a_column_of_a_type_of_the_vendors_own_is_a_text() -> None:
    nodes = SALES + FILTER + sink(settings="table: t, writeMode: INSERT")
    (stage,) = made(nodes, "{from: sales, to: big}, {from: big, to: out}", vendorTypes={"note": "inet"})["stages"]
    assert 'CAST("sales"."note" AS TEXT) AS "note"' in stage["statements"][0]["sql"]


def test_groups_by_the_keys_need_no_choice_between_two_rows_of_a_key() -> None:
    (unique,) = made(ALL + sink(), EDGES)["stages"]
    assert "DISTINCT ON" not in unique["statements"][0]["sql"]
    chosen = sink(settings="table: t, writeMode: UPSERT, upsertKeys: [shop]")
    (doubtful,) = made(SALES + FILTER + chosen, "{from: sales, to: big}, {from: big, to: out}")["stages"]
    assert "DISTINCT ON" in doubtful["statements"][0]["sql"]
    by_id = sink(settings="table: t, writeMode: UPSERT, upsertKeys: [id]")
    (keyed,) = made(SALES + FILTER + by_id, "{from: sales, to: big}, {from: big, to: out}")["stages"]
    assert not any("DISTINCT ON" in statement["sql"] for statement in keyed["statements"] if "ON CONFLICT" in statement["sql"])


def test_exact_counts_keep_what_would_leave_uncounted_here() -> None:
    found = made(ALL + sink("files"), EDGES, "  ledger: exact\n")
    assert found["pushDownShare"] == 0.0
    assert made(ALL + sink(), EDGES, "  ledger: exact\n")["pushDownShare"] == 1.0


def test_rows_that_can_fail_leave_through_tables_that_are_kept() -> None:
    nodes = SALES + '    - {id: e, type: expression, config: {columns: [{name: q, expression: "100 / shop"}]}}\n'
    nodes += sink(settings="table: t, writeMode: INSERT")
    (stage,) = made(nodes, "{from: sales, to: e}, {from: e, to: out}")["stages"]
    assert (stage["engine"], [s["does"] for s in stage["statements"]]) == ("database", ["table", "rejects", "write"])


def test_a_query_is_built_around_as_it_was_written_if_it_only_reads() -> None:
    query = "SELECT id, shop, amount, note FROM sales TABLESAMPLE SYSTEM (10) -- all of it"
    asked = SALES.replace("table: sales", f'query: "{query}"')
    (stage,) = made(asked + FILTER + TOTALS + sink(), LINE)["stages"]
    assert query in stage["statements"][0]["sql"]
    writing = SALES.replace("table: sales", 'query: "WITH d AS (DELETE FROM sales RETURNING *) SELECT * FROM d"')
    assert "cannot be read as one SELECT" in made(writing + FILTER + TOTALS + sink(), LINE)["stages"][0]["why"][1]
