"""A recipe whose source and sink are in one database: computed there and computed here, the rows and the figures are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.databases import Place
from tests.support.inprocess import Ran, make_pipeline, run

NODES = """
    - {{id: read, type: connector_source, config: {{connector: own, table: src}}}}
    - {{id: some, type: filter, config: {{condition: {condition}}}}}
    - {{id: keys, type: expression, config: {{columns: [{{name: k, expression: id % 7}}], keep: all}}}}
    - id: groups
      type: aggregator
      config: {{groupBy: [k], aggregations: [{{name: rows, function: count}}, {{name: total, function: sum, column: id}},
        {{name: first, function: min, column: name}}]}}
    - {{id: out, type: connector_sink, config: {{connector: own, table: {target}, writeMode: {mode}, createTable: true{keys}}}}}
"""
EDGES = "{from: read, to: some}, {from: some, to: keys}, {from: keys, to: groups}, {from: groups, to: out}"


def ran(place: Place, folder: Path, mode: str, target: str, *, push: str, condition: str) -> Ran:
    nodes = NODES.format(mode=mode, target=target, condition=condition, keys=", upsertKeys: [k]" if mode == "UPSERT" else "")
    recipe = make_pipeline(nodes, EDGES, f"  pushDown: {{mode: {push}}}\n")
    return run(folder, recipe, more={"own": (place.own.type, place.config)})


def counted(done: Ran) -> dict[tuple[str, str], int]:
    """What is known; a figure that would cost the database another scan is not."""
    terms = ("rowsIn", "rowsOut", "rowsInserted", "rowsUpdated", "rowsUnchanged", "rowsDeleted")
    return {(node, term): one[term] for node, one in done.figures.items() for term in terms if one.get(term) is not None}


@pytest.fixture
def filled(place: Place) -> Place:
    place.sql("CREATE TABLE src (id bigint PRIMARY KEY, name varchar(40))")
    rows = ", ".join(f"({i}, {('NULL', repr(f'né {i}'), repr(f'NÉ {i}'))[i % 3]})" for i in range(1, 200))
    place.sql(f"INSERT INTO src VALUES {rows}")
    return place


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_a_recipe_gives_the_same_there_and_here(filled: Place, tmp_path: Path, mode: str) -> None:
    told = {}
    for push in ("auto", "off"):
        done = [ran(filled, tmp_path, mode, f"to_{push}", push=push, condition="id > 20") for _ in range(2)]
        told[push] = [counted(one) for one in done]
        engines = [stage.engine for stage in done[0].plan.stages]
        # A sum of 64-bit integers is a decimal, which SQLite does not have: that is computed here.
        here = push == "off" or filled.own.type == "sqlite"
        assert engines == (["duckdb"] if here else ["database"]), [stage.why for stage in done[0].plan.stages]
    for there, here_ in zip(told["auto"], told["off"], strict=True):
        assert there.items() <= here_.items()
        assert there["out", "rowsIn"] == 7
    assert filled.sql("SELECT * FROM to_auto ORDER BY k") == filled.sql("SELECT * FROM to_off ORDER BY k")


def test_texts_compare_as_they_do_here(filled: Place, tmp_path: Path) -> None:
    for push in ("auto", "off"):
        ran(filled, tmp_path, "INSERT", f"to_{push}", push=push, condition="name > 'a' AND name <> 'NÉ 5'")
    found = filled.sql("SELECT * FROM to_auto ORDER BY k")
    assert found == filled.sql("SELECT * FROM to_off ORDER BY k")
    assert found
