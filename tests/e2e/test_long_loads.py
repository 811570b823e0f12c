"""A long load goes in batches and is gone on with by the next attempt, over the real services, with its worker killed in the middle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

ROWS = 150_000
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: long}
spec:
  staging: all
  nodes:
    - id: rows
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, 'v' || i AS v FROM generate_series(1, 150000) AS i"}
    - {id: out, type: connector_sink, config: {connector: db, table: long, writeMode: MODE}}
  edges: [{from: rows, to: out}]
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"PENSTOCK_WORKERS": "1", "PENSTOCK_CHECKPOINT_ROWS": "1000"}
    with running(tmp_path_factory.mktemp("long") / "home", **settings, **SHORT) as up:
        up.connectors()
        up.sql("CREATE TABLE long (id bigint PRIMARY KEY, v text)")
        yield up


@pytest.mark.parametrize("mode", ["INSERT"])
def test_a_killed_load_goes_on_after_its_last_batch(fleet: Stack, mode: str) -> None:
    fleet.sql("TRUNCATE long")
    fleet.sql("INSERT INTO long VALUES (0, 'before')")
    fleet.apply(RECIPE.replace("MODE", mode))
    run = fleet.start("long")

    def batches(later: bool = False) -> list[int]:
        """Of the first attempt, or of those after it."""
        there = fleet.sql("SELECT to_regclass('penstock_markers') IS NOT NULL")[0][0]
        said = "SELECT batch FROM penstock_markers WHERE run = %s AND batch > 0 AND (epoch > 1) = %s ORDER BY batch"
        return [row[0] for row in fleet.sql(said, run, later)] if there else []

    fleet.until(lambda: len(batches()) >= 10, 60, "some batches to be there")
    assert fleet.sql("SELECT * FROM long") == [(0, "before")]
    fleet.kill("worker-1")
    brought = len(batches())
    went_on = fleet.until(lambda: batches(later=True), 40, "the next attempt to go on")
    assert went_on[0] > max(10, brought - 1)
    ended = fleet.wait(run, 90)
    assert (ended["status"], ended["balanced"]) == ("SUCCEEDED", True), ended["error"]
    assert next(node for node in ended["nodes"] if node["id"] == "out")["rowsInserted"] == ROWS
    before = [] if mode == "OVERWRITE" else [(0,)]
    assert fleet.sql("SELECT id FROM long WHERE id < 1") == before
    assert fleet.sql("SELECT count(*), count(DISTINCT id), sum(id) FROM long WHERE id > 0") == [(ROWS, ROWS, ROWS * (ROWS + 1) // 2)]
    left = "SELECT count(*) FROM pg_class WHERE relname LIKE %s"
    assert (fleet.sql(left, "penstock_load%"), batches()) == ([(0,)], [])


SOME_BAD = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: some-bad}
spec:
  staging: all
  nodes:
    - id: rows
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, repeat('v', i % 1000) AS v FROM generate_series(1, 3500) AS i"}
    - {id: out, type: connector_sink, config: {connector: db, table: picky, writeMode: INSERT}}
  edges: [{from: rows, to: out}]
"""


@pytest.mark.parametrize(
    ("columns", "good", "rule"),
    [
        # Found when the batches are published; and when one of them is brought.
        ("id bigint, v text, CONSTRAINT odd CHECK (length(v) < 999)", "length(v) < 999", "odd"),
        ("id bigint, v varchar(998)", "length(v) < 999", "v character varying(998)"),
    ],
)
def test_rows_of_a_long_load_that_the_table_does_not_take_are_set_aside(fleet: Stack, columns: str, good: str, rule: str) -> None:
    fleet.sql(f"DROP TABLE IF EXISTS picky; CREATE TABLE picky ({columns})")
    fleet.apply(SOME_BAD)
    ended = fleet.wait(fleet.start("some-bad"), 90)
    assert (ended["status"], ended["balanced"]) == ("SUCCEEDED", True), ended["error"]
    node = next(node for node in ended["nodes"] if node["id"] == "out")
    assert (node["rowsInserted"], node["rowsRejected"]) == (3497, 3)
    assert fleet.sql(f"SELECT count(*), count(DISTINCT id), bool_and({good}) FROM picky") == [(3497, 3497, True)]
    letters = fleet.client.call("GET", "/dead-letters", run=ended["id"])["items"]
    assert sorted((one["original_record"]["id"], one["rule"]) for one in letters) == [(999, rule), (1999, rule), (2999, rule)]
    assert fleet.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'penstock_load%%'") == [(0,)]
