"""Runs that are asked for again: from what failed, from any node, by API and command line, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.api.cli.client import CallRefused
from tests.e2e.test_command_line import penstock
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {title}}}
spec:
  retries: 0
  staging: {staging}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: {name}.csv}}}}
    - {{id: few, type: filter, config: {{condition: id > 1}}}}
    - {{id: table, type: connector_sink, config: {{connector: db, table: {name}, writeMode: {mode}, upsertKeys: {keys}}}}}
    - {{id: file, type: connector_sink, config: {{connector: files, path: "{name}-out.csv", writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: few}}, {{from: few, to: table}}, {{from: few, to: file}}]
"""
BARRED = """
CREATE FUNCTION {name}_barred() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the table is closed' USING ERRCODE = '55000'; END $$;
CREATE TRIGGER barred BEFORE INSERT ON {name} FOR EACH STATEMENT EXECUTE FUNCTION {name}_barred()
"""


def title(name: str) -> str:
    return name.replace("_", "-")


def prepared(stack: Stack, name: str, *, mode: str = "INSERT", staging: str = "auto", barred: bool = True) -> None:
    (stack.files / f"{name}.csv").write_text("id,k\n1,a\n2,b\n3,c\n")
    stack.sql(f"CREATE TABLE {name} (id bigint PRIMARY KEY, k text)" if mode == "UPSERT" else f"CREATE TABLE {name} (id bigint, k text)")
    if barred:
        stack.sql(BARRED.format(name=name))
    text = RECIPE.format(name=name, title=title(name), mode=mode, staging=staging, keys="[id]" if mode == "UPSERT" else "[]")
    stack.apply(text.replace(", upsertKeys: []", ""))


def rows(stack: Stack, name: str) -> list[tuple[Any, ...]]:
    return stack.sql(f"SELECT id, k FROM {name} ORDER BY id, k")


def again(stack: Stack, run: str, **body: Any) -> Any:
    return stack.client.call("POST", f"/runs/{run}/retry", body=body)


def refused(stack: Stack, run: str, **body: Any) -> tuple[int, str]:
    with pytest.raises(CallRefused) as error:
        again(stack, run, **body)
    return error.value.status, error.value.detail


def epochs(run: Any) -> dict[str, int]:
    return {",".join(stage["nodes"]): stage["epoch"] for stage in run["stages"] if stage["kind"] == "work"}


def test_a_failed_run_goes_on_where_it_failed_once_the_cause_is_gone(stack: Stack) -> None:
    prepared(stack, "again_failed")
    run = stack.start(title("again_failed"))
    ended = stack.wait(run)
    assert ended["status"] == "FAILED"
    before = epochs(ended)
    (stack.files / "again_failed.csv").write_text("id,k\n9,z\n")
    stack.sql("DROP TRIGGER barred ON again_failed")

    asked = again(stack, run)
    assert asked["status"] in {"QUEUED", "RUNNING"}
    ended = stack.wait(run)

    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert rows(stack, "again_failed") == [(2, "b"), (3, "c")], "what was read is kept"
    assert {nodes: epoch - before[nodes] for nodes, epoch in epochs(ended).items()} == {"read,few": 0, "table": 1, "file": 0}


def test_what_was_staged_and_is_gone_is_read_again(stack: Stack) -> None:
    prepared(stack, "again_gone", staging="none")
    run = stack.start(title("again_gone"))
    assert stack.wait(run)["status"] == "FAILED"
    stack.until(lambda: not (stack.home.staging / run).exists(), 20, "the staged rows to be removed")
    (stack.files / "again_gone.csv").write_text("id,k\n4,d\n")
    stack.sql("DROP TRIGGER barred ON again_gone")
    again(stack, run)
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert rows(stack, "again_gone") == [(4, "d")]
    assert (stack.files / "again_gone-out.csv").read_text().splitlines() == ["id,k", "2,b", "3,c"], "what is done stays done"


def test_a_committed_insert_is_not_repeated_unless_duplicates_are_allowed(stack: Stack) -> None:
    prepared(stack, "again_insert", barred=False)
    run = stack.start(title("again_insert"))
    assert stack.wait(run)["status"] == "SUCCEEDED"
    for node in ("read", "table"):
        status, detail = refused(stack, run, **{"from": node})
        assert status == 409
        assert "has inserted its rows" in detail and "allowDuplicates: true" in detail
    again(stack, run, **{"from": "table", "allowDuplicates": True})
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert rows(stack, "again_insert") == [(2, "b"), (2, "b"), (3, "c"), (3, "c")]


def test_from_a_node_on_an_upsert_and_a_file_are_written_again(stack: Stack) -> None:
    prepared(stack, "again_upsert", mode="UPSERT", barred=False)
    run = stack.start(title("again_upsert"))
    assert stack.wait(run)["status"] == "SUCCEEDED"
    (stack.files / "again_upsert.csv").write_text("id,k\n2,new\n5,e\n")
    again(stack, run, **{"from": "read"})
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert rows(stack, "again_upsert") == [(2, "new"), (3, "c"), (5, "e")]
    assert (stack.files / "again_upsert-out.csv").read_text().splitlines() == ["id,k", "2,new", "5,e"]
    figures = {node["id"]: node["rowsOut"] for node in ended["nodes"]}
    assert figures == {"read": 2, "few": 2, "table": 2, "file": 2}


def test_a_run_whose_table_was_not_there_is_planned_when_it_is_asked_for_again(stack: Stack) -> None:
    stack.apply(
        """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: again-planned}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: again_planned}}
    - {id: file, type: connector_sink, config: {connector: files, path: again-planned.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: file}]
"""
    )
    run = stack.start("again-planned")
    assert stack.wait(run)["status"] == "FAILED"
    stack.sql("CREATE TABLE again_planned AS SELECT 7 AS id")
    again(stack, run)
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert (stack.files / "again-planned.csv").read_text() == "id\n7\n"


def test_what_cannot_be_asked_for_is_told(stack: Stack) -> None:
    prepared(stack, "again_told", barred=False)
    run = stack.start(title("again_told"))
    stack.wait(run)
    assert refused(stack, run) == (409, "everything in this run is done; name the node to start again from")
    assert refused(stack, run, **{"from": "tabel"})[0] == 409
    status, detail = refused(stack, run, form="table")
    assert (status, detail) == (422, "form is not known here; there is from, keep, allowDuplicates, reason")
    assert refused(stack, run, keep="yes")[0] == 422
    assert refused(stack, "00000000-0000-7000-8000-000000000000")[0] == 404


def test_one_key_asks_once(stack: Stack) -> None:
    prepared(stack, "again_key", barred=False)
    run = stack.start(title("again_key"))
    stack.wait(run)
    token = stack.home.api_token.read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"again {run}"}
    call = {"url": f"{stack.url}/api/v1/runs/{run}/retry", "json": {"from": "table", "allowDuplicates": True}, "headers": headers}
    first = httpx.post(**call)
    stack.wait(run)
    second = httpx.post(**call)
    assert (first.status_code, second.status_code, second.headers.get("Idempotency-Replayed")) == (202, 202, "true")
    assert len(rows(stack, "again_key")) == 4


def test_the_command_line_retries_and_follows(stack: Stack) -> None:
    prepared(stack, "again_typed")
    run = stack.start(title("again_typed"))
    stack.wait(run)
    assert penstock(stack, "retry", run, "--wait").returncode == 1, "it is still barred"
    stack.sql("DROP TRIGGER barred ON again_typed")
    done = penstock(stack, "retry", run, "--wait", "--reason", "the table is open again")
    assert (done.returncode, "SUCCEEDED" in done.stdout) == (0, True), done.stderr
    told = penstock(stack, "retry", run, "--from", "table")
    assert told.returncode == 2
    assert "allowDuplicates" in told.stderr
    assert penstock(stack, "retry", run, "--from", "table", "--allow-duplicates", "--wait").returncode == 0
    assert len(rows(stack, "again_typed")) == 4
