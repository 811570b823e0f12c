"""Every node type's rows, by name: in = out + rejected + the ledger's terms, on small rows run on DuckDB, with auto and with exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.runs import ledger
from tests.support.inprocess import make_pipeline, run

SALES = "id,shop,amount,qty,day\n1,a,10,3,2024-01-01\n2,a,-7,2,2024-01-02\n3,b,,0,2024-01-03\n4,,5,1,\n5,b,x,2,2024-01-05\n"
READ = """
    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}
    - {id: shops, type: connector_source, config: {connector: files, path: shops.csv}}
"""
ROUTES = "routes: [{name: big, condition: id > 3}, {name: mine, condition: shop = 'a' OR id = 4}]"
JOIN = "type: joiner, config: {left: sales, right: shops, keys: [{left: shop, right: shop}], joinType: "
GROUP = "type: aggregator, config: {aggregations: [{name: n, function: count}]"

# Node, ports that are read, inputs, and the ledger: in, out, rejected, terms.
CASES: list[tuple[str, str, tuple[str, ...], tuple[int, int, int, dict[str, int]]]] = [
    ("type: filter, config: {condition: CAST(amount AS INTEGER) > 0}", "out", ("sales",), (5, 2, 1, {"filtered": 2})),
    ("type: filter, config: {condition: CAST(amount AS INTEGER) > 0}", "rejected", ("sales",), (5, 2, 1, {"filtered": 2})),
    ("type: filter, config: {condition: id > 2}", "out rejected", ("sales",), (5, 3, 0, {"filtered": 2})),
    (f"type: router, config: {{{ROUTES}}}", "big mine default", ("sales",), (5, 5, 0, {"filtered": 0})),
    (f"type: router, config: {{{ROUTES}}}", "mine", ("sales",), (5, 2, 0, {"filtered": 3})),
    (f"type: router, config: {{mode: all, {ROUTES}}}", "big mine default", ("sales",), (5, 6, 0, {"copies": -1})),
    ("type: deduplicate, config: {keys: [shop]}", "out", ("sales",), (5, 3, 0, {"duplicates": 2})),
    ("type: deduplicate, config: {keys: [shop]}", "out duplicates", ("sales",), (5, 3, 0, {"duplicates": 2})),
    ("type: sorter, config: {by: [{column: id}], limit: 2}", "out", ("sales",), (5, 2, 0, {"filtered": 3})),
    ("type: sorter, config: {by: [{column: id}]}", "out", ("sales",), (5, 5, 0, {})),
    ("type: union, config: {}", "out", ("sales", "sales"), (5, 5, 0, {})),
    ("type: union, config: {distinct: true}", "out", ("sales",), (5, 5, 0, {"merged": 0})),
    (f"{GROUP}, groupBy: [shop]}}", "out", ("sales",), (5, 3, 0, {"merged": 2})),
    (f"{GROUP}, groupBy: [shop], having: COUNT(*) > 1}}", "out", ("sales",), (5, 2, 0, {"merged": 3})),
    ("type: sequence_generator, config: {column: n, persistent: false}", "out", ("sales",), (5, 5, 0, {})),
    ('type: sql, config: {query: "SELECT shop FROM sales WHERE id < 3"}', "out", ("sales",), (5, 2, 0, {"query": 3})),
    ("type: expression, config: {columns: [{name: a, expression: CAST(amount AS INTEGER)}]}", "out", ("sales",), (5, 4, 1, {})),
    (f"{JOIN}INNER}}", "out", ("sales", "shops"), (8, 4, 0, {"fanOut": 4})),
    (f"{JOIN}FULL}}", "out", ("sales", "shops"), (8, 6, 0, {"fanOut": 2})),
    ("type: validate, config: {rules: [{name: r, type: RANGE, column: qty, min: 1}]}", "valid", ("sales",), (5, 4, 1, {})),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ledger")
    (made / "sales.csv").write_text(SALES)
    (made / "shops.csv").write_text("shop,town\na,Łódź\nb,Kraków\nc,Gdańsk\n")
    return made


def counted(folder: Path, node: str, ports: str, inputs: tuple[str, ...], settings: str = "") -> dict[str, Any]:
    edges = [f"{{from: {one}, to: it}}" for one in dict.fromkeys(inputs)]
    sinks = ""
    for port in ports.split():
        edges.append(f"{{from: {'it' if port == 'out' else f'it.{port}'}, to: to-{port}}}")
        config = f"{{connector: files, path: {port}.csv, writeMode: OVERWRITE}}"
        sinks += f"    - {{id: to-{port}, type: connector_sink, config: {config}}}\n"
    read = "".join(line + "\n" for line in READ.strip("\n").splitlines() if any(f"id: {one}," in line for one in inputs))
    ran = run(folder, make_pipeline(f"{read}    - {{id: it, {node}}}\n{sinks}", ", ".join(edges), settings))
    assert {node: ledger.balanced(figures) for node, figures in ran.figures.items()} == dict.fromkeys(ran.figures, True)
    return ran.figures["it"]


@pytest.mark.parametrize("settings", ["", "  ledger: exact\n", "  staging: all\n"], ids=["auto", "exact", "staged"])
@pytest.mark.parametrize(("node", "ports", "inputs", "expected"), CASES)
def test_every_row_of_a_node_has_a_name(
    folder: Path, node: str, ports: str, inputs: tuple[str, ...], expected: tuple[int, int, int, dict[str, int]], settings: str
) -> None:
    figures = counted(folder, node, ports, inputs, settings)
    terms = {term: rows for term, rows in figures["ledger"].items() if rows or term in expected[3]}
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"], terms) == expected


def test_an_aggregate_over_nothing_makes_a_row_and_balances(folder: Path) -> None:
    (folder / "sales.csv").write_text("id,shop,amount,qty,day\n")
    figures = counted(folder, f"{GROUP}}}", "out", ("sales",))
    (folder / "sales.csv").write_text(SALES)
    assert (figures["rowsIn"], figures["rowsOut"], figures["ledger"]) == (0, 1, {"merged": -1})
