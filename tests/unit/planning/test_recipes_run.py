"""What each node type does to rows, and that every figure is the true one: recipes planned and run in this process on DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shared.errors import PenstockError
from shared.planning.errors import PlanProblem
from tests.support.inprocess import Ran, make_pipeline, run

SALES = "id,shop,amount,qty,day\n1,a,10,3,2024-01-01\n2,a,-7,2,2024-01-02\n3,b,,0,2024-01-03\n4,,5,1,\n5,b,x,2,2024-01-05\n"
READ = "    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}\n"


def sink(name: str = "out", path: str = "out.csv") -> str:
    return f"    - {{id: {name}, type: connector_sink, config: {{connector: files, path: {path}, writeMode: OVERWRITE}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales.csv").write_text(SALES)
    (tmp_path / "shops.csv").write_text("shop,town\na,Łódź\nb,Kraków\nc,Gdańsk\n")
    return tmp_path


def through(folder: Path, node: str, edges: str = "{from: sales, to: it}, {from: it, to: out}", more: str = "") -> Ran:
    return run(folder, make_pipeline(READ + node + more + sink(), edges))


def test_a_filter_keeps_what_is_true_and_counts_the_rest(folder: Path) -> None:
    ran = through(folder, "    - {id: it, type: filter, config: {condition: shop = 'a'}}\n")
    assert [row[0] for row in ran.rows("out.csv")] == ["1", "2"]
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["filtered"]) == (5, 2, 3)
    assert ran.figures["sales"]["rowsOut"] == 5


def test_null_is_not_true_and_goes_with_the_rejected(folder: Path) -> None:
    edges = "{from: sales, to: it}, {from: it, to: out}, {from: it.rejected, to: rest}"
    ran = through(folder, "    - {id: it, type: filter, config: {condition: shop = 'a'}}\n", edges, sink("rest", "rest.csv"))
    assert sorted(row[0] for row in ran.rows("rest.csv")) == ["3", "4", "5"]
    assert ran.figures["rest"]["rowsIn"] == 3


def test_filters_in_a_row_count_exactly_what_each_dropped(folder: Path) -> None:
    nodes = "    - {id: one, type: filter, config: {condition: id > 1}}\n    - {id: two, type: filter, config: {condition: id < 5}}\n"
    nodes += "    - {id: three, type: filter, config: {condition: id <> 3}}\n"
    edges = "{from: sales, to: one}, {from: one, to: two}, {from: two, to: three}, {from: three, to: out}"
    ran = run(folder, make_pipeline(READ + nodes + sink(), edges))
    assert [(ran.figures[n]["rowsIn"], ran.figures[n]["rowsOut"]) for n in ("one", "two", "three")] == [(5, 4), (4, 3), (3, 2)]


def test_a_failing_cast_rejects_its_row_and_lets_the_others_through(folder: Path) -> None:
    ran = through(folder, '    - {id: it, type: expression, config: {columns: [{name: n, expression: "CAST(amount AS INTEGER)"}]}}\n')
    assert [row[-1] for row in ran.rows("out.csv")] == ["10", "-7", "", "5"]
    ((record, message, _),) = ran.rejects["it"]
    assert record["id"] == 5
    assert message == "n: cannot read 'x' as INTEGER"
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["rowsRejected"]) == (5, 4, 1)


def test_an_error_port_hands_its_rows_on(folder: Path) -> None:
    edges = "{from: sales, to: it}, {from: it, to: out}, {from: it.error, to: bad}"
    node = '    - {id: it, type: expression, config: {columns: [{name: n, expression: "100 / qty"}]}}\n'
    ran = through(folder, node, edges, sink("bad", "bad.csv"))
    assert [row[0] for row in ran.rows("bad.csv")] == ["3"]
    assert ran.rows("bad.csv")[0][-1] == "n: division by zero"
    assert not ran.rejects


def test_a_branch_that_is_not_taken_raises_nothing(folder: Path) -> None:
    node = '    - {id: it, type: expression, config: {columns: [{name: n, expression: "CASE WHEN qty > 0 THEN 100 / qty ELSE 0 END"}]}}\n'
    ran = through(folder, node)
    assert [row[-1] for row in ran.rows("out.csv")] == ["33", "50", "0", "100", "50"]
    assert ran.figures["it"]["rowsRejected"] == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("-7 / 2", "-3"),
        ("7 / -2", "-3"),
        ("(0 - qty) / 2", "-1"),
        ("COALESCE(shop, 'none') || '!'", "a!"),
        ("UPPER(shop)", "A"),
        ("qty * 1.5", "4.5"),
        ("shop IS NULL", "false"),
        ("CASE shop WHEN 'a' THEN 1 ELSE 2 END", "1"),
        ("EXTRACT(year FROM day)", "2024"),
        ("LENGTH('zażółć')", "6"),
        ("COALESCE(CAST(amount AS INTEGER), 100 / qty)", "10"),
        ("id % 2", "1"),
        ("qty BETWEEN 1 AND 3", "true"),
        ("shop IN ('a', 'z')", "true"),
        ("CAST('2024-02-29' AS DATE)", "2024-02-29"),
    ],
)
def test_expressions_mean_what_postgresql_means(folder: Path, expression: str, expected: str) -> None:
    node = f'    - {{id: it, type: expression, config: {{columns: [{{name: v, expression: "{expression}"}}]}}}}\n'
    keep = "    - {id: first, type: filter, config: {condition: id = 1}}\n"
    ran = through(folder, keep + node, "{from: sales, to: first}, {from: first, to: it}, {from: it, to: out}")
    assert ran.rows("out.csv")[0][-1] == expected


def test_columns_are_dropped_renamed_and_replaced(folder: Path) -> None:
    config = '{columns: [{name: qty, expression: "qty + 1", type: BIGINT}], drop: [amount], rename: {day: date}}'
    ran = through(folder, f"    - {{id: it, type: expression, config: {config}}}\n")
    assert (folder / "out.csv").read_text().splitlines()[0] == "id,shop,date,qty"
    assert ran.rows("out.csv")[0] == ("1", "a", "2024-01-01", "4")


def test_an_aggregate_per_group_counts_its_input(folder: Path) -> None:
    aggregations = (
        "[{name: n, function: count}, {name: q, function: sum, column: qty}, {name: d, function: count, column: qty, distinct: true},"
    )
    aggregations += ' {name: big, function: count, where: qty > 1}, {name: spread, expression: "MAX(qty) - MIN(qty)"}]'
    nodes = f"    - {{id: it, type: aggregator, config: {{groupBy: [shop], aggregations: {aggregations}}}}}\n"
    nodes += "    - {id: sorted, type: sorter, config: {by: [{column: shop}]}}\n"
    ran = through(folder, nodes, "{from: sales, to: it}, {from: it, to: sorted}, {from: sorted, to: out}")
    assert ran.rows("out.csv") == [("a", "2", "5", "2", "2", "1"), ("b", "2", "2", "2", "1", "2"), ("", "1", "1", "1", "0", "0")]
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["merged"]) == (5, 3, 2)


def test_having_keeps_some_groups(folder: Path) -> None:
    node = "    - {id: it, type: aggregator, config: {groupBy: [shop], aggregations: [{name: n, function: count}], having: COUNT(*) > 1}}\n"
    assert sorted(through(folder, node).rows("out.csv")) == [("a", "2"), ("b", "2")]


@pytest.mark.parametrize(("kind", "rows"), [("INNER", 4), ("LEFT", 5), ("RIGHT", 5), ("FULL", 6)])
def test_joins_of_every_kind_count_both_sides(folder: Path, kind: str, rows: int) -> None:
    nodes = "    - {id: shops, type: connector_source, config: {connector: files, path: shops.csv}}\n"
    keys = "keys: [{left: shop, right: shop}]"
    nodes += f"    - {{id: it, type: joiner, config: {{joinType: {kind}, left: sales, right: shops, {keys}}}}}\n"
    ran = through(folder, nodes, "{from: sales, to: it}, {from: shops, to: it}, {from: it, to: out}")
    assert len(ran.rows("out.csv")) == rows
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"]) == (8, rows)
    if kind == "RIGHT":
        assert ("", "c", "", "", "", "Gdańsk") in ran.rows("out.csv")


def test_a_join_by_condition_prefixes_what_clashes(folder: Path) -> None:
    nodes = "    - {id: shops, type: connector_source, config: {connector: files, path: shops.csv}}\n"
    config = "{joinType: INNER, left: sales, right: shops, condition: sales.shop = shops.shop, prefix: s_}"
    nodes += f"    - {{id: it, type: joiner, config: {config}}}\n"
    ran = through(folder, nodes, "{from: sales, to: it}, {from: shops, to: it}, {from: it, to: out}")
    assert (folder / "out.csv").read_text().splitlines()[0] == "id,shop,amount,qty,day,s_shop,town"
    assert len(ran.rows("out.csv")) == 4


def test_nulls_sort_as_in_postgresql_and_a_limit_is_counted(folder: Path) -> None:
    def order(by: str) -> list[str]:
        return [row[0] for row in through(folder, f"    - {{id: it, type: sorter, config: {{by: [{by}], limit: 3}}}}\n").rows("out.csv")]

    assert order("{column: shop}, {column: id}") == ["1", "2", "3"]
    assert order("{column: shop, direction: desc}, {column: id}") == ["4", "3", "5"]
    assert order("{column: shop, nulls: first}, {column: id, direction: desc}") == ["4", "2", "1"]
    ran = through(folder, "    - {id: it, type: sorter, config: {by: [{column: id}], limit: 2}}\n")
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["filtered"]) == (5, 2, 3)


@pytest.mark.parametrize(("distinct", "by", "rows"), [("false", "name", 10), ("true", "position", 5)])
def test_unions_stack_and_can_keep_each_row_once(folder: Path, distinct: str, by: str, rows: int) -> None:
    nodes = READ.replace("id: sales", "id: again") + f"    - {{id: it, type: union, config: {{distinct: {distinct}, by: {by}}}}}\n"
    ran = through(folder, nodes, "{from: sales, to: it}, {from: again, to: it}, {from: it, to: out}")
    assert len(ran.rows("out.csv")) == rows
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"]) == (10, rows)


def test_edges_pass_only_the_columns_they_name(folder: Path) -> None:
    through(
        folder,
        "    - {id: it, type: filter, config: {condition: id < 3}}\n",
        "{from: sales, to: it, columns: [shop, id]}, {from: it, to: out}",
    )
    assert (folder / "out.csv").read_text().splitlines()[0] == "shop,id"


def test_a_source_can_be_narrowed(folder: Path) -> None:
    source = (
        "    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv, columns: [id, shop], where: shop = 'b'}}\n"
    )
    run(folder, make_pipeline(source + sink(), "{from: sales, to: out}"))
    assert (folder / "out.csv").read_text().splitlines() == ["id,shop", "3,b", "5,b"]


def test_with_staging_all_every_node_is_a_stage_with_the_same_rows_and_figures(folder: Path) -> None:
    nodes = "    - {id: it, type: filter, config: {condition: shop = 'a'}}\n"
    nodes += "    - {id: e, type: expression, config: {columns: [{name: x, expression: id + 1}]}}\n"
    recipe = make_pipeline(READ + nodes + sink(), "{from: sales, to: it}, {from: it, to: e}, {from: e, to: out}")
    fused, staged = run(folder, recipe), run(folder, recipe.replace("spec:\n", "spec:\n  staging: all\n"))
    assert (len(fused.plan.stages), len(staged.plan.stages)) == (1, 4)
    assert {n: f["rowsOut"] for n, f in fused.figures.items()} == {n: f["rowsOut"] for n, f in staged.figures.items()}


@pytest.mark.parametrize("config", ["{}", "{distinct: true}", "{by: position}", "{by: position, distinct: true}"])
@pytest.mark.parametrize("columns", ["[id, shop]", "[shop, id]"])
def test_a_union_of_staged_parts_is_the_union_of_their_rows(folder: Path, config: str, columns: str) -> None:
    nodes = "    - {id: left, type: connector_source, config: {connector: files, path: sales.csv, columns: [id, shop]}}\n"
    nodes += f"    - {{id: right, type: connector_source, config: {{connector: files, path: more.csv, columns: {columns}}}}}\n"
    nodes += f"    - {{id: it, type: union, config: {config}}}\n"
    (folder / "more.csv").write_text("id,shop,year\n7,z,2024\n1,a,2024\n")
    recipe = make_pipeline(nodes + sink(), "{from: left, to: it}, {from: right, to: it}, {from: it, to: out}")
    fused = run(folder, recipe)
    rows = fused.rows("out.csv")
    staged = run(folder, recipe.replace("spec:\n", "spec:\n  staging: all\n"))
    (union,) = [stage for stage in staged.plan.stages if stage.nodes == ("it",)]
    as_one = "position" not in config or columns == "[id, shop]"
    assert [len(read["datasets"]) for read in union.program["reads"]] == ([2] if as_one else [1, 1])
    assert (staged.rows("out.csv") == rows) if "distinct" not in config else (sorted(staged.rows("out.csv")) == sorted(rows))
    assert staged.figures == fused.figures
    assert staged.figures["it"]["rowsIn"] == 7


def test_parts_whose_types_differ_are_stacked_as_the_database_would(folder: Path) -> None:
    (folder / "more.csv").write_text("id,shop\n7.5,z\n")
    nodes = "    - {id: left, type: connector_source, config: {connector: files, path: sales.csv, columns: [id, shop]}}\n"
    nodes += (
        "    - {id: right, type: connector_source, config: {connector: files, path: more.csv}}\n    - {id: it, type: union, config: {}}\n"
    )
    recipe = make_pipeline(nodes + sink(), "{from: left, to: it}, {from: right, to: it}, {from: it, to: out}", "  staging: all\n")
    assert run(folder, recipe).rows("out.csv")[-1] == ("7.5", "z")


def test_half_bad_lines_are_rejected_with_their_numbers(folder: Path) -> None:
    lines = ["id,v"] + [f"{i},{i * 2}" for i in range(1, 8001)]
    # The first lies behind the lines from which types are inferred; a text among those would make the column TEXT.
    bad = {7000: "x,1", 100: "5", 4999: "1,2,3"}
    for number, text in bad.items():
        lines[number - 1] = text
    (folder / "sales.csv").write_text("\n".join(lines) + "\n")
    ran = run(folder, make_pipeline(READ + sink(), "{from: sales, to: out}"))
    assert ran.figures["sales"]["rowsIn"] == 8000
    assert (ran.figures["sales"]["rowsOut"], ran.figures["sales"]["rowsRejected"]) == (7997, 3)
    assert [(position, record["line"]) for record, _, position in ran.rejects["sales"]] == sorted(bad.items())


def test_a_type_that_the_recipe_names_makes_what_does_not_fit_a_rejected_line(folder: Path) -> None:
    read = READ.replace("path: sales.csv", "path: sales.csv, schema: {amount: 'NUMERIC(8, 2)'}")
    ran = run(folder, make_pipeline(read + sink(), "{from: sales, to: out}"))
    assert [row[2] for row in ran.rows("out.csv")] == ["10.00", "-7.00", "", "5.00"]
    ((record, message, line),) = ran.rejects["sales"]
    assert (record["line"], line, "amount" in message) == ("5,b,x,2,2024-01-05", 6, True)
    assert ran.figures["sales"]["rowsRejected"] == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("path: sales.csv, schema: {amout: BIGINT}", "sales has no column amout; it has id, shop, amount"),
        ("path: shops.parquet, schema: {shop: TEXT}", "types are inferred"),
    ],
)
def test_a_schema_that_cannot_be_kept_says_so(folder: Path, settings: str, says: str) -> None:
    duckdb.sql(f"COPY (SELECT 'a' AS shop) TO '{folder}/shops.parquet'")
    with pytest.raises(PenstockError, match=says):
        run(folder, make_pipeline(READ.replace("path: sales.csv", settings) + sink(), "{from: sales, to: out}"))


def test_json_and_parquet_go_in_and_out(folder: Path) -> None:
    steps = [("sales.csv", "a.parquet"), ("a.parquet", "b.json"), ("b.json", "c.jsonl"), ("c.jsonl", "d.tsv"), ("d.tsv", "e.csv.gz")]
    for source, target in steps:
        run(folder, make_pipeline(READ.replace("sales.csv", source) + sink(path=target), "{from: sales, to: out}"))
    ran = run(folder, make_pipeline(READ.replace("sales.csv", "e.csv.gz") + sink(path="f.parquet"), "{from: sales, to: out}"))
    assert sorted(row[0] for row in ran.rows("f.parquet")) == [1, 2, 3, 4, 5]


def test_insert_adds_one_part_a_run_and_an_attempt_again_adopts_the_first(folder: Path) -> None:
    recipe = make_pipeline(READ + sink(path="parts").replace("OVERWRITE", "INSERT"), "{from: sales, to: out}")
    first = run(folder, recipe)
    run(folder, recipe)
    assert len(list((folder / "parts").glob("part-*"))) == 2
    (folder / "sales.csv").write_text("id,shop,amount,qty,day\n9,z,1,1,2024-01-01\n")
    again = run(folder, recipe, epoch=2, run_id=first_run(folder))
    assert len(list((folder / "parts").glob("part-*"))) == 2
    assert again.outcomes[0].epoch == 1
    assert first.figures["out"]["rowsInserted"] == again.figures["out"]["rowsInserted"] == 5


def first_run(folder: Path) -> str:
    return sorted(path.name.split(".")[1] for path in (folder / ".penstock").glob("*.json"))[0]


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("{id: it, type: filter, config: {condition: shp = 'a'}}", "did you mean shop"),
        ("{id: it, type: filter, config: {condition: id + 1}}", "not true or false"),
        ("{id: it, type: expression, config: {columns: [], drop: [gone]}}", "no column gone"),
        ("{id: it, type: expression, config: {columns: [], rename: {id: shop}}}", "there twice"),
        ("{id: it, type: aggregator, config: {groupBy: [gone], aggregations: [{name: n, function: count}]}}", "no column gone"),
        ("{id: it, type: sorter, config: {by: [{column: gone}]}}", "no column gone"),
    ],
)
def test_what_cannot_be_planned_names_the_node_and_the_remedy(folder: Path, node: str, says: str) -> None:
    with pytest.raises(PlanProblem, match=says) as refused:
        through(folder, f"    - {node}\n")
    assert refused.value.node == "it"
