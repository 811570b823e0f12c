"""Recipes over ClickHouse: what it computes of a SELECT and what is computed here are the same rows, and each mode of writing works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clickhouse import Server
from tests.support.databases import Place
from tests.support.inprocess import Ran, make_pipeline, run

NODES = """
    - {{id: read, type: connector_source, config: {{connector: own, table: src}}}}
    - {{id: some, type: filter, config: {{condition: "id > 20 AND name <> 'NÉ 5'"}}}}
    - id: groups
      type: aggregator
      config: {{groupBy: [k], aggregations: [{{name: rows, function: count}}, {{name: first, function: min, column: name}},
        {{name: last, function: max, column: seen}}]}}
    - {{id: out, type: connector_sink, config: {{connector: own, table: {target}, writeMode: {mode}, createTable: true{keys}}}}}
"""
EDGES = "{from: read, to: some}, {from: some, to: groups}, {from: groups, to: out}"


@pytest.fixture
def filled(clickhouse: Server) -> Place:
    place = Place(clickhouse.database())
    place.sql("CREATE TABLE src (id Int64, k Int32, name Nullable(String), seen Nullable(DateTime64(6))) ENGINE = MergeTree ORDER BY id")
    place.sql(
        "INSERT INTO src SELECT number, number % 7, if(number % 3 = 0, NULL, concat(if(number % 2, 'né ', 'NÉ '), toString(number))),"
        " toDateTime64('2024-01-02 03:04:05.5', 6) + number FROM numbers(200)"
    )
    return place


def ran(place: Place, folder: Path, mode: str, target: str, push: str) -> Ran:
    nodes = NODES.format(mode=mode, target=target, keys=", upsertKeys: [k]" if mode == "UPSERT" else "")
    settings = f"  pushDown: {{mode: {push}, rowThreshold: 10}}\n"
    return run(folder, make_pipeline(nodes, EDGES, settings), more={"own": (place.own.type, place.config)})


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_a_recipe_gives_the_same_there_and_here(filled: Place, tmp_path: Path, mode: str) -> None:
    for push in ("auto", "off"):
        for _ in range(2):
            done = ran(filled, tmp_path, mode, f"to_{push}", push)
        nodes = {node.id: node.engine for node in done.plan.nodes}
        assert nodes["groups"] == ("database" if push == "auto" else "duckdb"), [stage.why for stage in done.plan.stages]
        assert done.figures["out"]["rowsIn"] == 7
    rows = filled.sql("SELECT * FROM to_auto ORDER BY k, rows")
    assert rows == filled.sql("SELECT * FROM to_off ORDER BY k, rows")
    assert len(rows) == (14 if mode == "INSERT" else 7)


def test_what_the_nodes_do_is_sent_as_one_select(filled: Place, tmp_path: Path) -> None:
    done = ran(filled, tmp_path, "INSERT", "t", "auto")
    (query,) = [read["options"]["query"] for stage in done.plan.stages for read in stage.program.get("reads", ())]
    assert "GROUP BY" in query
    assert "'NÉ 5'" in query
