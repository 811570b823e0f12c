"""What happens to columns that a sink's table does not have, as the recipe says it: fail, add them, or leave them out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: %(name)s}
spec:
  retries: 0
  pushDown: {mode: %(push)s}
  nodes:
    - {id: rows, type: connector_source, config: {connector: db, query: "SELECT 2 AS id, 'b'::text AS v, 1.50::numeric(8,2) AS price"}}
    - id: out
      type: connector_sink
      config: {connector: db, table: %(name)s_t, writeMode: %(mode)s, schemaEvolution: %(evolution)s%(more)s}
  edges: [{from: rows, to: out}]
"""


def evolved(stack: Stack, name: str, evolution: str, mode: str = "INSERT", more: str = "", push: str = "auto") -> Any:
    stack.sql(f"CREATE TABLE {name}_t (id int PRIMARY KEY, v text)")
    stack.sql(f"INSERT INTO {name}_t VALUES (1, 'a')")
    stack.apply(RECIPE % {"name": name, "mode": mode, "evolution": evolution, "more": more, "push": push})
    return stack.wait(stack.start(name))


@pytest.mark.parametrize("push", ["auto", "off"])
@pytest.mark.parametrize("mode", ["INSERT", "UPSERT, upsertKeys: [id]", "OVERWRITE"])
def test_columns_are_added_with_their_default(stack: Stack, mode: str, push: str) -> None:
    name = f"grown_{mode[:6].lower()}_{push}"
    shown = {"name": name, "mode": mode, "evolution": "addColumns", "more": ", columnDefaults: {price: 9.99}", "push": push}
    stack.sql(f"CREATE TABLE {name}_t (id int PRIMARY KEY, v text)")
    stack.sql(f"INSERT INTO {name}_t VALUES (1, 'a')")
    name_ = name.replace("_", "-")
    stack.apply((RECIPE % shown).replace(f"name: {name}", f"name: {name_}"))
    plan = stack.client.call("POST", f"/pipelines/default/{name_}/plan?wait=20", body={})
    assert "column price" in plan["sinks"][0]["schemaChanges"][0], plan["sinks"]
    ended = stack.wait(stack.start(name_))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    there = [] if mode == "OVERWRITE" else [(1, "a", "9.99")]
    assert stack.sql(f"SELECT id, v, price::text FROM {name}_t ORDER BY id") == [*there, (2, "b", "1.50")]
    kind = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'price'"
    assert stack.sql(kind, f"{name}_t") == [("numeric(8,2)",)]


def test_columns_that_the_table_does_not_have_are_left_out(stack: Stack) -> None:
    assert evolved(stack, "left", "ignore")["status"] == "SUCCEEDED"
    assert stack.sql("SELECT * FROM left_t ORDER BY id") == [(1, "a"), (2, "b")]


def test_a_recipe_that_says_nothing_fails_and_names_the_column(stack: Stack) -> None:
    ended = evolved(stack, "closed", "fail")
    assert ended["status"] == "FAILED"
    assert "table closed_t has no column price" in ended["error"]["message"]
    assert stack.sql("SELECT id FROM closed_t") == [(1,)]


def test_a_default_that_can_be_of_no_use_is_refused(stack: Stack) -> None:
    ended = evolved(stack, "useless", "fail", more=", columnDefaults: {price: 1}")
    assert "set schemaEvolution: addColumns" in ended["error"]["message"]


RENAMED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: %(name)s}
spec:
  retries: 0
  pushDown: {mode: %(push)s}
  nodes:
    - {id: rows, type: connector_source, config: {connector: db, table: %(name)s_from}}
    - {id: some, type: filter, config: {condition: id > 1}}
    - {id: out, type: connector_sink, config: {connector: files, path: %(name)s.csv, writeMode: OVERWRITE}}
  edges: [{from: rows, to: some}, {from: some, to: out}]
"""


@pytest.mark.parametrize("push", ["auto", "off"])
def test_a_column_that_was_renamed_since_the_last_run_is_looked_for_again(stack: Stack, push: str) -> None:
    name = f"renamed{push}"
    stack.sql(f"CREATE TABLE {name}_from (id int, v text)")
    stack.sql(f"INSERT INTO {name}_from VALUES (1, 'a'), (2, 'b')")
    stack.apply(RENAMED % {"name": name, "push": push})
    for column, said in (("v", "id,v"), ("w", "id,w")):
        if column == "w":
            stack.sql(f"ALTER TABLE {name}_from RENAME v TO w")
        ended = stack.wait(stack.start(name))
        assert ended["status"] == "SUCCEEDED", ended["error"]
        assert (stack.files / f"{name}.csv").read_text().split() == [said, "2,b"]
    # What the recipe itself needs and is not there any more is told by name.
    stack.sql(f"ALTER TABLE {name}_from RENAME id TO key")
    ended = stack.wait(stack.start(name))
    assert ended["status"] == "FAILED"
    assert "id" in ended["error"]["message"] and "key" in ended["error"]["message"], ended["error"]
