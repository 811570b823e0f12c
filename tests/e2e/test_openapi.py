"""What /api/v1/openapi.json promises, held against what the API really answers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: promised}
spec:
  nodes:
    - {id: one, type: connector_source, config: {connector: files, path: promised.csv, schema: {id: BIGINT}}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/promised.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: result}]
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: promised}
spec:
  dataset: {connector: files, path: out/promised.csv}
  rules: [{name: there, type: NOT_NULL, column: id}]
"""


@pytest.fixture(scope="module")
def document(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{stack.url}/api/v1/openapi.json").json()
    return found


def test_every_call_says_what_it_takes_gives_and_how_it_fails(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            answers = {int(status): answer for status, answer in operation["responses"].items() if status.isdigit()}
            good = [status for status in answers if status < 400]
            bodies = [status for status in good if status not in {204, 302}]
            assert good or path in {"/metrics", "/api/docs"}, f"{method} {path} does not say what it answers"
            assert all("content" in answers[status] for status in bodies), f"{method} {path} answers without a body"
            assert "default" in operation["responses"] or path.endswith(("/events", "/logs")), f"{method} {path} cannot fail"
            if method in {"post", "put"} and not path.endswith(("/cancel", "/reseal", "/readmit")):
                assert "requestBody" in operation, f"{method} {path} takes no body"
    for response in document["components"]["responses"].values():
        assert set(response.get("content", {})) <= {"application/problem+json"}


def test_replies_are_as_promised_and_hold_nothing_beyond(stack: Stack, document: dict[str, Any]) -> None:
    (stack.files / "promised.csv").write_text("id\n1\n2\nx\n")
    kept(document, "post", "/api/v1/apply", 200, stack.apply(PIPELINE))
    run = stack.start("promised")
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED"
    for path, call in {
        "/api/v1/runs/{run}": f"/runs/{run}",
        "/api/v1/runs": "/runs",
        "/api/v1/runs/{run}/graph": f"/runs/{run}/graph",
        "/api/v1/runs/{run}/attempts": f"/runs/{run}/attempts",
        "/api/v1/dead-letters": f"/dead-letters?run={run}",
        "/api/v1/pipelines": "/pipelines",
        "/api/v1/pipelines/{namespace}/{name}": "/pipelines/default/promised",
        "/api/v1/pipelines/{namespace}/{name}/triggers": "/pipelines/default/promised/triggers",
        "/api/v1/connectors": "/connectors",
        "/api/v1/circuit-breakers": "/circuit-breakers",
        "/api/v1/circuit-breakers/{namespace}/{name}": "/circuit-breakers/default/db",
        "/api/v1/connectors/{namespace}/{name}": "/connectors/default/db",
        "/api/v1/credentials/{namespace}/{name}": "/credentials/default/db",
        "/api/v1/node-types": "/node-types",
        "/api/v1/connector-types": "/connector-types",
        "/api/v1/system": "/system",
        "/api/v1/engines": "/engines",
        "/api/v1/formats": "/formats",
        "/api/v1/pipelines/{namespace}/{name}/lineage": "/pipelines/default/promised/lineage",
        "/api/v1/runs/{run}/nodes/{node}": f"/runs/{run}/nodes/one",
        "/api/v1/runs/{run}/ledger": f"/runs/{run}/ledger",
        "/api/v1/pipelines/{namespace}/{name}/versions": "/pipelines/default/promised/versions",
        "/api/v1/pipelines/{namespace}/{name}/versions/{version}": "/pipelines/default/promised/versions/1",
        "/api/v1/pipelines/{namespace}/{name}/state": "/pipelines/default/promised/state",
        "/api/v1/resources/{kind}/{namespace}/{name}": "/resources/DataQualityRuleSet/default/promised",
        "/api/v1/quality": "/quality",
        "/api/v1/quality/{namespace}/{dataset}": "/quality/default/default/files:out/promised.csv",
        "/api/v1/checks/{check}": f"/checks/{run}",
        "/api/v1/dead-letters/summary": f"/dead-letters/summary?run={run}",
        "/api/v1/notifications": "/notifications",
        "/api/v1/backfills": "/backfills",
        "/api/v1/tokens": "/tokens",
        "/api/v1/session": "/session",
        "/api/v1/audit": "/audit",
        "/api/v1/system/doctor": "/system/doctor",
    }.items():
        kept(document, "get", path, 200, stack.client.call("GET", call))
    beside: dict[str, Any] = {"with": run}
    kept(document, "get", "/api/v1/runs/{run}/diff", 200, stack.client.call("GET", f"/runs/{run}/diff", **beside))
    changed = stack.client.call("POST", "/runs/label", body={"ids": [run], "set": {"promised": "yes"}})
    kept(document, "post", "/api/v1/runs/label", 202, changed)
    kept(document, "post", "/api/v1/validate", 200, stack.client.call("POST", "/validate", content=PIPELINE.encode()))
    plan = stack.client.call("POST", "/pipelines/default/promised/plan", body={})
    kept(document, "post", "/api/v1/pipelines/{namespace}/{name}/plan", 200, plan)
    kept(document, "post", "/api/v1/plans/{plan}/approve", 200, stack.client.call("POST", f"/plans/{plan['id']}/approve", body={}))
    diagnosed = stack.client.call("POST", f"/runs/{run}/diagnose", body={})
    kept(document, "post", "/api/v1/runs/{run}/diagnose", 200, diagnosed)
    assert plan["facts"] == "known"
    assert [node["id"] for node in plan["nodes"]] == ["one", "result"]


def kept(document: dict[str, Any], method: str, path: str, status: int, reply: Any) -> None:
    content = document["paths"][path][method]["responses"][str(status)]["content"]["application/json"]
    schema = {**content["schema"], "components": closed(document["components"])}
    jsonschema.Draft202012Validator(schema).validate(reply)
    assert reply, json.dumps(reply)


def closed(value: Any) -> Any:
    """The components with every object closed and every property required, so that nothing is told that is not promised, or the reverse."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: closed(one) for key, one in value.items()}
    if isinstance(inner.get("properties"), dict):
        inner["additionalProperties"] = False
        inner["required"] = sorted(set(inner["properties"]) - {"fields", "type"})
    return inner
