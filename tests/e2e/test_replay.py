"""Rows that went wrong in each of six ways: the good ones get through, the bad ones are dead letters with their reason and place; corrected
and replayed, the target holds what a clean load would have put there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.cli.client import CallRefused
from tests.support import rejects
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ROWS = 20_000


@pytest.fixture(scope="module")
def loaded(stack: Stack) -> tuple[Stack, dict[str, Any]]:
    """The run that met the bad rows; what it should have written is in `clean`."""
    rejects.prepare(stack, ROWS)
    rejects.write(stack.files / "mixed.csv", ROWS, rejects.WAYS)
    stack.apply(rejects.recipe("mixed", "mixed.csv", "mixed"))
    ended = stack.wait(stack.start("mixed"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    return stack, ended


def letters(stack: Stack, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = stack.client.call("GET", "/dead-letters", limit=500, cursor=cursor, **query)
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return found


def penstock(stack: Stack, *arguments: str) -> str:
    command = [sys.executable, "-m", "services.api.cli", *arguments]
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_bad_row_is_a_dead_letter_with_its_reason_and_place(loaded: tuple[Stack, dict[str, Any]]) -> None:
    stack, ended = loaded
    expected = rejects.expected(ROWS, rejects.WAYS)
    found = {}
    for letter in letters(stack, run=ended["id"]):
        found[rejects.id_of(letter)] = (letter["node"], letter["kind"], letter["rule"], letter["position"])
        assert rejects.SAYS[rejects.way_of(letter)] in letter["error_message"], letter
        assert (letter["state"], letter["retry_count"], letter["replayRun"]) == ("open", 0, None)
    assert found == expected
    ((taken,),) = stack.sql("SELECT count(*) FROM mixed")
    assert taken == ROWS - len(expected)
    assert ended["balanced"] is True
    summary = stack.client.call("GET", "/dead-letters/summary", run=ended["id"])["items"]
    assert sum(group["letters"] for group in summary) == len(expected)


def test_corrected_and_replayed_the_target_equals_the_clean_one(loaded: tuple[Stack, dict[str, Any]], tmp_path: Path) -> None:
    stack, ended = loaded
    exported = tmp_path / "bad.jsonl"
    penstock(stack, "dead-letters", "export", "--run", ended["id"], "--to", str(exported))
    corrected = tmp_path / "good.jsonl"
    with exported.open() as lines, corrected.open("w") as out:
        for line in lines:
            letter = json.loads(line)
            out.write(json.dumps({**letter, "record": rejects.corrected(letter)}) + "\n")
    assert f"{len(rejects.expected(ROWS, rejects.WAYS))} fixed" in penstock(stack, "dead-letters", "fix", "--file", str(corrected))
    penstock(stack, "dead-letters", "replay", "--run", ended["id"], "--wait")
    assert rejects.differences(stack, "mixed") == 0
    assert {letter["state"] for letter in letters(stack, run=ended["id"])} == {"replayed"}
    # Nothing is left that could be replayed a second time.
    answer = refused(stack, {"run": ended["id"]})
    assert (answer.status_code, "open or fixed" in answer.json()["detail"]) == (404, True)


def test_what_is_rejected_again_is_open_again_and_counts_its_tries(loaded: tuple[Stack, dict[str, Any]]) -> None:
    stack, _ = loaded
    (stack.files / "again.csv").write_text("id,amount\n1,x\n2,5\n")
    stack.sql("DROP TABLE IF EXISTS again")
    stack.sql("CREATE TABLE again (id bigint PRIMARY KEY, amount text, n integer)")
    stack.apply(AGAIN.format(expression="CAST(amount AS INTEGER)"))
    first = stack.wait(stack.start("again"))
    (letter,) = letters(stack, run=first["id"])
    started = stack.client.call("POST", "/dead-letters/replay", body={"ids": [letter["id"]], "version": "original"})
    second = stack.wait(started["runs"][0]["id"])
    assert second["status"] == "SUCCEEDED"
    assert second["trigger"]["type"] == "replay"
    (again,) = letters(stack, run=second["id"])
    assert (again["node"], again["original_record"], again["retry_count"], again["state"]) == ("make", letter["original_record"], 1, "open")
    assert stack.client.call("GET", f"/dead-letters/{letter['id']}")["state"] == "replayed"

    # The node is mended instead of the row.
    stack.apply(AGAIN.format(expression="CASE amount WHEN 'x' THEN 10 ELSE CAST(amount AS INTEGER) END"))
    third = stack.client.call("POST", "/dead-letters/replay", body={"run": second["id"], "version": "newest"})
    assert stack.wait(third["runs"][0]["id"])["status"] == "SUCCEEDED"
    assert stack.sql("SELECT id, n FROM again ORDER BY id") == [(1, 10), (2, 5)]


AGAIN = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: again}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: again.csv, schema: {{id: BIGINT, amount: TEXT}}}}}}
    - {{id: make, type: expression, config: {{columns: [{{name: n, expression: "{expression}"}}]}}}}
    - {{id: write, type: connector_sink, config: {{connector: db, table: again, writeMode: UPSERT, upsertKeys: [id]}}}}
  edges: [{{from: read, to: make}}, {{from: make, to: write}}]
"""


KILLED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: killed}}
spec:
  retryDelay: 1
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: killed.csv, schema: {{id: BIGINT, amount: TEXT}}}}}}
    - {{id: make, type: expression, config: {{columns: [{{name: n, expression: "{expression}"}}]}}}}
    - {{id: write, type: connector_sink, config: {{connector: db, table: killed, writeMode: INSERT}}}}
  edges: [{{from: read, to: make}}, {{from: make, to: write}}]
"""
BAD = 100


def refused(stack: Stack, body: dict[str, Any]) -> httpx.Response:
    token = stack.home.api_token.read_text().strip()
    return httpx.post(f"{stack.url}/api/v1/dead-letters/replay", json=body, headers={"Authorization": f"Bearer {token}"})


def test_a_replay_killed_in_the_middle_doubles_nothing_and_nobody_else_gets_its_rows(stack: Stack) -> None:
    (stack.files / "killed.csv").write_text("id,amount\n" + "".join(f"{n},x\n" for n in range(BAD)))
    for statement in (
        "DROP TABLE IF EXISTS killed",
        "DROP SEQUENCE IF EXISTS killed_seen",
        "CREATE TABLE killed (id bigint, amount text, n integer)",
        "CREATE SEQUENCE killed_seen",
        "CREATE OR REPLACE FUNCTION killed_slowly() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM nextval(''killed_seen''), pg_sleep(0.02); RETURN NEW; END'",
        "CREATE TRIGGER slowly BEFORE INSERT ON killed FOR EACH ROW EXECUTE FUNCTION killed_slowly()",
    ):
        stack.sql(statement)
    stack.apply(KILLED.format(expression="CAST(amount AS INTEGER)"))
    run = stack.wait(stack.start("killed"))["id"]

    # A version that cannot even be planned: its replay fails before it has begun, and gives the rows back.
    stack.apply(KILLED.format(expression="no_such_column"))
    failed = stack.wait(stack.client.call("POST", "/dead-letters/replay", body={"run": run})["runs"][0]["id"])
    assert (failed["status"], failed["error"]["node"]) == ("FAILED", "make")

    stack.apply(KILLED.format(expression="length(amount)"))
    replayed = stack.client.call("POST", "/dead-letters/replay", body={"run": run})
    assert replayed["letters"] == BAD
    replay = replayed["runs"][0]["id"]
    stack.until(lambda: stack.sql("SELECT last_value FROM killed_seen")[0][0] > BAD // 4, 60, "rows to be written")
    again = refused(stack, {"run": run})
    assert (again.status_code, f"run {replay} replays these rows already" in again.json()["detail"]) == (409, True)
    (letter, *_) = letters(stack, run=run)
    (working,) = [stage["worker"] for stage in stack.run(replay)["stages"] if stage["status"] == "RUNNING"]
    stack.kill(working)
    ended = stack.wait(replay, 90)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert max(stage["epoch"] for stage in ended["stages"]) > 1
    assert stack.sql("SELECT count(*), count(DISTINCT id), sum(n) FROM killed") == [(BAD, BAD, BAD)]
    assert {one["state"] for one in letters(stack, run=run)} == {"replayed"}
    assert refused(stack, {"run": run}).status_code == 404
    with pytest.raises(CallRefused, match="was replayed by run"):
        stack.client.call("PATCH", f"/dead-letters/{letter['id']}", body={"state": "waived"})


def test_people_waive_open_again_and_delete(stack: Stack) -> None:
    (stack.files / "waived.csv").write_text("id\n1\nx\ny\n")
    stack.apply(WAIVED)
    run = stack.wait(stack.start("waived"))["id"]
    first, second = letters(stack, run=run)
    assert stack.client.call("POST", "/dead-letters/waive", body={"run": run, "contains": "'Y'"})["letters"] == 1
    assert [letter["state"] for letter in letters(stack, run=run)] == ["open", "waived"]
    penstock(stack, "dead-letters", "reopen", second["id"])
    penstock(stack, "dead-letters", "fix", first["id"], "--set", 'line="7"')
    fixed = stack.client.call("GET", f"/dead-letters/{first['id']}")
    assert (fixed["state"], fixed["record"]) == ("fixed", {"file": "waived.csv", "line": "7"})
    assert [letter["id"] for letter in letters(stack, run=run, state="open")] == [second["id"]]
    penstock(stack, "dead-letters", "delete", second["id"])
    assert [letter["id"] for letter in letters(stack, run=run)] == [first["id"]]
    answer = refused(stack, {"run": run})
    assert answer.status_code == 409
    assert "it overwrites its target" in answer.json()["detail"]


WAIVED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: waived}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: waived.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: files, path: out/waived.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""


def test_exports_hold_the_same_letters_in_each_format(loaded: tuple[Stack, dict[str, Any]], tmp_path: Path) -> None:
    import duckdb

    stack, ended = loaded
    for form in ("jsonl", "csv", "parquet"):
        penstock(stack, "dead-letters", "export", "--run", ended["id"], "--format", form, "--to", str(tmp_path / f"all.{form}"))
    with duckdb.connect() as connection:
        reads = {"jsonl": "read_json", "csv": "read_csv", "parquet": "read_parquet"}
        told = [
            connection.execute(
                f"SELECT CAST(id AS VARCHAR), node, error_message, position FROM {reads[form]}('{tmp_path}/all.{form}') ORDER BY 1"
            ).fetchall()
            for form in reads
        ]
    assert len(told[0]) == len(rejects.expected(ROWS, rejects.WAYS))
    assert told[0] == told[1] == told[2]
