"""Plans over the API and on the command line: what they say, and that a run asked for by one is refused once it does not hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.cli.client import CallRefused, Client
from tests.support.stack import Stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  nodes:
    - {id: orders, type: connector_source, config: {connector: files, path: NAME/orders.csv}}
    - {id: paid, type: filter, config: {condition: "status = 'paid'"}}
    - {id: load, type: connector_sink, config: {connector: db, table: NAME, writeMode: MODE, MORE}}
  edges: [{from: orders, to: paid}, {from: paid, to: load}]
"""


def saved(stack: Stack, name: str, mode: str = "UPSERT", more: str = "upsertKeys: [id], createTable: true") -> None:
    stack.connectors()
    folder = stack.files / name
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text("id,status\n1,paid\n2,open\n")
    stack.apply(RECIPE.replace("NAME", name).replace("MODE", mode).replace("MORE", more))


def plan(stack: Stack, name: str, **query: Any) -> Any:
    return stack.client.call("POST", f"/pipelines/default/{name}/plan", body={}, **query)


def by_plan(stack: Stack, name: str, plan_id: str) -> Any:
    return stack.client.call("POST", f"/pipelines/default/{name}/runs", body={"planId": plan_id})


@pytest.mark.stack
def test_a_plan_of_a_pipeline_that_never_ran_has_its_sources_looked_at(stack: Stack) -> None:
    saved(stack, "fresh")
    made = plan(stack, "fresh")
    assert (made["facts"], made["missing"]) == ("known", [])
    assert [column[0] for column in made["sources"][0]["columns"]] == ["id", "status"]
    assert made["generations"] == [["orders"], ["paid"], ["load"]]
    (sink,) = made["sinks"]
    assert (sink["destructive"], sink["schemaChanges"]) == (False, ["table fresh is made"])
    (stage,) = made["stages"]
    said = [(s["does"], s["node"], s["dialect"]) for s in stage["statements"]]
    assert said[0] == ("read", "orders", None)
    assert {s for s in said if s[0] == "write"} == {("write", "load", "postgres")}
    assert any("ON CONFLICT" in s["sql"] or "INSERT INTO" in s["sql"] for s in stage["statements"] if s["does"] == "write")
    assert stack.client.call("GET", "/runs", pipeline="fresh")["items"] == []
    # What was seen stands in the schema's history, as if a run had seen it.
    seen = stack.client.call("GET", "/resources/Dataset/default/files.fresh:orders.csv")
    assert '"name": "status"' in seen["document"]


@pytest.mark.stack
def test_two_plans_of_the_same_are_the_same_but_for_their_age(stack: Stack) -> None:
    saved(stack, "same")
    one, two = plan(stack, "same"), plan(stack, "same")
    for made in (one, two):
        for key in ("id", "looked", "logicalDate", "createdAt"):
            made.pop(key)
    assert json.dumps(one) == json.dumps(two)


@pytest.mark.stack
def test_a_table_that_was_missing_and_has_been_made_is_seen_at_once(stack: Stack) -> None:
    saved(stack, "made", more="upsertKeys: [id]")
    with pytest.raises(CallRefused, match="table made is not there"):
        plan(stack, "made")
    stack.sql("CREATE TABLE made (id bigint PRIMARY KEY, status text)")
    assert plan(stack, "made")["facts"] == "known"


@pytest.mark.stack
def test_a_run_by_its_plan_runs_what_was_planned(stack: Stack) -> None:
    saved(stack, "planned")
    made = plan(stack, "planned")
    assert stack.client.call("GET", f"/plans/{made['id']}")["fingerprint"] == made["fingerprint"]
    stack.apply(RECIPE.replace("NAME", "planned").replace("MODE, MORE", "OVERWRITE, createTable: true"))
    run = by_plan(stack, "planned", made["id"])
    assert (run["version"], run["trigger"]["planId"]) == (1, made["id"])
    assert stack.wait(run["id"])["status"] == "SUCCEEDED"
    assert stack.sql("SELECT id FROM planned") == [(1,)]
    # The table is there now: that is another plan.
    with pytest.raises(CallRefused) as refused:
        by_plan(stack, "planned", made["id"])
    assert refused.value.status == 409


@pytest.mark.stack
def test_a_plan_that_must_be_approved_runs_once_somebody_has_and_who_it_was_stays_on_record(stack: Stack) -> None:
    saved(stack, "approved")
    made = stack.client.call("POST", "/pipelines/default/approved/plan", body={"requiresApproval": True})
    assert (made["requiresApproval"], made["approval"]) == (True, None)
    with pytest.raises(CallRefused, match="to be approved"):
        by_plan(stack, "approved", made["id"])
    with pytest.raises(CallRefused, match="editor"):
        Client(stack.url, token(stack, "editor")).call("POST", f"/plans/{made['id']}/approve", body={})
    command = [sys.executable, "-m", "services.api.cli", "approve", made["id"], "--reason", "looked at it"]
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    assert "looked at it" in subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    # Who comes later approves nothing anew.
    Client(stack.url, token(stack, "operator")).call("POST", f"/plans/{made['id']}/approve", body={"reason": "me too"})
    approval = stack.client.call("GET", f"/plans/{made['id']}")["approval"]
    assert (approval["by"], approval["reason"]) == ("admin", "looked at it")
    started = keyed(stack, "approved", made["id"])
    ended = stack.wait(started["id"])
    # It made its table, so the plan does not hold any more; the same call again is answered alike.
    with pytest.raises(CallRefused, match="does not hold"):
        by_plan(stack, "approved", made["id"])
    assert keyed(stack, "approved", made["id"]) == started
    assert (ended["status"], ended["trigger"]["approvedBy"]) == ("SUCCEEDED", "admin")
    assert {node["id"]: node["engineWhy"] for node in ended["nodes"]}["paid"] == "none of its rows comes straight out of a database"
    # From a node on: the same run, done again.
    again = stack.client.call("POST", "/pipelines/default/approved/runs", body={"fromNode": "paid", "reason": "once more"})
    assert again["id"] == ended["id"]
    assert stack.wait(again["id"])["status"] == "SUCCEEDED"
    with pytest.raises(CallRefused, match="has its own version"):
        stack.client.call("POST", "/pipelines/default/approved/runs", body={"fromNode": "paid", "version": 1})


def keyed(stack: Stack, name: str, plan_id: str) -> Any:
    headers = {"Authorization": f"Bearer {stack.home.api_token.read_text().strip()}", "Idempotency-Key": f"plan-{plan_id}"}
    path = f"{stack.url}/api/v1/pipelines/default/{name}/runs"
    return httpx.post(path, headers=headers, json={"planId": plan_id}, timeout=30).raise_for_status().json()


def token(stack: Stack, role: str) -> str:
    return str(stack.client.call("POST", "/tokens", body={"name": f"plans-{role}", "role": role})["token"])


@pytest.mark.stack
def test_a_run_by_its_plan_has_the_parameters_and_the_date_of_the_plan(stack: Stack) -> None:
    saved(stack, "valued", "INSERT", "createTable: true")
    recipe = RECIPE.replace("NAME", "valued").replace("MODE, MORE", "INSERT, createTable: true")
    declared = "spec:\n  parameters: [{name: wanted, default: paid}, {name: day, type: date, default: '{{today}}'}]\n"
    stack.apply(recipe.replace("spec:\n", declared).replace("status = 'paid'", "status = {{wanted}} AND {{day}} = '2026-03-29'"))
    body = {"parameters": {"wanted": "open"}, "logicalDate": "2026-03-29T10:00:00Z"}
    made = stack.client.call("POST", "/pipelines/default/valued/plan", body=body)
    assert made["parameters"] == {"wanted": "open", "day": "2026-03-29"}
    kept = stack.client.call("GET", f"/plans/{made['id']}")
    assert (kept["parameters"], kept["logicalDate"]) == (made["parameters"], made["logicalDate"])
    ended = stack.wait(by_plan(stack, "valued", made["id"])["id"])
    assert (ended["status"], ended["parameters"], ended["logicalDate"]) == ("SUCCEEDED", made["parameters"], made["logicalDate"])
    assert stack.sql("SELECT id FROM valued") == [(2,)]


@pytest.mark.stack
def test_a_plan_whose_source_has_other_columns_is_refused(stack: Stack) -> None:
    saved(stack, "moved")
    made = plan(stack, "moved")
    (stack.files / "moved" / "orders.csv").write_text("id,status,more\n1,paid,x\n")
    with pytest.raises(CallRefused, match="orders") as refused:
        by_plan(stack, "moved", made["id"])
    assert refused.value.status == 409
    assert stack.client.call("GET", "/runs", pipeline="moved")["items"] == []
    with pytest.raises(CallRefused, match="there is no plan"):
        by_plan(stack, "moved", "0192d1a0-0000-7000-8000-000000000000")


@pytest.mark.stack
def test_without_facts_a_plan_says_what_it_takes_for_granted_and_cannot_be_run_by(stack: Stack) -> None:
    saved(stack, "blind")
    (stack.files / "blind" / "orders.csv").unlink()
    made = plan(stack, "blind")
    assert made["facts"] == "missing"
    (missing,) = made["missing"]
    assert missing["nodes"] == ["orders"]
    assert "orders.csv is not in" in missing["why"]
    assert sorted(column[0] for column in made["sources"][0]["columns"]) == ["id", "status"]
    assert made["fingerprint"] is None
    with pytest.raises(CallRefused) as refused:
        by_plan(stack, "blind", made["id"])
    assert refused.value.status == 409


@pytest.mark.stack
def test_a_plan_tells_who_else_reads_what_it_overwrites(stack: Stack) -> None:
    saved(stack, "told", "OVERWRITE", "createTable: true")
    reader = RECIPE.replace("path: NAME/orders.csv", "table: told").replace("connector: files", "connector: db")
    stack.apply(reader.replace("NAME", "reader").replace("MODE", "INSERT").replace("MORE", "createTable: true"))
    (sink,) = plan(stack, "told", wait=0)["sinks"]
    assert (sink["destructive"], sink["readBy"], sink["alsoWrittenBy"]) == (True, ["default/reader"], [])


@pytest.mark.stack
def test_a_plan_on_the_command_line_leads_to_its_run(stack: Stack) -> None:
    saved(stack, "typed-plan")
    penstock = [sys.executable, "-m", "services.api.cli"]
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    shown = subprocess.run([*penstock, "plan", "typed-plan"], env=environment, capture_output=True, text=True, check=True).stdout
    assert "generation 1: orders" in shown
    (plan_id,) = [line.split("--plan ")[1] for line in shown.splitlines() if "--plan " in line]
    ran = subprocess.run(
        [*penstock, "run", "typed-plan", "--plan", plan_id, "--wait"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


ORACLE_TO_SNOWFLAKE = """
apiVersion: dataflow.polkomtel.com/v1
kind: Pipeline
metadata: {name: daily, namespace: sales}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: oracle-prod, table: SALES}}
    - {id: keep, type: filter, config: {condition: "status != 'TEST'"}}
    - {id: write, type: connector_sink, config: {connector: dw, table: FACT_SALES, writeMode: UPSERT, upsertKeys: [sale_id]}}
  edges: [{from: read, to: keep}, {from: keep, to: write}]
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: oracle-prod, namespace: sales}
spec: {type: oracle, config: {host: db, service: SALES, user: reader}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: dw, namespace: sales}
spec: {type: snowflake, config: {account: acme, database: DW, user: loader}}
"""


def test_a_file_is_planned_without_a_server_in_the_dialects_of_its_databases(tmp_path: Path) -> None:
    file = tmp_path / "daily.yaml"
    file.write_text(ORACLE_TO_SNOWFLAKE)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PENSTOCK_")} | {"PENSTOCK_HOME": "/nowhere"}
    command = [sys.executable, "-m", "services.api.cli", "plan", str(file), "--output", "json"]
    made = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    said = {(s["does"], s["dialect"]): " ".join(s["sql"].split()) for s in made["stages"][0]["statements"]}
    # The filter is Oracle's work, by what its column is compared with.
    assert said["read", "oracle"].endswith('FROM "SALES" "read") "read" WHERE "read"."STATUS" <> \'TEST\'')
    assert "TEST" not in said["rows", "duckdb"]
    assert said["write", "snowflake"] == (
        'MERGE INTO "FACT_SALES" AS "t" USING ( SELECT "STATUS", "SALE_ID" FROM ( SELECT "STATUS", "SALE_ID", ROW_NUMBER() OVER ('
        ' PARTITION BY "SALE_ID" ORDER BY "STATUS" DESC NULLS LAST, "penstock_ordinal" DESC NULLS LAST ) AS "penstock_rank"'
        ' FROM "penstock_staged" ) AS "numbered" WHERE "penstock_rank" = 1 ) AS "s" ON ( "t"."SALE_ID" = "s"."SALE_ID" )'
        ' WHEN MATCHED THEN UPDATE SET "STATUS" = "s"."STATUS"'
        ' WHEN NOT MATCHED THEN INSERT ("STATUS", "SALE_ID") VALUES ("s"."STATUS", "s"."SALE_ID")'
    )
    assert made["facts"] == "missing"
