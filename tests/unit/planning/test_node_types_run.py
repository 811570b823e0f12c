"""Router, deduplicate, validate, sql and sequence_generator, planned and run on DuckDB; what cannot run is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.validation import Known, validate
from shared.planning.errors import PlanProblem
from shared.planning.make import plan
from tests.support.inprocess import Ran, make_pipeline, run

SALES = "id,shop,amount,qty,day\n1,a,10,3,2024-01-01\n2,a,-7,2,2024-01-02\n3,b,,0,2024-01-03\n4,,5,1,\n5,b,x,2,2024-01-05\n"
READ = "    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}\n"


def sink(name: str) -> str:
    return f"    - {{id: {name}, type: connector_sink, config: {{connector: files, path: {name}.csv, writeMode: OVERWRITE}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales.csv").write_text(SALES)
    (tmp_path / "shops.csv").write_text("shop,Town\na,Łódź\nb,Kraków\nc,Gdańsk\n")
    return tmp_path


def through(folder: Path, node: str, *ports: str, more: str = "") -> Ran:
    """Sales through a node `it`, each of its ports into a file of the port's name (`out` for the main one)."""
    edges = [
        "{from: sales, to: it}",
        *("{from: it, to: out}" if port == "out" else f"{{from: it.{port}, to: {port}}}" for port in ports),
    ]
    nodes = READ + more + f"    - {node}\n" + "".join(sink(port) for port in ports)
    return run(folder, make_pipeline(nodes, ", ".join(edges)))


def ids(ran: Ran, port: str) -> list[str]:
    return sorted(row[0] for row in ran.rows(f"{port}.csv"))


def test_a_row_whose_condition_fails_is_not_let_through_as_well(folder: Path) -> None:
    ran = through(folder, "{id: it, type: filter, config: {condition: CAST(amount AS INTEGER) IS NULL}}", "out", "error")
    assert (ids(ran, "out"), ids(ran, "error")) == (["3"], ["5"])
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["rowsRejected"]) == (5, 1, 1)


ROUTES = "routes: [{name: big, condition: id > 3}, {name: mine, condition: shop = 'a' OR id = 4}]"


def test_a_row_takes_the_first_route_that_is_true(folder: Path) -> None:
    ran = through(folder, f"{{id: it, type: router, config: {{{ROUTES}}}}}", "big", "mine", "default")
    assert (ids(ran, "big"), ids(ran, "mine"), ids(ran, "default")) == (["4", "5"], ["1", "2"], ["3"])
    figures = ran.figures["it"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["ledger"]["filtered"], figures["rowsRejected"]) == (5, 5, 0, 0)


def test_rows_of_a_route_that_leads_nowhere_are_counted_as_filtered(folder: Path) -> None:
    ran = through(folder, f"{{id: it, type: router, config: {{{ROUTES}}}}}", "mine")
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["filtered"]) == (5, 2, 3)


def test_with_all_a_row_takes_every_route_that_is_true(folder: Path) -> None:
    ran = through(folder, f"{{id: it, type: router, config: {{mode: all, {ROUTES}}}}}", "big", "mine", "default")
    assert (ids(ran, "big"), ids(ran, "mine"), ids(ran, "default")) == (["4", "5"], ["1", "2", "4"], ["3"])
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["copies"]) == (5, 6, -1)


def test_a_route_can_take_what_is_true_for_none(folder: Path) -> None:
    ran = through(folder, f"{{id: it, type: router, config: {{defaultRoute: big, {ROUTES}}}}}", "big", "mine")
    assert (ids(ran, "big"), ids(ran, "mine")) == (["3", "4", "5"], ["1", "2"])


def test_conditions_behind_the_one_that_is_true_are_not_looked_at(folder: Path) -> None:
    routes = "routes: [{name: five, condition: id = 5}, {name: ten, condition: CAST(amount AS INTEGER) = 10}]"
    ran = through(folder, f"{{id: it, type: router, config: {{{routes}}}}}", "five", "ten", "default")
    assert (ids(ran, "five"), ids(ran, "ten"), ids(ran, "default")) == (["5"], ["1"], ["2", "3", "4"])
    assert ran.figures["it"]["rowsRejected"] == 0


def test_a_condition_that_fails_sends_its_row_to_the_error_port_alone(folder: Path) -> None:
    routes = "routes: [{name: ten, condition: CAST(amount AS INTEGER) = 10}]"
    ran = through(folder, f"{{id: it, type: router, config: {{{routes}}}}}", "ten", "default")
    assert (ids(ran, "ten"), ids(ran, "default")) == (["1"], ["2", "3", "4"])
    ((record, message, _),) = ran.rejects["it"]
    assert (record["id"], "cannot read 'x' as INTEGER" in message) == (5, True)
    assert (ran.figures["it"]["rowsOut"], ran.figures["it"]["rowsRejected"]) == (4, 1)


def test_one_row_of_each_key_goes_on_and_the_others_are_duplicates(folder: Path) -> None:
    node = "{id: it, type: deduplicate, config: {keys: [shop], orderBy: [{column: id}], keep: KEEP}}"
    first = through(folder, node.replace("KEEP", "first"), "out", "duplicates")
    assert (ids(first, "out"), ids(first, "duplicates")) == (["1", "3", "4"], ["2", "5"])
    last = through(folder, node.replace("KEEP", "last"), "out")
    assert ids(last, "out") == ["2", "4", "5"]
    assert (last.figures["it"]["rowsIn"], last.figures["it"]["rowsOut"], last.figures["it"]["ledger"]["duplicates"]) == (5, 3, 2)


def test_without_an_order_the_remaining_columns_settle_which_row_is_kept(folder: Path) -> None:
    (folder / "sales.csv").write_text("id,shop,amount,qty,day\n2,a,1,1,\n1,a,1,1,\n3,a,1,1,\n")
    ran = through(folder, "{id: it, type: deduplicate, config: {keys: [shop]}}", "out")
    assert ids(ran, "out") == ["1"]


def test_rows_that_break_a_rule_go_to_invalid_with_the_rule(folder: Path) -> None:
    rules = "[{name: there, type: NOT_NULL, column: shop}, {name: some, type: RANGE, column: qty, min: 1, max: 2},"
    rules += " {name: early, type: RANGE, column: day, max: '2024-01-04'}, {name: same, type: CONSISTENCY, expression: id < 100}]"
    ran = through(folder, f"{{id: it, type: validate, config: {{rules: {rules}}}}}", "valid", "invalid")
    assert ids(ran, "valid") == ["2"]
    assert {row[0]: row[-1] for row in ran.rows("invalid.csv")} == {
        "1": "some: qty is not at least 1 and at most 2",
        "3": "some: qty is not at least 1 and at most 2",
        "4": "there: shop is NULL",
        "5": "early: day is not at most 2024-01-04",
    }
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["rowsRejected"]) == (5, 1, 4)


def test_invalid_rows_that_lead_nowhere_are_dead_letters(folder: Path) -> None:
    node = "{id: it, type: validate, config: {rules: [{name: digits, type: REGEX, column: amount, pattern: '-?[0-9]+'}]}}"
    ran = through(folder, node, "valid")
    assert [(record["id"], message) for record, message, _ in ran.rejects["it"]] == [(5, "digits: amount does not match -?[0-9]+")]
    assert ids(ran, "valid") == ["1", "2", "3", "4"]


def test_a_rule_looks_only_where_it_is_told_to(folder: Path) -> None:
    node = "{id: it, type: validate, config: {rules: [{name: n, type: RANGE, column: amount, min: 0, where: qty <> 2}]}}"
    assert ids(through(folder, node, "valid"), "valid") == ["1", "2", "3", "4", "5"]
    everywhere = through(folder, node.replace(", where: qty <> 2", ""), "valid")
    assert ids(everywhere, "valid") == ["1", "3", "4"]


def test_a_query_reads_the_upstream_nodes_as_tables(folder: Path) -> None:
    nodes = READ + "    - {id: the-shops, type: connector_source, config: {connector: files, path: shops.csv}}\n"
    query = 'WITH known AS (SELECT shop, Town FROM "the-shops") SELECT k.town, COUNT(*) AS Sold, SUM(s.qty) / 2 AS half FROM sales s'
    query += " JOIN known k ON k.shop = s.shop GROUP BY k.town"
    nodes += f"    - {{id: it, type: sql, config: {{query: '{query}'}}}}\n" + sink("out")
    ran = run(folder, make_pipeline(nodes, "{from: sales, to: it}, {from: the-shops, to: it}, {from: it, to: out}"))
    assert (folder / "out.csv").read_text().splitlines()[0] == "Town,Sold,half"
    assert sorted(ran.rows("out.csv")) == [("Kraków", "2", "1.0000000000000000"), ("Łódź", "2", "2.5000000000000000")]
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"]) == (8, 2)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT * FROM sales WHERE id IN (SELECT MAX(id) FROM sales)", ["5"]),
        ("SELECT id FROM sales ORDER BY shop DESC, id LIMIT 1", ["4"]),
        ("SELECT id FROM sales UNION ALL SELECT qty FROM sales WHERE qty = 3", ["1", "2", "3", "3", "4", "5"]),
        ("SELECT -7 / id FROM sales WHERE id = 2", ["-3"]),
        ("SELECT x.id FROM sales AS x, sales AS y WHERE x.id = y.id + 4", ["5"]),
        ("SELECT ROW_NUMBER() OVER (ORDER BY id) AS n FROM sales WHERE shop IS NOT NULL", ["1", "2", "3", "4"]),
        ("SELECT d FROM (SELECT DISTINCT day AS d FROM sales) q WHERE d > '2024-01-03'", ["2024-01-05"]),
    ],
)
def test_queries_mean_what_postgresql_means(folder: Path, query: str, rows: list[str]) -> None:
    ran = through(folder, f'{{id: it, type: sql, config: {{query: "{query}"}}}}', "out")
    assert ids(ran, "out") == rows


@pytest.mark.parametrize("table", ['"it.big"', "it.big", "it", "it.big AS t"])
def test_a_query_may_call_a_port_by_its_node_as_a_table_of_a_schema_or_in_quotes(folder: Path, table: str) -> None:
    nodes = "    - {id: it, type: router, config: {routes: [{name: big, condition: id > 3}]}}\n"
    nodes += f"    - {{id: q, type: sql, config: {{query: 'SELECT id FROM {table} WHERE id < 5'}}}}\n"
    ran = run(folder, make_pipeline(READ + nodes + sink("out"), "{from: sales, to: it}, {from: it.big, to: q}, {from: q, to: out}"))
    assert ids(ran, "out") == ["4"]


def test_a_column_of_a_port_goes_by_the_name_after_the_dot(folder: Path) -> None:
    nodes = "    - {id: it, type: router, config: {routes: [{name: big, condition: id > 3}]}}\n"
    query = "SELECT big.id FROM it.big JOIN sales s ON s.id = big.id WHERE big.shop IS NULL"
    nodes += f"    - {{id: q, type: sql, config: {{query: '{query}'}}}}\n"
    edges = "{from: sales, to: it}, {from: it.big, to: q}, {from: sales, to: q}, {from: q, to: out}"
    assert ids(run(folder, make_pipeline(READ + nodes + sink("out"), edges)), "out") == ["4"]


@pytest.mark.parametrize("staging", ["auto", "all"])
def test_rows_are_numbered_in_order(folder: Path, staging: str) -> None:
    config = "{column: k, start: 100, increment: 10, orderBy: [{column: id, direction: desc}], persistent: false}"
    node = f"{{id: it, type: sequence_generator, config: {config}}}"
    recipe = make_pipeline(READ + f"    - {node}\n" + sink("out"), "{from: sales, to: it}, {from: it, to: out}", f"  staging: {staging}\n")
    ran = run(folder, recipe)
    assert {row[0]: row[-1] for row in ran.rows("out.csv")} == {"1": "140", "2": "130", "3": "120", "4": "110", "5": "100"}
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"]) == (5, 5)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("{id: it, type: sql, config: {query: SELECT gone FROM sales}}", "gone"),
        ("{id: it, type: sql, config: {query: 'SELECT id, id FROM sales'}}", "two columns id"),
        ("{id: it, type: sql, config: {query: SELECT nosuch.id FROM sales}}", "nosuch is no table"),
        ("{id: it, type: deduplicate, config: {keys: [gone]}}", "no column gone"),
        ("{id: it, type: sequence_generator, config: {column: id, persistent: false}}", "comes in already"),
        ("{id: it, type: router, config: {routes: [{name: a, condition: id + 1}]}}", "not true or false"),
    ],
)
def test_what_cannot_be_planned_is_charged_to_its_node(folder: Path, node: str, says: str) -> None:
    port = "a" if "router" in node else "out"
    with pytest.raises(PlanProblem, match=says) as refused:
        through(folder, node, port)
    assert refused.value.node == "it"


@pytest.mark.parametrize("staging", ["auto", "all"])
def test_several_inputs_with_the_same_columns_are_stacked(folder: Path, staging: str) -> None:
    nodes = (
        READ + "    - {id: some, type: filter, config: {condition: id < 3}}\n    - {id: it, type: filter, config: {condition: qty > 1}}\n"
    )
    edges = "{from: sales, to: some}, {from: some, to: it}, {from: sales, to: it}, {from: it, to: out}, {from: some.rejected, to: out}"
    ran = run(folder, make_pipeline(nodes + sink("out"), edges, f"  staging: {staging}\n"))
    assert ids(ran, "out") == ["1", "1", "2", "2", "3", "4", "5", "5"]
    figures = ran.figures["it"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["ledger"]["filtered"]) == (7, 5, 2)
    assert ran.figures["out"]["rowsIn"] == 8


@pytest.mark.parametrize("staging", ["auto", "all"])
def test_rows_that_fail_can_be_dropped_and_are_counted_all_the_same(folder: Path, staging: str) -> None:
    columns = "[{name: n, expression: CAST(amount AS INTEGER)}, {name: m, expression: 100 / qty}]"
    node = f"    - {{id: it, type: expression, onError: skip, config: {{columns: {columns}}}}}\n"
    ran = run(folder, make_pipeline(READ + node + sink("out"), "{from: sales, to: it}, {from: it, to: out}", f"  staging: {staging}\n"))
    assert ids(ran, "out") == ["1", "2", "4"]
    assert not ran.rejects.get("it")
    figures = ran.figures["it"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"], figures["ledger"]["skipped"]) == (5, 3, 0, 2)


def test_an_edge_from_the_error_port_takes_the_rows_that_would_be_dropped(folder: Path) -> None:
    node = "{id: it, type: expression, onError: skip, config: {columns: [{name: m, expression: 100 / qty}]}}"
    ran = through(folder, node, "out", "error")
    assert (ids(ran, "out"), ids(ran, "error")) == (["1", "2", "4", "5"], ["3"])
    assert ran.figures["it"]["rowsRejected"] == 1


NOT_YET = {
    "ai_extract": "column: id, schema: {product: TEXT}",
    "cdr_decoder": "column: id, recordTypes: [out]",
}


@pytest.mark.parametrize("kind", NOT_YET)
def test_what_cannot_run_yet_is_valid_and_refused_by_name_once_a_run_is_asked_for(kind: str) -> None:
    nodes = READ + f"    - {{id: it, type: {kind}, config: {{{NOT_YET[kind]}}}}}\n" + sink("out")
    text = make_pipeline(nodes, "{from: sales, to: it}, {from: it, to: out}")
    connectors = {"default/files": ("files", {"root": "/data"})}
    told = validate(read_documents(text), Known(connectors))
    assert [(p.code, p.severity, p.node) for p in told] == [("not_available_yet", "warning", "it")]
    (refused,) = validate(read_documents(text), Known(connectors, require_connectors=True))
    assert (refused.code, refused.severity) == ("not_available_yet", "error")
    assert "'it'" in refused.message and kind in refused.message


@pytest.mark.parametrize("kind", NOT_YET)
def test_the_planner_itself_refuses_a_node_it_cannot_run(kind: str) -> None:
    nodes = READ + f"    - {{id: it, type: {kind}, config: {{{NOT_YET[kind]}}}}}\n" + sink("out")
    recipe = pipeline(read_documents(make_pipeline(nodes, "{from: sales, to: it}, {from: it, to: out}"))[0])
    key = 'default/files:source:{"path": "sales.csv"}'
    facts = {key: {"exists": True, "columns": [["id", "BIGINT", True]], "rows": 1}}
    with pytest.raises(PlanProblem, match=f"'it'.*{kind}") as refused:
        plan(recipe, facts, {"default/files": "files"})
    assert refused.value.node == "it"
