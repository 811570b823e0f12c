"""A client that a generator made of the OpenAPI document, and nobody has touched: it saves a recipe, starts a run and follows it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import yaml

from tests.support.stack import Stack

pytestmark = pytest.mark.stack
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: generated}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: generated.csv}}
    - {id: write, type: connector_sink, config: {connector: db, table: generated, writeMode: INSERT, createTable: true}}
  edges: [{from: read, to: write}]
"""


@pytest.fixture(scope="module")
def generated(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder = tmp_path_factory.mktemp("generated")
    document, settings = folder / "openapi.json", folder / "settings.yaml"
    document.write_text(httpx.get(f"{stack.url}/api/v1/openapi.json").text)
    # Nothing runs over what it wrote.
    settings.write_text("post_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none"]
    command += ["--output-path", str(folder / "penstock_client"), "--config", str(settings)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    sys.path.insert(0, str(folder))
    return import_module("penstock_client")


def called(module: str) -> Any:
    """Of a call's module, its function."""
    return import_module(f"penstock_client.api.{module}").sync


def model(name: str) -> Any:
    return getattr(import_module("penstock_client.models"), name)


def test_a_generated_client_saves_a_recipe_starts_a_run_and_follows_it_to_its_end(stack: Stack, generated: ModuleType) -> None:
    stack.connectors()
    (stack.files / "generated.csv").write_text("id\n1\n2\n")
    client = generated.AuthenticatedClient(stack.url, stack.home.api_token.read_text().strip())
    document = model("DocumentOrDraft").from_dict(yaml.safe_load(RECIPE))
    applied = called("documents.apply_documents")(client=client, body=document)
    assert [(one.kind, one.name, one.valid) for one in applied.applied] == [("Pipeline", "generated", True)]

    start, asked = called("pipelines.start_run"), model("StartRun")(reason="by a machine")
    run = start("default", "generated", client=client, body=asked, idempotency_key="generated-1")
    # The same key: the same run.
    assert start("default", "generated", client=client, body=asked, idempotency_key="generated-1").id == run.id
    until = time.monotonic() + 60
    while run.finished_at is None and time.monotonic() < until:
        time.sleep(0.1)
        run = called("runs.get_run")(str(run.id), client=client)
    assert (run.status, run.reason, run.progress.percent) == ("SUCCEEDED", "by a machine", 100.0)
    assert [(node.id, node.status, node.rows_out) for node in run.nodes] == [("read", "COMPLETED", 2), ("write", "COMPLETED", 2)]
    listed = called("runs.list_runs")(client=client, pipeline="generated", limit=1)
    assert [one.id for one in listed.items] == [run.id]


def test_what_goes_wrong_is_a_problem_to_a_generated_client(stack: Stack, generated: ModuleType) -> None:
    client = generated.AuthenticatedClient(stack.url, stack.home.api_token.read_text().strip())
    refused = called("pipelines.start_run")("default", "nowhere", client=client, body=model("StartRun")())
    assert isinstance(refused, model("Problem"))
    assert (refused.status, refused.detail) == (404, "there is no pipeline default/nowhere; apply it first")
    stranger = generated.AuthenticatedClient(stack.url, "no token")
    assert called("runs.list_runs")(client=stranger).status == 401


def test_calls_are_called_as_the_document_names_them(stack: Stack, generated: ModuleType) -> None:
    document = json.loads(httpx.get(f"{stack.url}/api/v1/openapi.json").text)
    folder = Path(str(generated.__file__)).parent / "api"
    made = {path.stem.replace("_", "") for path in folder.glob("*/*.py")}
    names = {one["operationId"].lower() for path in document["paths"].values() for method, one in path.items() if method != "parameters"}
    # All but those whose answers or bodies the generator does not know.
    assert len(names - made) <= 5, names - made
