"""`penstock test`: recipes on the real planner and engine, with the rows that tests give, and no server."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner

from services.api.cli.__main__ import cli

EXAMPLES = Path(__file__).parents[3] / "examples"
RECIPE = """\
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: orders}
spec:
  parameters: [{name: least, type: integer, default: 1}]
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: orders, where: "amount >= {{least}}"}}
    - {id: people, type: connector_source, config: {connector: files, path: people.csv}}
    - {id: who, type: joiner, config: {joinType: LEFT, left: read, right: people, prefix: p_, keys: [{left: person, right: id}]}}
    - id: net
      type: expression
      config:
        columns: [{name: day, expression: "{{data_interval_end}}"}, {name: each, expression: CAST(quantity AS BIGINT), type: BIGINT}]
    - id: doubled
      type: python
      config: {function: "def transform(table):\\n    table['amount'] = table['amount'] * 2\\n    return table\\n"}
    - id: write
      type: connector_sink
      config: {connector: db, table: out, writeMode: UPSERT, upsertKeys: [person], orderBy: [{column: id}]}
  edges:
    - {from: read, to: who}
    - {from: people, to: who}
    - {from: who, to: net}
    - {from: net, to: doubled}
    - {from: doubled, to: write}
"""
TESTS = """\
apiVersion: penstock/v1
kind: PipelineTest
metadata: {name: all}
spec:
  pipeline: orders
  logicalDate: 2026-03-29T02:00:00Z
  parameters: {least: 5}
  given:
    read:
      rows:
        - {id: 1, person: 1, amount: 5.10, quantity: '3'}
        - {id: 2, person: 1, amount: 6.20, quantity: '4'}
        - {id: 3, person: 2, amount: 7.30, quantity: many}
        - {id: 4, person: 2, amount: 1.00, quantity: '1'}
      schema: {amount: "NUMERIC(12, 2)", quantity: TEXT}
    people: {file: people.csv}
  expect:
    who: {count: 3}
    net.error: {rows: [{id: 3}]}
    # Of two rows with one key the last one is there afterwards.
    write: {rows: [{id: 2, person: 1, amount: 12.4, name: Ada, each: 4}]}
---
apiVersion: penstock/v1
kind: PipelineTest
metadata: {name: none}
spec:
  pipeline: orders
  given:
    read: {rows: [], schema: {id: BIGINT, person: BIGINT, amount: BIGINT, quantity: TEXT}}
    people: {rows: [{id: 1, name: Ada}]}
  expect: {write: {rows: []}}
---
apiVersion: penstock/v1
kind: PipelineTest
metadata: {name: fails}
spec:
  pipeline: orders
  given:
    read: {rows: [{id: 2, person: 1, amount: 6, quantity: '4'}, {id: 9, person: 3, amount: 2, quantity: '1'}]}
    people: {rows: [{id: 1, name: Ada}]}
  expect: {write: {rows: [{id: 2, amount: 12.5}, {id: 8, amount: 9}]}, who: {rows: [{colour: red}]}}
---
apiVersion: penstock/v1
kind: PipelineTest
metadata: {name: cannot}
spec:
  pipeline: orders
  given: {read: {rows: [{id: 1}]}, people: {rows: [{id: 1}]}}
  expect: {write: {count: 1}}
"""


def penstock(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["test", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "penstock.toml").write_text('name = "shop"\n')
    (tmp_path / "tests").mkdir()
    (tmp_path / "orders.yaml").write_text(RECIPE)
    (tmp_path / "tests" / "orders.yaml").write_text(TESTS)
    (tmp_path / "tests" / "people.csv").write_text("id,name\n1,Ada\n2,Bo\n")
    # Somebody else's: neither a document of ours nor to be read as one.
    (tmp_path / "compose.yaml").write_text("services: {a: [}\n")
    return tmp_path


def test_a_new_projects_own_test_passes(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["init", str(tmp_path / "shop"), "--yes"]).exit_code == 0
    code, out, err = penstock(str(tmp_path / "shop"))
    assert (code, err) == (0, "1 passed\n"), out
    assert out.startswith("PASSED default/shop")


def test_the_demos_tests_pass() -> None:
    code, out, err = penstock(str(EXAMPLES / "flights"))
    assert (code, err) == (0, "1 passed\n"), out


def test_joins_functions_parameters_rejected_rows_and_upserts_are_as_in_a_run(project: Path) -> None:
    code, out, err = penstock("--output", "json", "--junit", "results.xml")
    assert out, err
    results = {one["test"]: one for one in json.loads(out)["tests"]}
    assert (code, err) == (2, "2 passed, 1 failed, 1 error\n"), out
    assert results["default/all"]["status"] == results["default/none"]["status"] == "PASSED", out
    write, who = results["default/fails"]["checks"]
    assert write["differences"] == [
        {"expected": {"id": 2, "amount": 12.5}, "found": {"id": 2, "amount": 12}, "columns": ["amount"]},
        {"expected": {"id": 8, "amount": 9}, "found": None, "columns": []},
        {"expected": None, "found": {"id": 9, "amount": 4}, "columns": []},
    ]
    assert who["problem"].startswith("there is no column colour; there is id, person, amount, quantity")
    assert results["default/cannot"]["message"] == "node read: there is no column amount; there is id"
    (suite,) = ElementTree.parse(project / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")


def test_only_what_is_named_runs_and_the_difference_is_a_table(project: Path) -> None:
    code, out, err = penstock("tests/orders.yaml", "--only", "fails")
    assert (code, err) == (1, "1 failed\n")
    assert "write: 2 rows came out, 2 expected; they differ:" in out
    assert "12, not 12.5" in out
    assert penstock("--only", "nobody")[0] == 2
    assert yaml.safe_load(penstock("--only", "none", "--output", "yaml")[1])["tests"][0]["status"] == "PASSED"


def test_mistakes_are_told_at_their_line_and_column(project: Path) -> None:
    wrong = (
        TESTS.split("---")[0]
        .replace("people: {file", "peple: {file")
        .replace("who: {count: 3}", "who.left: {count: 3}")
        .replace("5}", "5}\n  colour: red")
    )
    (project / "tests" / "orders.yaml").write_text(wrong)
    code, _, err = penstock()
    assert code == 2
    assert "tests/orders.yaml:8:3: error" in err and "colour" in err
    assert "tests/orders.yaml:17:5: error: test 'all' names 'peple', which pipeline 'orders' does not have: did you mean 'people'?" in err
    assert "tests/orders.yaml:19:5: error: node who has no port left" in err
    (project / "tests" / "orders.yaml").write_text(TESTS.replace("pipeline: orders", "pipeline: others"))
    assert "names the pipeline 'default/others', which does not exist" in penstock()[2]
