"""Persistent sequences over the real services: no gap and no repeat over runs, failures, kills, and runs asked for at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: numbered}
spec:
  concurrencyPolicy: Allow
  retries: 0
  nodes:
    - id: rows
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, pg_sleep(SLEEP)::text AS x FROM generate_series(1, 5) AS i"}
    - {id: key, type: sequence_generator, config: {column: k, start: 100, increment: 2, orderBy: [{column: id}]}}
    - {id: out, type: connector_sink, onError: fail, config: {connector: db, table: numbered, writeMode: INSERT}}
    - {id: copy, type: connector_sink, config: {connector: files, path: numbered, writeMode: INSERT}}
  edges: [{from: rows, to: key}, {from: key, to: out, columns: [id, k]}, {from: key, to: copy, columns: [k]}]
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("sequences") / "home", PENSTOCK_WORKERS="2", **SHORT) as up:
        up.connectors()
        up.sql("CREATE TABLE numbered (id int, k bigint PRIMARY KEY)")
        up.apply(RECIPE.replace("SLEEP", "0.02"))
        yield up


def numbers(stack: Stack) -> list[int]:
    return [row[0] for row in stack.sql("SELECT k FROM numbered ORDER BY k")]


def expected(runs: int) -> list[int]:
    return [100 + 2 * at for at in range(5 * runs)]


def test_runs_asked_for_at_once_number_one_after_the_other(fleet: Stack) -> None:
    runs = [fleet.start("numbered") for _ in range(3)]
    # Said by reason: a run that is accepted while a pass looks is told for that moment that older ones are first.
    fleet.until(
        lambda: "sequence" in [(fleet.run(run)["waitingFor"] or {}).get("reason") for run in runs], 20, "one to wait for its numbers"
    )
    assert [fleet.wait(run)["status"] for run in runs] == ["SUCCEEDED"] * 3
    assert numbers(fleet) == expected(3)


def test_a_run_whose_sink_fails_consumes_nothing(fleet: Stack) -> None:
    before = len(numbers(fleet)) // 5
    fleet.sql("ALTER TABLE numbered ADD CONSTRAINT closed CHECK (k < 0) NOT VALID")
    (fleet.files / "numbered").rename(fleet.files / "moved")
    (fleet.files / "numbered").write_text("a file where the folder was, so that this sink fails too")
    ended = fleet.wait(fleet.start("numbered"))
    assert ended["status"] == "FAILED"
    fleet.sql("ALTER TABLE numbered DROP CONSTRAINT closed")
    (fleet.files / "numbered").unlink()
    assert fleet.wait(fleet.start("numbered"))["status"] == "SUCCEEDED"
    assert numbers(fleet) == expected(before + 1)


def test_workers_killed_in_the_middle_repeat_and_skip_no_number(fleet: Stack) -> None:
    before = len(numbers(fleet)) // 5
    fleet.apply(RECIPE.replace("SLEEP", "0.3"))
    run = fleet.start("numbered")
    fleet.until(lambda: any(node["status"] == "RUNNING" for node in fleet.run(run)["nodes"]), 30, "the source to be read")
    fleet.kill("worker-1")
    fleet.kill("worker-2")
    following = fleet.start("numbered")
    assert [fleet.wait(one, 90)["status"] for one in (run, following)] == ["SUCCEEDED"] * 2
    assert numbers(fleet) == expected(before + 2)


def test_the_plan_says_where_the_next_run_would_begin(fleet: Stack) -> None:
    begin = 100 + 2 * len(numbers(fleet))
    plan = fleet.client.call("POST", "/pipelines/default/numbered/plan", body={})
    assert any(str(begin) in (statement["sql"] or "") for stage in plan["stages"] for statement in stage["statements"])


def test_rows_of_one_database_are_numbered_where_they_can_be_counted(fleet: Stack) -> None:
    fleet.sql("CREATE TABLE inside (id int, k bigint PRIMARY KEY)")
    fleet.sql("CREATE TABLE given AS SELECT i AS id FROM generate_series(1, 4) i")
    fleet.apply("""
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: inside}
spec:
  ledger: exact
  pushDown: {rowThreshold: 0}
  nodes:
    - {id: rows, type: connector_source, config: {connector: db, table: given}}
    - {id: some, type: filter, config: {condition: id > 1}}
    - {id: key, type: sequence_generator, config: {column: k, orderBy: [{column: id}]}}
    - {id: out, type: connector_sink, config: {connector: db, table: inside, writeMode: INSERT}}
  edges: [{from: rows, to: some}, {from: some, to: key}, {from: key, to: out}]
""")
    for _ in range(2):
        ended = fleet.wait(fleet.start("inside"))
        assert (ended["status"], ended["balanced"]) == ("SUCCEEDED", True), ended["error"]
    assert {node["id"]: node["engine"] for node in ended["nodes"]}["key"] == "duckdb"
    assert fleet.sql("SELECT id, k FROM inside ORDER BY k") == [(2, 1), (3, 2), (4, 3), (2, 4), (3, 5), (4, 6)]
    filtered = next(node for node in ended["nodes"] if node["id"] == "some")
    assert (filtered["rowsIn"], filtered["rowsOut"], filtered["ledger"]) == (4, 3, {"filtered": 1})


def test_where_the_next_run_begins_is_shown_and_can_be_said(fleet: Stack) -> None:
    path = "/pipelines/default/inside/state"
    (shown,) = fleet.client.call("GET", path)["sequences"]
    assert (shown["node"], shown["next"], shown["heldBy"]) == ("key", 7, None)
    assert fleet.client.call("PUT", f"{path}/key", body={"next": 100})["sequences"][0]["next"] == 100
    assert fleet.wait(fleet.start("inside"))["status"] == "SUCCEEDED"
    assert fleet.sql("SELECT max(k) FROM inside") == [(102,)]
