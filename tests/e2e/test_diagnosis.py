"""Runs that really fail, each for a reason of its own, and what is made of them; a correction that is applied, and the run goes well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Broken:
    """A pipeline that fails. `source` and `sink`: their configs; `between`: a node `it` in between; `spec`, `policy`: settings of the
    pipeline and of the sink. `fixed`: there is a corrected recipe.
    """

    source: str
    sink: str = "connector: files, path: diag.csv, writeMode: OVERWRITE"
    between: str = ""
    spec: str = ""
    policy: str = ""
    fixed: bool = False

    def recipe(self, name: str) -> str:
        port = ".valid" if "type: validate" in self.between else ""
        edges = f"{{from: read, to: it}}, {{from: it{port}, to: put}}" if self.between else "{from: read, to: put}"
        it = f"\n    - {{id: it, {self.between}}}" if self.between else ""
        return f"""---
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: diag-{name}}}
spec:
  retries: 0{self.spec and f"{chr(10)}  {self.spec}"}
  nodes:
    - {{id: read, type: connector_source, config: {{{self.source}}}}}{it}
    - {{id: put, type: connector_sink, {self.policy and f"{self.policy}, "}config: {{{self.sink}}}}}
  edges: [{edges}]
"""


def rows(values: str, columns: str = "id, v") -> str:
    return f'connector: db, query: "SELECT * FROM (VALUES {values}) AS t({columns})"'


def into(table: str, mode: str = "INSERT") -> dict[str, str]:
    return {"sink": f"connector: db, table: {table}, writeMode: {mode}", "policy": "onError: fail"}


BROKEN = {
    "connection-refused": Broken("connector: diag-closed, table: t"),
    "host-unknown": Broken("connector: diag-nowhere, table: t"),
    "encryption-failed": Broken("connector: diag-tls, table: t"),
    "login-refused": Broken("connector: diag-login, table: t"),
    "credential-missing": Broken("connector: diag-keyless, table: t"),
    "right-missing": Broken("connector: db, table: pg_catalog.pg_authid"),
    "table-missing": Broken("connector: db, table: diag_nothing"),
    "column-unknown": Broken(rows("(1, 'a')"), between="type: filter, config: {condition: vv = 'a'}", fixed=True),
    "query-refused": Broken('connector: db, query: "SELECT * FORM diag"'),
    "destination-lacks-column": Broken(rows("(5, 'a', 2)", "id, v, w"), **into("diag_keyed"), fixed=True),
    "duplicate-key": Broken(rows("(1, 'b')"), **into("diag_keyed"), fixed=True),
    "value-missing": Broken(rows("(2, NULL::text)"), **into("diag_keyed")),
    "parent-missing": Broken(rows("(2, 'a', 99)", "id, v, of"), **into("diag_child")),
    "check-failed": Broken(rows("(-1, 'a')"), **into("diag_keyed")),
    "value-too-long": Broken(rows("(3, 'longer than eight')"), **into("diag_keyed")),
    "value-out-of-range": Broken(rows("(99999999999, 'a')"), **into("diag_keyed")),
    "division-by-zero": Broken(
        rows("(0, 'a')"), between="type: expression, onError: fail, config: {columns: [{name: n, expression: 1 / id}]}", fixed=True
    ),
    "conversion-failed": Broken(
        "connector: files, path: diag-texts.csv",
        between='type: sql, config: {query: "SELECT CAST(v AS BIGINT) AS n FROM read"}',
        fixed=True,
    ),
    "too-many-rejects": Broken(
        rows("(1, 'a'), (2, 'b')"),
        between="type: validate, rejectLimit: {maxRows: 1}, config: {rules: [{name: few, type: RANGE, column: id, min: 5}]}",
    ),
    "file-missing": Broken("connector: files, path: diag-order.csv", fixed=True),
    "delimiter-wrong": Broken("connector: files, path: diag-semicolons.csv, columns: [id, v]"),
    "encoding-wrong": Broken("connector: files, path: diag-latin.csv", fixed=True),
    "file-broken": Broken("connector: files, path: diag-broken.parquet"),
    "memory-asked-for": Broken(rows("(1, 'a')"), spec="resources: {memory: 900GB}\n  pushDown: {mode: 'off'}"),
    "node-timeout": Broken('connector: db, query: "SELECT 1 AS id, pg_sleep(20)::text AS v"', policy="timeout: 1"),
    "run-timeout": Broken('connector: db, query: "SELECT 1 AS id, pg_sleep(21)::text AS v"', spec="timeout: 1"),
    "quality-gate": Broken(rows("(1, 'a'), (2, NULL)"), **into("diag_free"), spec="quality: [diag-rules]"),
}  # fmt: skip
CONNECTORS = {
    "diag-closed": {"port": 1},
    "diag-nowhere": {"host": "nowhere.invalid"},
    "diag-tls": {"sslmode": "require"},
    "diag-login": {"password": "wrong"},
    "diag-keyless": {"password": "{{credential:diag-nothing#password}}"},
}
RULES = """---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: diag-rules}
spec:
  dataset: {pipeline: diag-quality-gate, node: put}
  rules: [{name: there, type: NOT_NULL, column: v, blockPipeline: true}]
"""
TABLES = """
CREATE TABLE diag_keyed (id integer PRIMARY KEY CONSTRAINT diag_positive CHECK (id > 0), v varchar(8) NOT NULL);
INSERT INTO diag_keyed VALUES (1, 'a');
CREATE TABLE diag_child (id integer, v text, of integer CONSTRAINT diag_parent REFERENCES diag_keyed (id));
CREATE TABLE diag_free (id integer, v text);
CREATE TABLE diag_drift (id integer, amount numeric(12, 2));
INSERT INTO diag_drift VALUES (1, 5);
"""


def connector(stack: Stack, name: str, **config: Any) -> str:
    port, password = stack.home.read("ports.json")["postgres"], stack.home.secrets()["demo"]
    base = {"host": "127.0.0.1", "port": port, "database": "demo", "user": "demo", "password": password}
    spec = json.dumps({"type": "postgres", "config": base | config})
    return f"---\napiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: {name}}}\nspec: {spec}\n"


@dataclass
class Failed:
    """Runs by the cause that they should be told."""

    stack: Stack
    runs: dict[str, str] = field(default_factory=dict)

    def diagnosed(self, cause: str) -> Any:
        self.stack.wait(self.runs[cause])
        return self.stack.client.call("POST", f"/runs/{self.runs[cause]}/diagnose", body={})


@pytest.fixture(scope="module")
def failed(stack: Stack) -> Failed:
    """All of them are started at once, and are over by the time they are asked for."""
    for statement in TABLES.split(";"):
        if statement.strip():
            stack.sql(statement)
    (stack.files / "diag-texts.csv").write_text("v\nabc\n")
    (stack.files / "diag-orders.csv").write_text("id\n1\n")
    (stack.files / "diag-semicolons.csv").write_text("id;v\n1;a\n")
    (stack.files / "diag-latin.csv").write_bytes("id,v\n1,żółć\n".encode("cp1250"))
    (stack.files / "diag-broken.parquet").write_bytes(b"no parquet at all, and long enough to be looked at")
    stack.apply("".join(connector(stack, name, **config) for name, config in CONNECTORS.items()))
    stack.apply("".join(one.recipe(cause) for cause, one in BROKEN.items()) + RULES)
    made = Failed(stack)
    made.runs |= {cause: stack.start(f"diag-{cause}") for cause in BROKEN}
    return made


@pytest.mark.parametrize("cause", BROKEN)
def test_what_really_failed_is_told(failed: Failed, cause: str) -> None:
    found = failed.diagnosed(cause)
    assert found["findings"][0]["cause"] == cause, json.dumps(found, indent=1)
    told = json.dumps(found["findings"][0])
    named = BROKEN[cause].source.partition("connector: ")[2].partition(",")[0]
    assert "connector default/" not in told or f"connector default/{named}" in told, told
    fix = found["findings"][0]["fix"]
    assert (fix is not None and fix["kind"] == "yaml") or not BROKEN[cause].fixed, found["findings"][0]


CORRECTED = ("duplicate-key", "destination-lacks-column", "division-by-zero", "conversion-failed", "column-unknown", "encoding-wrong")


@pytest.mark.parametrize("cause", CORRECTED)
def test_a_correction_that_is_applied_lets_the_run_go_well(failed: Failed, cause: str) -> None:
    stack = failed.stack
    stack.apply(failed.diagnosed(cause)["findings"][0]["fix"]["text"])
    ended = stack.wait(stack.start(f"diag-{cause}"))
    assert ended["status"] == "SUCCEEDED", ended["error"]


def test_a_column_that_is_renamed_in_the_source_is_told_and_the_correction_goes_well(failed: Failed) -> None:
    stack = failed.stack
    between = "type: expression, config: {keep: listed, columns: [{name: n, expression: amount * 2}]}"
    stack.apply(Broken("connector: db, table: diag_drift", between=between).recipe("drift"))
    assert stack.wait(stack.start("diag-drift"))["status"] == "SUCCEEDED"
    stack.sql("ALTER TABLE diag_drift RENAME COLUMN amount TO amount_eur")
    run = stack.start("diag-drift")
    assert stack.wait(run)["status"] == "FAILED"
    found = stack.client.call("POST", f"/runs/{run}/diagnose", body={})
    first = found["findings"][0]
    assert (first["cause"], "is called amount_eur now" in first["sentence"]) == ("column-renamed", True), found
    assert "it last ended well" in found["seen"]["sentence"]
    stack.apply(first["fix"]["text"])
    assert stack.wait(stack.start("diag-drift"))["status"] == "SUCCEEDED"


def test_a_run_that_waits_for_a_label_is_told_which_and_one_that_was_cancelled_is_not_broken(stack: Stack) -> None:
    stack.apply(Broken(rows("(1, 'a')"), spec="worker: diag-gpu\n  pushDown: {mode: 'off'}").recipe("label"))
    run = stack.start("diag-label")

    def told() -> Any:
        found = stack.client.call("POST", f"/runs/{run}/diagnose", body={})["findings"]
        return next((one for one in found if one["cause"] == "no-worker-with-label"), None)

    assert "PENSTOCK_WORKER_LABELS=diag-gpu" in stack.until(told, 30, "the scheduler to miss the label")["fix"]["text"]
    stack.client.call("POST", f"/runs/{run}/cancel")
    stack.wait(run)
    found = stack.client.call("POST", f"/runs/{run}/diagnose", body={})
    assert found["summary"] == "Somebody cancelled the run; nothing is wrong with it."


def penstock(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    command = [sys.executable, "-m", "services.api.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_command_line_tells_it_and_other_commands_point_to_it(failed: Failed) -> None:
    run = failed.runs["value-too-long"]
    failed.stack.wait(run)
    told = penstock(failed.stack, "diagnose", run)
    assert told.returncode == 0, told.stderr
    assert "Text too long (certain, value-too-long)" in told.stdout
    status = penstock(failed.stack, "status", run).stdout
    assert "likely cause: A text is longer" in status
    assert f"penstock diagnose {run}" in status
    assert penstock(failed.stack, "diagnose", run, "--fix").returncode == 1
    fixed = penstock(failed.stack, "diagnose", failed.runs["duplicate-key"], "--fix")
    assert (fixed.returncode, "UPSERT" in fixed.stdout) == (0, True), fixed.stderr
    assert penstock(failed.stack, "diagnose").returncode == 0
