"""Master data, and "fetch then filter": run before all others, once, and nameable in SQL without an edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.pipelines.language import read_documents
from shared.pipelines.validation import Known, validate
from tests.support.inprocess import Ran, make_pipeline, run

OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"
SHOPS = "    - {id: shops, type: connector_source, masterData: true, config: {connector: files, path: shops.csv}}\n"
QUERY = "SELECT s.id, s.amount, m.town FROM this AS s JOIN shops AS m ON m.shop = s.shop WHERE s.id > 1"
SALES = f"    - {{id: sales, type: connector_source, config: {{connector: files, path: sales.csv, postQuery: '{QUERY}'}}}}\n"
EDGE = "{from: sales, to: out}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales.csv").write_text("id,shop,amount\n1,a,10\n2,a,-7\n3,b,5\n4,,1\n")
    (tmp_path / "shops.csv").write_text("shop,town\na,Łódź\nb,Kraków\nc,Gdańsk\n")
    return tmp_path


def problems(recipe: str) -> list[tuple[str, str | None, str]]:
    known = Known({"default/files": ("files", {"root": "/tmp"})})
    return [(p.code, p.node, p.message) for p in validate(read_documents(recipe), known) if p.severity == "error"]


def fetched(folder: Path, nodes: str, edges: str = EDGE, settings: str = "") -> Ran:
    return run(folder, make_pipeline(nodes + OUT, edges, settings))


@pytest.mark.parametrize("settings", ["", "  staging: all\n", "  ledger: exact\n"])
def test_what_was_fetched_is_filtered_by_a_query_over_this_and_master_data(folder: Path, settings: str) -> None:
    ran = fetched(folder, SHOPS + SALES, settings=settings)
    assert sorted(ran.rows("out.csv")) == [("2", "-7", "Łódź"), ("3", "5", "Kraków")]
    figures = ran.figures["sales"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"], figures["ledger"]) == (4, 2, 0, {"query": 2})
    assert (ran.figures["shops"]["rowsIn"], ran.figures["shops"]["rowsOut"]) == (3, 3)


def test_lines_that_cannot_be_read_are_rejected_before_the_query(folder: Path) -> None:
    with (folder / "sales.csv").open("a") as file:
        file.write("x,b,1\n")
    sales = SALES.replace("postQuery", "schema: {id: BIGINT}, postQuery")
    ran = fetched(folder, SHOPS + sales)
    figures = ran.figures["sales"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"], figures["ledger"]) == (5, 2, 1, {"query": 2})
    assert len(ran.rejects["sales"]) == 1


def test_master_data_is_a_stage_before_all_others_and_runs_once(folder: Path) -> None:
    other = "    - {id: other, type: connector_source, config: {connector: files, path: shops.csv}}\n"
    towns = '    - {id: towns, type: sql, config: {query: "SELECT o.town FROM other o JOIN shops m ON m.town = o.town"}}\n'
    last = OUT.replace("out", "last").replace("out.csv", "last.csv")
    ran = fetched(folder, SALES + SHOPS + other + towns + last, f"{EDGE}, {{from: other, to: towns}}, {{from: towns, to: last}}")
    first, *others = ran.plan.stages
    assert first.nodes == ("shops",)
    assert all(first.id in stage.inputs for stage in others)
    assert len(ran.rows("last.csv")) == 3


def test_master_data_that_is_computed_comes_with_all_it_is_made_of(folder: Path) -> None:
    shops = SHOPS.replace(", masterData: true", "")
    keep = "    - {id: keep, type: filter, masterData: true, config: {condition: town <> 'Kraków'}}\n"
    sales = SALES.replace("JOIN shops", "JOIN keep")
    ran = fetched(folder, sales + shops + keep, f"{EDGE}, {{from: shops, to: keep}}")
    assert ran.plan.stages[0].nodes == ("shops", "keep")
    assert [row[0] for row in ran.rows("out.csv")] == ["2"]


def test_master_data_may_stand_alone(folder: Path) -> None:
    ran = fetched(folder, SHOPS + SALES.replace(f", postQuery: '{QUERY}'", ""))
    assert len(ran.rows("out.csv")) == 4


def test_a_name_that_is_neither_this_nor_master_data_is_told() -> None:
    recipe = make_pipeline(SHOPS.replace(", masterData: true", "") + SALES + OUT, EDGE + ", {from: shops, to: out}")
    ((code, node, message),) = problems(recipe)
    assert (code, node) == ("unknown_input", "sales")
    assert "names 'shops', which is no master data" in message


def test_master_data_that_needs_what_needs_it_is_a_cycle() -> None:
    query = '{query: "SELECT s.* FROM sales s JOIN late l ON l.id = s.id"}'
    nodes = SALES.replace(QUERY, "SELECT * FROM this") + f"    - {{id: it, type: sql, config: {query}}}\n"
    nodes += "    - {id: late, type: filter, masterData: true, config: {condition: id > 1}}\n" + OUT
    found = problems(make_pipeline(nodes, "{from: sales, to: it}, {from: it, to: late}, {from: late, to: out}"))
    assert [code for code, _, _ in found] == ["cycle"]


def test_columns_that_the_query_names_are_looked_for_where_they_are_known() -> None:
    sales = SALES.replace("sales.csv,", "sales.csv, columns: [id, shop, amout],")
    shops = SHOPS.replace("path: shops.csv", "path: shops.csv, columns: [shop, town]")
    known = Known({"default/files": ("files", {"root": "/tmp"})}, columns={"default/files": {"sales.csv": ["id", "shop", "amout"]}})
    found = [p for p in validate(read_documents(make_pipeline(shops + sales + OUT, EDGE)), known) if p.code == "unknown_column"]
    assert [problem.node for problem in found] == ["sales"]
    assert "amount" in found[0].message
