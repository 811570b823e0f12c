"""The language through the API and the command line: what it says of itself, what runs, what is kept, and what a run is refused for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import jsonschema
import pytest

from services.api.cli.client import CallRefused
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  retries: 0
  nodes:
    - {id: orders, type: connector_source, config: {connector: files, path: orders.csv}}
NODES
    - {id: out, type: connector_sink, config: {connector: files, path: out/NAME.csv, writeMode: OVERWRITE}}
    - {id: rest, type: connector_sink, config: {connector: files, path: out/NAME-rest.csv, writeMode: OVERWRITE}}
  edges: [EDGES]
"""
STEPS = """    - {id: once, type: deduplicate, config: {keys: [id]}}
    - {id: good, type: validate, config: {rules: [{name: priced, type: NOT_NULL, column: price}]}}
    - {id: sizes, type: router, config: {routes: [{name: large, condition: price >= 100}]}}
    - {id: total, type: sql, config: {query: 'SELECT COUNT(*) AS n, SUM(price) AS total FROM "sizes.large"'}}
    - {id: key, type: sequence_generator, config: {column: k, start: 7, persistent: false}}
"""
EDGES = "{from: orders, to: once}, {from: once, to: good}, {from: good.valid, to: sizes}, {from: sizes.large, to: total},"
EDGES += " {from: total, to: key}, {from: key, to: out}, {from: sizes.default, to: rest}"


def recipe(name: str, nodes: str, edges: str) -> str:
    return RECIPE.replace("NAME", name).replace("NODES\n", nodes).replace("EDGES", edges)


def test_the_new_node_types_run_and_every_row_is_accounted_for(stack: Stack) -> None:
    stack.connectors()
    (stack.files / "orders.csv").write_text("id,price\n1,100\n1,100\n2,250\n3,5\n4,\n")
    stack.apply(recipe("new-types", STEPS, EDGES))
    ended = stack.wait(stack.start("new-types"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert (stack.files / "out" / "new-types.csv").read_text().splitlines() == ["n,total,k", "2,350,7"]
    assert (stack.files / "out" / "new-types-rest.csv").read_text().splitlines() == ["id,price", "3,5"]
    figures = {node["id"]: (node["rowsIn"], node["rowsOut"], node["rowsRejected"]) for node in ended["nodes"]}
    assert figures["once"] == (5, 4, 0)
    assert figures["good"] == (4, 3, 1)
    assert figures["sizes"] == (3, 3, 0)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("ai_extract", "column: id, schema: {product: TEXT}"),
        ("cdr_decoder", "column: id, recordTypes: [out]"),
    ],
)
def test_what_cannot_run_yet_is_saved_and_refused_by_plan_and_run_with_one_sentence(stack: Stack, kind: str, config: str) -> None:
    stack.connectors()
    name = f"later-{kind.replace('_', '-')}"
    node = f"    - {{id: it, type: {kind}, config: {{{config}}}}}\n"
    edges = "{from: orders, to: it}, {from: it, to: out}, {from: orders, to: rest}"
    (applied,) = stack.apply(recipe(name, node, edges))["applied"]
    assert applied["valid"] is True
    for call in ("plan", "runs"):
        with pytest.raises(CallRefused) as refused:
            stack.client.call("POST", f"/pipelines/default/{name}/{call}", body={})
        assert refused.value.status == 409
        (error,) = refused.value.errors
        assert (error["code"], error["severity"], error["node"]) == ("not_available_yet", "error", "it")
        assert "'it'" in error["message"] and kind in error["message"]


def test_schemas_are_served_without_a_token_and_describe_what_is_applied(stack: Stack) -> None:
    for name in ("Pipeline", "pipeline", "recipe", "Calendar"):
        schema = httpx.get(f"{stack.url}/api/v1/schemas/{name}.json").raise_for_status().json()
        jsonschema.Draft202012Validator.check_schema(schema)
    assert httpx.get(f"{stack.url}/api/v1/schemas/nodes/router.json").json()["properties"]["mode"]["enum"] == ["first", "all"]
    assert httpx.get(f"{stack.url}/api/v1/schemas/Pipelin.json").status_code == 404
    types = {one["name"]: one for one in stack.client.call("GET", "/node-types")["items"]}
    assert len(types) == 18
    assert (types["router"]["available"], types["ai_extract"]["available"], types["filter"]["inputs"]) == (
        True,
        False,
        {"least": 1, "most": 1},
    )
    assert stack.client.call("GET", "/connector-types/postgres/schema")["properties"]["password"]["writeOnly"] is True


def test_the_sample_recipe_of_the_seed_validates_as_it_stands(stack: Stack) -> None:
    text = (ROOT / "examples" / "sales" / "daily-sales-load.yaml").read_bytes()
    said = stack.client.call("POST", "/validate", content=text)
    assert said["valid"] is True
    assert {error["severity"] for error in said["errors"]} == {"warning"}
    assert [error["node"] for error in said["errors"] if error["code"] == "unknown_connector"] == ["read-oracle", "write-snowflake"]


def test_a_flow_in_toml_and_every_other_kind_are_kept_beside_one_another(stack: Stack) -> None:
    texts = [(ROOT / "examples" / "sales" / name).read_text() for name in ("orders-in-sync.toml", "around.yaml")]
    applied = stack.apply("---\n".join(texts))["applied"]
    assert [one["kind"] for one in applied] == ["Flow", "PipelineDependency", "Calendar", "DataQualityRuleSet", "PipelineTest", "Connector"]
    kept = stack.client.call("GET", "/resources/Flow/sales-analytics/orders-in-sync")
    assert kept["document"].startswith("# A flow, in TOML")
    with pytest.raises(CallRefused):
        stack.apply(texts[0].replace("incremental_sync", "incremental_sink") + "---\n" + texts[1].replace("trading-days", "other-days"))
    with pytest.raises(CallRefused):
        stack.client.call("GET", "/resources/Calendar/sales-analytics/other-days")


def test_the_command_line_validates_without_a_server_and_writes_schemas(tmp_path: Path) -> None:
    def penstock(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "PENSTOCK_HOME": str(tmp_path / "nothing-there")}
        command = [sys.executable, "-m", "services.api.cli", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    file = tmp_path / "wrong.toml"
    file.write_text((ROOT / "examples" / "sales" / "orders-in-sync.toml").read_text().replace("incremental_sync", "incremental_sink"))
    wrong = penstock("validate", str(file))
    assert (wrong.returncode, f"{file}:11:8: error" in wrong.stdout, "did you mean 'incremental_sync'?" in wrong.stdout) == (2, True, True)
    assert penstock("schema", "--folder", str(tmp_path / "schemas")).returncode == 0
    assert {path.stem for path in (tmp_path / "schemas").iterdir()} >= {"recipe", "Pipeline", "Flow"}
