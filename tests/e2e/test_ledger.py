"""The row ledger over the real services: every row has a name; a run whose terms contradict one another is not green."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  staging: all
  ledger: exact
  nodes:
    - id: slow
      type: connector_source
      config: {connector: db, query: "SELECT i AS id, pg_sleep(0.01)::text AS x FROM generate_series(1, 100) i"}
    - {id: keep, type: filter, config: {condition: id > 40}}
    - {id: once, type: deduplicate, config: {keys: [id]}}
    - {id: out, type: connector_sink, config: {connector: files, path: NAME.csv, writeMode: OVERWRITE}}
  edges: [{from: slow, to: keep}, {from: keep, to: once}, {from: once, to: out}]
"""


def ledger_of(stack: Stack, run: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.client.call("GET", f"/runs/{run}/ledger")
    return found


def test_every_row_of_a_run_is_accounted_for(stack: Stack) -> None:
    stack.apply(RECIPE.replace("NAME", "balanced"))
    run = stack.start("balanced")
    ended = stack.wait(run)
    assert (ended["status"], ended["balanced"]) == ("SUCCEEDED", True)
    ledger = ledger_of(stack, run)
    assert ledger["balanced"] is True
    keep = next(node for node in ledger["nodes"] if node["id"] == "keep")
    assert (keep["rowsIn"], keep["balanced"], keep["problem"]) == (100, True, None)
    assert [(term["term"], term["rows"]) for term in keep["terms"]] == [("out", 60), ("rejected", 0), ("filtered", 40)]


def test_a_run_whose_terms_do_not_balance_fails_with_node_and_terms_and_writes_nothing(stack: Stack) -> None:
    stack.apply(RECIPE.replace("NAME", "crooked"))
    run = stack.start("crooked")
    stack.until(lambda: any(node["status"] == "RUNNING" for node in stack.run(run)["nodes"]), 30, "the source to be read")
    # The fault: a stored program counts the rows that it filtered wrongly.
    stack.sql(
        "UPDATE programs SET program = jsonb_set(program, '{figures,keep,filtered}', '{\"sum\": []}')"
        " WHERE run_id = %s AND program->'figures' ? 'keep'",
        run,
        database="penstock",
    )
    ended = stack.wait(run)
    assert (ended["status"], ended["error"]["code"], ended["error"]["node"]) == ("FAILED", "unbalanced", "keep")
    assert (
        "the rows of node keep do not balance: 40 rows are missing: 100 in = 60 out + 0 rejected + 0 filtered" in ended["error"]["message"]
    )
    assert {node["id"]: node["status"] for node in ended["nodes"]} == {
        "slow": "COMPLETED", "keep": "FAILED", "once": "SKIPPED", "out": "SKIPPED",
    }  # fmt: skip
    assert not (stack.files / "crooked.csv").exists()
    assert ledger_of(stack, run)["balanced"] is None
