"""Write, audit, publish: what a rule that blocks lets through and what it does not, rows that rules take out, and gates on ports."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import Points
from tests.support.mariadb import Server
from tests.support.stack import SHORT, Stack, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

GOOD = [(1, 10), (2, 20), (3, 30)]
OLD = [(9, 90)]


@dataclass(frozen=True)
class Gates:
    stack: Stack
    lite: Path
    points: Points

    def source(self, rows: list[tuple[int, int | None]]) -> None:
        self.stack.sql("TRUNCATE incoming")
        for row in rows:
            self.stack.sql("INSERT INTO incoming VALUES (%s, %s)", *row)

    def run(self, pipeline: str, within_s: float = 60) -> Any:
        return self.stack.wait(self.stack.start(pipeline), within_s)


def pipeline(name: str, sink: str, more: str = "", nodes: str = "", edges: str = "{from: read, to: put}") -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  retryDelay: 1
  {more}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: db, table: incoming}}}}
    {nodes}
    - {{id: put, type: connector_sink, config: {{{sink}}}}}
  edges: [{edges}]
"""


def rules(name: str, dataset: str, *said: str) -> str:
    entries = "".join(f"\n    - {{{one}}}" for one in said)
    return f"""---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {{name: {name}}}
spec:
  dataset: {{{dataset}}}
  rules:{entries}
"""


THERE = "name: there, type: NOT_NULL, column: n, severity: critical, blockPipeline: true"


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gates]:
    folder = tmp_path_factory.mktemp("gates")
    points = Points(folder / "armed")
    with running(folder / "home", **points.settings, **SHORT) as stack:
        stack.connectors()
        lite = folder / "lite.db"
        stack.apply(
            f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: lite}}\nspec: {{type: sqlite, config: {{path: {lite}}}}}\n"
        )
        stack.sql("CREATE TABLE incoming (id bigint, n bigint); CREATE TABLE kept (id bigint PRIMARY KEY, n bigint)")
        stack.sql("CREATE TABLE checked (id bigint, n bigint)")
        yield Gates(stack, lite, points)


def written(path: Path) -> list[tuple[int, ...]]:
    with path.open(newline="") as file:
        return sorted(tuple(map(int, row)) for row in list(csv.reader(file))[1:])


def statuses(run: Any) -> dict[str, str]:
    return {node["id"]: node["status"] for node in run["nodes"]}


def test_a_file_is_as_it_was_while_a_rule_that_blocks_fails_and_new_once_it_passes(gates: Gates) -> None:
    stack, out = gates.stack, gates.stack.files / "gated.csv"
    out.write_text("id,n\n9,90\n")
    stack.apply(pipeline("gated-file", "connector: files, path: gated.csv, writeMode: OVERWRITE")
                + rules("gated-file", "connector: files, path: gated.csv", THERE))  # fmt: skip
    gates.source([(1, 10), (2, None)])
    held = gates.run("gated-file")
    assert (held["status"], held["error"]["code"], held["error"]["node"]) == ("FAILED", "quality_gate", "put"), held["error"]
    assert "rule there (NOT_NULL) fails for 1 of 2 rows (first: n NULL, id 2)" in held["error"]["message"]
    assert statuses(held) == {"read": "COMPLETED", "put": "FAILED"}
    assert [(one["score"], one["failed"]) for one in held["quality"]] == [(49.9, 1)]
    assert written(out) == OLD

    gates.source(GOOD)
    passed = gates.run("gated-file")
    assert passed["status"] == "SUCCEEDED", passed["error"]
    assert written(out) == GOOD
    assert passed["balanced"] is True
    assert [stage["kind"] for stage in sorted(passed["stages"], key=lambda stage: stage["id"])][-3:] == ["work", "check", "work"]


def test_a_run_that_was_held_back_goes_on_with_the_rules_as_they_are_then(gates: Gates) -> None:
    stack = gates.stack
    stack.sql("TRUNCATE kept")
    stack.sql("INSERT INTO kept VALUES (9, 90)")
    recipe = pipeline("mended", "connector: db, table: kept, writeMode: INSERT")
    stack.apply(recipe + rules("mended", "pipeline: mended, node: put", THERE))
    gates.source([(1, 10), (2, None)])
    held = gates.run("mended")
    assert held["error"]["code"] == "quality_gate"
    assert stack.sql("SELECT * FROM kept") == OLD
    stack.apply(rules("mended", "pipeline: mended, node: put", f"{THERE}, maxNullPercent: 60").removeprefix("---"))
    stack.client.call("POST", f"/runs/{held['id']}/retry", body={})
    mended = stack.wait(held["id"])
    assert mended["status"] == "SUCCEEDED", mended["error"]
    assert stack.sql("SELECT * FROM kept ORDER BY id") == [(1, 10), (2, None), (9, 90)]


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
@pytest.mark.parametrize("where", ["db", "lite"])
def test_a_table_is_written_only_when_its_rows_have_passed(gates: Gates, where: str, mode: str) -> None:
    stack, name = gates.stack, f"gated-{where}-{mode.lower()}"
    keys = ", upsertKeys: [id]" if mode == "UPSERT" else ""
    stack.sql("TRUNCATE kept")
    stack.sql("INSERT INTO kept VALUES (9, 90)")
    with sqlite3.connect(gates.lite) as lite:
        lite.execute("DROP TABLE IF EXISTS kept")
        lite.execute("CREATE TABLE kept (id bigint PRIMARY KEY, n bigint)")
        lite.execute("INSERT INTO kept VALUES (9, 90)")

    def there() -> list[tuple[Any, ...]]:
        if where == "db":
            return stack.sql("SELECT id, n FROM kept ORDER BY id")
        with sqlite3.connect(gates.lite) as lite:
            return lite.execute("SELECT id, n FROM kept ORDER BY id").fetchall()

    stack.apply(pipeline(name, f"connector: {where}, table: kept, writeMode: {mode}{keys}")
                + rules(name, f"pipeline: {name}, node: put", THERE))  # fmt: skip
    gates.source([(1, 10), (2, None)])
    assert gates.run(name)["error"]["code"] == "quality_gate"
    assert there() == OLD
    gates.source(GOOD)
    passed = gates.run(name)
    assert passed["status"] == "SUCCEEDED", passed["error"]
    assert there() == (GOOD if mode == "OVERWRITE" else [*GOOD, *OLD])


def test_mariadb_is_written_only_when_its_rows_have_passed(gates: Gates, mariadb: Server) -> None:
    own = mariadb.database()
    own.sql("CREATE TABLE kept (id bigint PRIMARY KEY, n bigint)")
    said = ", ".join(f"{key}: {json.dumps(value)}" for key, value in own.config.items())
    gates.stack.apply(
        f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: maria}}\nspec: {{type: {own.type}, config: {{{said}}}}}\n"
    )
    gates.stack.apply(pipeline("gated-maria", "connector: maria, table: kept, writeMode: UPSERT, upsertKeys: [id]")
                      + rules("gated-maria", "connector: maria, table: kept", THERE))  # fmt: skip
    gates.source([(1, 10), (2, None)])
    assert gates.run("gated-maria")["error"]["code"] == "quality_gate"
    assert own.sql("SELECT id, n FROM kept") == []
    gates.source(GOOD)
    assert gates.run("gated-maria")["status"] == "SUCCEEDED"
    assert own.sql("SELECT id, n FROM kept ORDER BY id") == GOOD


def test_rows_that_a_rule_rejects_are_dead_letters_and_the_rest_is_loaded_and_they_can_be_replayed(gates: Gates) -> None:
    stack = gates.stack
    stack.sql("TRUNCATE kept")
    reject = "name: some, type: RANGE, column: n, min: 15, onFail: reject_rows"
    stack.apply(
        pipeline("sifted", "connector: db, table: kept, writeMode: INSERT") + rules("sifted", "pipeline: sifted, node: put", reject)
    )
    gates.source(GOOD)
    ended = gates.run("sifted")
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert stack.sql("SELECT id, n FROM kept ORDER BY id") == GOOD[1:]
    (put,) = (node for node in ended["nodes"] if node["id"] == "put")
    assert (put["rowsIn"], put["rowsOut"], put["rowsRejected"], put["balanced"]) == (3, 2, 1, True)
    # Measured before they were taken out.
    assert [(one["failed"], one["score"]) for one in ended["quality"]] == [(1, 66.7)]
    (letter,) = stack.client.call("GET", "/dead-letters", run=ended["id"], limit=10)["items"]
    assert (letter["node"], letter["kind"], letter["rule"]) == ("put", "quality", "some")
    assert letter["original_record"] == {"id": 1, "n": 10}
    stack.client.call("PATCH", f"/dead-letters/{letter['id']}", body={"record": {"id": 1, "n": 17}})
    (replay,) = stack.client.call("POST", "/dead-letters/replay", body={"ids": [letter["id"]]})["runs"]
    again = stack.wait(replay["id"])
    assert again["status"] == "SUCCEEDED", again["error"]
    assert stack.sql("SELECT id, n FROM kept ORDER BY id") == [(1, 17), *GOOD[1:]]


def test_a_gate_on_a_port_holds_back_who_reads_it_and_nobody_else(gates: Gates) -> None:
    stack = gates.stack
    free, held = stack.files / "free.csv", stack.files / "held.csv"
    nodes = """- {id: big, type: filter, config: {condition: n > 15}}
    - {id: free, type: connector_sink, config: {connector: files, path: free.csv, writeMode: OVERWRITE}}"""
    edges = "{from: read, to: big}, {from: big, to: free}, {from: big.rejected, to: put}"
    recipe = pipeline("ported", "connector: files, path: held.csv, writeMode: OVERWRITE", nodes=nodes, edges=edges)
    block = "name: none, type: RANGE, column: n, min: 100, blockPipeline: true"
    stack.apply(recipe + rules("ported", "pipeline: ported, node: big, output: rejected", block))
    gates.source(GOOD)
    ended = gates.run("ported")
    assert (ended["status"], ended["error"]["code"], ended["error"]["node"]) == ("FAILED", "quality_gate", "big")
    assert statuses(ended) == {"read": "COMPLETED", "big": "COMPLETED", "free": "COMPLETED", "put": "SKIPPED"}
    assert written(free) == GOOD[1:]
    assert not held.exists()


def test_a_new_key_that_the_table_has_already_is_held_back_before_an_insert(gates: Gates) -> None:
    stack = gates.stack
    stack.sql("TRUNCATE checked")
    stack.sql("INSERT INTO checked VALUES (9, 90)")
    stack.apply(pipeline("again", "connector: db, table: checked, writeMode: INSERT")
                + rules("again", "connector: db, table: checked", "name: once, type: UNIQUE, column: id, blockPipeline: true"))  # fmt: skip
    gates.source([(1, 10), (9, 90)])
    held = gates.run("again")
    assert held["error"]["code"] == "quality_gate"
    assert "rule once (UNIQUE) fails for 1 of 2 rows" in held["error"]["message"]
    gates.source([(1, 10)])
    assert gates.run("again")["status"] == "SUCCEEDED"
    assert stack.sql("SELECT id, n FROM checked ORDER BY id") == [(1, 10), (9, 90)]


def test_a_pipeline_of_quality_alone_checks_a_table_where_it_is_and_fails_when_a_rule_that_blocks_does(gates: Gates) -> None:
    stack = gates.stack
    stack.sql("TRUNCATE checked")
    stack.sql("INSERT INTO checked VALUES (1, 10), (2, NULL)")
    dataset = "connector: db, table: checked"
    stack.apply("apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: alone}\nspec: {quality: [alone]}\n"
                + rules("alone", dataset, "name: there, type: NOT_NULL, column: n"))  # fmt: skip
    plan = stack.client.call("POST", "/pipelines/default/alone/plan", body={}, wait=20)
    assert [(stage["kind"], stage["nodes"], stage["inputs"]) for stage in plan["stages"]] == [("check", [], [])]
    told = gates.run("alone")
    assert (told["status"], told["nodes"]) == ("SUCCEEDED", []), told["error"]
    (quality,) = told["quality"]
    assert (quality["scope"], quality["dataset"], quality["failed"]) == ("dataset", "default/db:checked", 1)
    assert stack.client.call("GET", f"/runs/{told['id']}/ledger")["nodes"] == []
    stack.apply(rules("alone", dataset, THERE).removeprefix("---"))
    failed = gates.run("alone")
    assert (failed["status"], failed["error"]["code"], failed["error"]["node"]) == ("FAILED", "quality_gate", None)
    assert "rule there (NOT_NULL) fails for 1 of 2 rows" in failed["error"]["message"]


def test_a_reference_that_is_not_there_is_an_error_of_its_rule_alone(gates: Gates) -> None:
    stack, out = gates.stack, gates.stack.files / "referring.csv"
    refers = "name: known, type: REFERENTIAL, column: id, references: {connector: nowhere, table: parents}"
    sink = "connector: files, path: referring.csv, writeMode: OVERWRITE"
    stack.apply(pipeline("referring", sink) + rules("referring", "pipeline: referring, node: put", refers, THERE))
    gates.source(GOOD)
    assert gates.run("referring")["status"] == "SUCCEEDED"
    assert written(out) == GOOD
    # Where it blocks, what cannot be measured holds back.
    block = rules("referring", "pipeline: referring, node: put", f"{refers}, blockPipeline: true", THERE).removeprefix("---")
    stack.apply(block)
    gates.source([(7, 70)])
    held = gates.run("referring")
    assert held["error"]["code"] == "quality_gate"
    assert "rule known could not be measured" in held["error"]["message"]
    assert written(out) == GOOD


@pytest.mark.parametrize(
    ("point", "whom"),
    [("attempt.worked", "self quality-1"), ("attempt.recording", "self quality-1"), ("attempt.recorded", "self quality-1"),
     ("child.worked", "parent quality-1"), ("engine.staged", "parent"), ("attempt.recorded", "self"), ("attempt.sent", "self"),
     ("sink.opened", "parent"), ("sink.committing", "self"), ("sink.committed", "parent")],
)  # fmt: skip
def test_a_process_ends_between_staging_and_publishing(gates: Gates, point: str, whom: str) -> None:
    stack = gates.stack
    stack.apply(pipeline("killed", "connector: db, table: kept, writeMode: INSERT") + rules("killed", "pipeline: killed, node: put", THERE))
    process, _, only = whom.partition(" ")
    for rows, status, after in (([(1, 10), (2, None)], "FAILED", OLD), (GOOD, "SUCCEEDED", [*GOOD, *OLD])):
        stack.sql("TRUNCATE kept")
        stack.sql("INSERT INTO kept VALUES (9, 90)")
        gates.source(list(rows))
        gates.points.arm(point, process, only=only)
        ended = gates.run("killed", 180)
        assert ended["status"] == status, ended["error"]
        assert stack.sql("SELECT id, n FROM kept ORDER BY id") == after
        # Behind a gate that holds, nobody comes to what publishes.
        assert gates.points.left() == ([point] if status == "FAILED" and point.startswith("sink.") else [])
        gates.points.disarm()
        stack.ready()
