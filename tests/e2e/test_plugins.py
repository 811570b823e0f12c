"""Things that another package brings (tests/plugin, found by its entry points) work as ours do, and nothing of Penstock knows of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import ipc

from tests.support.stack import Stack, running

pytestmark = pytest.mark.stack

PLUGIN = Path(__file__).parents[1] / "plugin"
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: loud}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: names.csv}}
    - {id: loud, type: shout, config: {column: name}}
    - {id: write, type: connector_sink, config: {connector: db, table: loud, writeMode: OVERWRITE, createTable: true}}
  edges: [{from: read, to: loud}, {from: loud, to: write}]
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("plugins") / "home", PYTHONPATH=str(PLUGIN)) as stack:
        stack.connectors()
        yield stack


def test_a_node_type_of_another_package_runs_in_a_recipe(extended: Stack) -> None:
    (extended.files / "names.csv").write_text("id,name\n1,Ala\n2,\n3,Łoś\n")
    extended.apply(RECIPE)
    run = extended.wait(extended.start("loud"))
    assert run["status"] == "SUCCEEDED", run["error"]
    assert extended.sql("SELECT id, name FROM loud ORDER BY id") == [(1, "ALA!"), (2, None), (3, "ŁOŚ!")]


def test_its_settings_are_checked_and_described_like_ours(extended: Stack) -> None:
    wrong = RECIPE.replace("column: name", "colum: name")
    said = extended.client.call("POST", "/validate", content=wrong.encode())
    assert ("unknown_setting", "loud", "column") in [(e["code"], e["node"], e["suggestion"]) for e in said["errors"]]
    (found,) = [one for one in extended.client.call("GET", "/node-types")["items"] if one["name"] == "shout"]
    assert (found["package"], found["version"], found["available"]) == ("penstock-toys", "1.2", True)
    assert "column" in extended.client.call("GET", "/schemas/nodes/shout.json")["properties"]


def test_one_that_cannot_be_loaded_or_takes_our_name_is_refused_and_told_of(extended: Stack) -> None:
    refused = {one["name"]: one["refused"] for one in extended.client.call("GET", "/system")["plugins"] if one["refused"]}
    assert refused["filter"] == "the name filter is taken"
    assert refused["broken"] == "ModuleNotFoundError: No module named 'penstock_toys.nowhere'"
    for service in ("api", "scheduler-1", "worker-1"):
        log = extended.home.log_file(service).read_text()
        assert "plug-in broken (nodes) of penstock-toys 1.2 is refused" in log, service
        assert "plug-in shout (nodes) of penstock-toys 1.2 is loaded" in log, service


BOXED = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: box}}
spec: {{type: arrowbox, config: {{box: {box}}}}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {{name: toys}}
spec: {{type: toydb, config: {{path: {box}/toys.db}}}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: boxed}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {{connector: toys, table: names}}}}
    - {{id: few, type: filter, config: {{condition: "UPPER(name) <> 'OLA'"}}}}
    - {{id: write, type: connector_sink, config: {{connector: box, table: names, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: few}}, {{from: few, to: write}}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: unboxed}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {{connector: box, table: names}}}}
    - {{id: more, type: expression, config: {{columns: [{{name: twice, expression: id * 2}}]}}}}
    - {{id: write, type: connector_sink, config: {{connector: box, table: twice, writeMode: INSERT}}}}
  edges: [{{from: read, to: more}}, {{from: more, to: write}}]
"""


@pytest.fixture(scope="module")
def boxed(extended: Stack) -> Stack:
    box = extended.home.root / "box"
    box.mkdir()
    with sqlite3.connect(box / "toys.db") as database:
        database.execute("CREATE TABLE names (id INTEGER, name TEXT)")
        database.executemany("INSERT INTO names VALUES (?, ?)", [(1, "Ala"), (2, "Ola"), (3, None), (4, "Ewa")])
    extended.apply(BOXED.format(box=box))
    return extended


def test_connectors_of_another_package_are_read_and_written(boxed: Stack) -> None:
    for pipeline, target, wanted in (
        ("boxed", "names", [(1, "Ala"), (4, "Ewa")]),
        ("unboxed", "twice", [(1, "Ala", 2), (4, "Ewa", 8)]),
        ("unboxed", "twice", [(1, "Ala", 2), (4, "Ewa", 8)] * 2),
    ):
        run = boxed.wait(boxed.start(pipeline))
        assert run["status"] == "SUCCEEDED", run["error"]
        with ipc.open_file(boxed.home.root / "box" / f"{target}.arrow") as reader:
            assert [tuple(row.values()) for row in reader.read_all().to_pylist()] == wanted


def test_a_dialect_of_another_package_is_what_a_plan_shows(boxed: Stack) -> None:
    plan = boxed.client.call("POST", "/pipelines/default/boxed/plan?wait=20", body={})
    told = [(one["dialect"], one["sql"]) for stage in plan["stages"] for one in stage["statements"] if one["does"] == "read"]
    ((dialect, sql),) = told
    assert dialect == "toysql"
    # The filter went along, in the dialect's own words.
    assert "SUBSTR(UPPER(" in sql, plan


WAREHOUSED = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: house}}
spec: {{type: warehouse, config: {{url: "{url}", schema: house}}}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: warehoused}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {{connector: house, table: sold}}}}
    - {{id: big, type: filter, config: {{condition: "amount > 10"}}}}
    - id: totals
      type: aggregator
      config: {{groupBy: [shop], aggregations: [{{name: n, function: count}}, {{name: total, function: sum, column: amount}}]}}
    - {{id: write, type: connector_sink, config: {{connector: house, table: by_shop, writeMode: UPSERT, upsertKeys: [shop]}}}}
  edges: [{{from: read, to: big}}, {{from: big, to: totals}}, {{from: totals, to: write}}]
"""


def test_a_database_spoken_to_as_a_vendors_computes_and_merges_by_itself(extended: Stack) -> None:
    # PostgreSQL's own connector keeps markers of another shape.
    extended.sql("CREATE SCHEMA IF NOT EXISTS house")
    extended.sql("CREATE TABLE house.sold (shop int, amount numeric(12, 2))")
    extended.sql("INSERT INTO house.sold SELECT i % 3, i FROM generate_series(1, 40) i")
    extended.sql("CREATE TABLE house.by_shop (shop int PRIMARY KEY, n bigint, total numeric(30, 2), note text DEFAULT 'own')")
    extended.sql("INSERT INTO house.by_shop VALUES (1, 0, 0, 'kept'), (7, 7, 7, 'other')")
    extended.apply(WAREHOUSED.format(url=extended.demo_url))
    plan = extended.client.call("POST", "/pipelines/default/warehoused/plan?wait=20", body={})
    (stage,) = plan["stages"]
    assert (stage["engine"], plan["pushDownShare"]) == ("database", 1.0), stage["why"]
    assert [" ".join(one["sql"].split()[:2]) for one in stage["statements"]][1:] == ["CREATE TEMPORARY", "INSERT INTO", "MERGE INTO"]
    for inserted in (2, 0):
        run = extended.wait(extended.start("warehoused"))
        assert run["status"] == "SUCCEEDED", run["error"]
        (write,) = [node for node in run["nodes"] if node["id"] == "write"]
        assert (write["rowsIn"], write["rowsInserted"], write["rowsUpdated"]) == (3, inserted, 3 - inserted)
        assert extended.sql("SELECT * FROM house.by_shop ORDER BY shop") == [
            (0, 10, 255, "own"),
            (1, 10, 265, "kept"),
            (2, 10, 245, "own"),
            (7, 7, 7, "other"),
        ]


PARTED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: parted}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: house, table: parcels}}
    - {id: parts, type: expression, config: {columns: [{name: each, expression: "100 / (id % 5)"}]}}
    - {id: route, type: router, config: {routes: [{name: low, condition: "each < 30"}, {name: high, condition: "each > 60"}]}}
    - {id: low, type: connector_sink, config: {connector: house, table: low, writeMode: OVERWRITE, createTable: true}}
    - {id: high, type: connector_sink, config: {connector: house, table: high, writeMode: UPSERT, upsertKeys: [shop], createTable: true}}
    - {id: rest, type: connector_sink, config: {connector: house, table: rest, writeMode: INSERT, createTable: true}}
  edges:
    - {from: read, to: parts}
    - {from: parts, to: route}
    - {from: route.low, to: low}
    - {from: route.high, to: high}
    - {from: route.default, to: rest}
"""


def test_several_sinks_and_bad_rows_of_one_such_database_are_one_transaction(extended: Stack) -> None:
    extended.sql("CREATE SCHEMA IF NOT EXISTS house")
    extended.sql("CREATE TABLE house.parcels (id bigint, shop int)")
    extended.sql("INSERT INTO house.parcels SELECT i, i % 4 FROM generate_series(1, 100) i")
    extended.apply(WAREHOUSED.format(url=extended.demo_url))
    extended.apply(PARTED)
    run = extended.wait(extended.start("parted"))
    assert run["status"] == "SUCCEEDED", run["error"]
    nodes = {node["id"]: node for node in run["nodes"]}
    assert (nodes["parts"]["rowsRejected"], nodes["low"]["rowsInserted"], nodes["rest"]["rowsInserted"]) == (20, 20, 40)
    assert (nodes["high"]["rowsIn"], nodes["high"]["rowsInserted"]) == (20, 4)
    assert extended.sql("SELECT COUNT(*), MIN(each), MAX(each) FROM house.low") == [(20, 25, 25)]
    # Of rows with one key the greatest in what remains.
    assert extended.sql("SELECT shop, id, each FROM house.high ORDER BY shop") == [(0, 96, 100), (1, 81, 100), (2, 86, 100), (3, 91, 100)]
    assert extended.sql("SELECT COUNT(*) FROM house.rest WHERE each IN (50, 33)") == [(40,)]
