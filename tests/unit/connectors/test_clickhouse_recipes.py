"""Recipes over ClickHouse: what it computes of a SELECT and what is computed here are the same rows, and each mode of writing works."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from shared.connectors.errors import RejectedData
from shared.connectors.protocols import Computed, ComputingSession, Query, SinkWrite
from shared.datasets import Column
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
    told = {}
    for push in ("auto", "off"):
        for _ in range(2):
            done = ran(filled, tmp_path, mode, f"to_{push}", push)
        assert [stage.engine for stage in done.plan.stages] == ["database" if push == "auto" else "duckdb"]
        told[push] = counted(done)
    rows = filled.sql("SELECT * FROM to_auto ORDER BY k, rows")
    assert rows == filled.sql("SELECT * FROM to_off ORDER BY k, rows")
    assert len(rows) == (14 if mode == "INSERT" else 7)
    assert told["auto"].items() <= told["off"].items()
    assert told["auto"]["out", "rowsIn"] == 7
    assert filled.sql("SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'penstock_')") == [
        ("penstock_markers",)
    ]


def counted(done: Ran) -> dict[tuple[str, str], int]:
    """What is known."""
    terms = ("rowsIn", "rowsOut", "rowsInserted", "rowsUpdated", "rowsUnchanged", "rowsDeleted")
    return {(node, term): one[term] for node, one in done.figures.items() for term in terms if one.get(term) is not None}


def test_what_leaves_for_elsewhere_is_the_result_of_one_select(filled: Place, tmp_path: Path) -> None:
    nodes = NODES.format(mode="OVERWRITE", target="t", keys="").replace("connector: own, table: t,", "connector: files, path: t.csv,")
    recipe = make_pipeline(nodes.replace(", createTable: true", ""), EDGES, "  pushDown: {rowThreshold: 10}\n")
    done = run(tmp_path, recipe, more={"own": (filled.own.type, filled.config)})
    (query,) = [read["options"]["query"] for stage in done.plan.stages for read in stage.program.get("reads", ())]
    assert "GROUP BY" in query
    assert "'NÉ 5'" in query
    assert len(done.rows("t.csv")) == 7


COLUMNS = (Column("id", "BIGINT"), Column("name", "TEXT"))
WINDOW = "SETTINGS non_replicated_deduplication_window = 9"


def computed(place: Place, write: SinkWrite, query: Query) -> Computed:
    session = cast(ComputingSession, place.open(write))
    try:
        done = session.write_query(write, query)
        session.commit({})
    except BaseException:
        session.abort()
        raise
    return done


def test_what_is_read_is_read_once_and_counted_on_the_way(filled: Place) -> None:
    filled.sql(f"CREATE TABLE t (id Int64, name Nullable(String)) ENGINE = MergeTree ORDER BY id {WINDOW}")
    read = ("1 s", f'SELECT id, name FROM "{filled.config["database"]}"."src"')
    few = ("2 few", 'SELECT id, name FROM "1 s" AS "s" WHERE id < 3')
    query = Query('SELECT id, name FROM "2 few" AS "f"', (read, few), (("1 s", None), ("2 few", "id")))
    done = computed(filled, SinkWrite("out", "t", COLUMNS, "INSERT", (), (), {}), query)
    assert (done.rows, done.tallies) == (3, (200, 3))
    assert filled.sql("SELECT * FROM t ORDER BY id") == [(0, None), (1, "né 1"), (2, "NÉ 2")]


def test_a_value_that_must_be_converted_is_converted_as_it_would_be_here(filled: Place) -> None:
    filled.sql(f"CREATE TABLE t (id UInt8, name Nullable(String)) ENGINE = MergeTree ORDER BY id {WINDOW}")
    write = SinkWrite("out", "t", COLUMNS, "INSERT", (), (), {})
    assert computed(filled, write, Query("SELECT id, name FROM src")).rows == 200
    with pytest.raises(RejectedData, match="column id, row 1: 256 does not fit its type UInt8"):
        computed(filled, write, Query("SELECT s.id + 256 AS id, s.name AS name FROM src AS s WHERE s.id = 0"))
    assert filled.sql("SELECT count(), max(id) FROM t") == [(200, 199)]


def test_what_is_kept_is_named_by_later_queries(filled: Place) -> None:
    write = SinkWrite("out", "made", COLUMNS, "OVERWRITE", (), (), {"createTable": True})
    session = cast(ComputingSession, filled.open(write))
    assert session.keep("kept %", Query("SELECT id, name FROM src WHERE id BETWEEN 1 AND 3")) == 3
    assert session.tally((("kept %", None), ("kept %", "id"))) == (3, 6)
    assert sorted(session.fetch(Query('SELECT id FROM "kept %"'))) == [(1,), (2,), (3,)]
    assert session.write_query(write, Query('SELECT id, name FROM "kept %" WHERE id = 3')).rows == 1
    session.commit({})
    assert filled.sql("SELECT * FROM made") == [(3, None)]
