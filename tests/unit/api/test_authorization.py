"""Each call of the OpenAPI document, by each role, in its own and in a foreign namespace: who is let in, and who is not.

A call that is not in the table fails: whoever adds one says here who may make it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.datasets import Dataset
from shared.store import datasets, quality, tokens
from shared.store.identifiers import new_id

# Of conftest, which cannot be imported.
Api = Any
ROLES = ("viewer", "editor", "operator", "admin")
EVERYBODY, EDITOR, OPERATOR, ADMIN = ROLES
# What a call is about: a namespace that its caller names, a thing of one by its id (which tells nothing to who may not see it), lists of
# what one may see, the whole installation (whose token is limited to namespaces is not let in), or nothing that is anybody's. `open`: no
# token is needed; `secret`: none of ours helps.
NAMED, THING, LIST, WHOLE, NOTHING, OPEN, SECRET = "named", "thing", "list", "whole", "nothing", "open", "secret"

TABLE: dict[str, tuple[str, str]] = {
    "GET /api/docs": (EVERYBODY, OPEN),
    "POST /api/v1/apply": (EDITOR, NAMED),
    "GET /api/v1/audit": (ADMIN, LIST),
    "GET /api/v1/backfills": (EVERYBODY, LIST),
    "GET /api/v1/backfills/{backfill}": (EVERYBODY, THING),
    "POST /api/v1/backfills/{backfill}/cancel": (OPERATOR, THING),
    "GET /api/v1/backfills/{backfill}/dates": (EVERYBODY, THING),
    "POST /api/v1/backfills/{backfill}/pause": (OPERATOR, THING),
    "POST /api/v1/backfills/{backfill}/resume": (OPERATOR, THING),
    "GET /api/v1/calendars/{name}/explain": (EVERYBODY, NAMED),
    "GET /api/v1/checks/{check}": (EVERYBODY, THING),
    "GET /api/v1/checks/{check}/{stage}": (EVERYBODY, THING),
    "GET /api/v1/checks/{check}/{stage}/offenders": (EVERYBODY, THING),
    "GET /api/v1/checks/{check}/export": (OPERATOR, THING),
    "GET /api/v1/circuit-breakers": (EVERYBODY, LIST),
    "GET /api/v1/circuit-breakers/{namespace}/{name}": (EVERYBODY, NAMED),
    "POST /api/v1/circuit-breakers/{namespace}/{name}/reset": (OPERATOR, NAMED),
    "GET /api/v1/connector-types": (EVERYBODY, NOTHING),
    "GET /api/v1/connector-types/{kind}/schema": (EVERYBODY, NOTHING),
    "GET /api/v1/connectors": (EVERYBODY, LIST),
    "GET /api/v1/connectors/{namespace}/{name}": (EVERYBODY, NAMED),
    "PUT /api/v1/connectors/{namespace}/{name}": (EDITOR, NAMED),
    "DELETE /api/v1/connectors/{namespace}/{name}": (EDITOR, NAMED),
    "POST /api/v1/connectors/{namespace}/{name}/check": (EDITOR, NAMED),
    "GET /api/v1/connectors/{namespace}/{name}/diff": (EVERYBODY, NAMED),
    "POST /api/v1/connectors/{namespace}/{name}/discover": (EDITOR, NAMED),
    "GET /api/v1/connectors/{namespace}/{name}/looks/{request}": (EDITOR, NAMED),
    "POST /api/v1/connectors/{namespace}/{name}/preview": (EDITOR, NAMED),
    "POST /api/v1/connectors/{namespace}/{name}/restore": (EDITOR, NAMED),
    "GET /api/v1/connectors/{namespace}/{name}/versions": (EVERYBODY, NAMED),
    "GET /api/v1/connectors/{namespace}/{name}/versions/{version}": (EVERYBODY, NAMED),
    "GET /api/v1/credentials": (EDITOR, LIST),
    "POST /api/v1/credentials/reseal": (ADMIN, WHOLE),
    "GET /api/v1/credentials/{namespace}/{name}": (EDITOR, NAMED),
    "PUT /api/v1/credentials/{namespace}/{name}": (EDITOR, NAMED),
    "DELETE /api/v1/credentials/{namespace}/{name}": (EDITOR, NAMED),
    "GET /api/v1/dead-letters": (EVERYBODY, LIST),
    "PATCH /api/v1/dead-letters": (OPERATOR, THING),
    "DELETE /api/v1/dead-letters": (OPERATOR, LIST),
    "GET /api/v1/dead-letters/{letter}": (EVERYBODY, THING),
    "PATCH /api/v1/dead-letters/{letter}": (OPERATOR, THING),
    "DELETE /api/v1/dead-letters/{letter}": (OPERATOR, THING),
    "GET /api/v1/dead-letters/export": (EVERYBODY, LIST),
    "POST /api/v1/dead-letters/replay": (OPERATOR, THING),
    "GET /api/v1/dead-letters/summary": (EVERYBODY, LIST),
    "POST /api/v1/dead-letters/waive": (OPERATOR, LIST),
    "GET /api/v1/engines": (EVERYBODY, NOTHING),
    "GET /api/v1/flow-types": (EVERYBODY, NOTHING),
    "GET /api/v1/formats": (EVERYBODY, NOTHING),
    "GET /api/v1/logins": (EVERYBODY, OPEN),
    "GET /api/v1/node-types": (EVERYBODY, NOTHING),
    "GET /api/v1/notifications": (EVERYBODY, LIST),
    "GET /api/v1/notifications/{notification}": (EVERYBODY, THING),
    "POST /api/v1/notifications/{notification}/resend": (OPERATOR, THING),
    "GET /api/v1/pipelines": (EVERYBODY, LIST),
    "GET /api/v1/pipelines/{namespace}/{name}": (EVERYBODY, NAMED),
    "PUT /api/v1/pipelines/{namespace}/{name}": (EDITOR, NAMED),
    "DELETE /api/v1/pipelines/{namespace}/{name}": (EDITOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/backfill": (OPERATOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/backfill/preview": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/diff": (EVERYBODY, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/disable": (OPERATOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/enable": (OPERATOR, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/docs": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/explain": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/export": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/lineage": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/next": (EVERYBODY, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/notifications/test": (OPERATOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/plan": (EVERYBODY, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/restore": (EDITOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/runs": (OPERATOR, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/state": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/state/{node}": (EVERYBODY, NAMED),
    "PUT /api/v1/pipelines/{namespace}/{name}/state/{node}": (OPERATOR, NAMED),
    "DELETE /api/v1/pipelines/{namespace}/{name}/state/{node}": (OPERATOR, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/triggers": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/deliveries": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/deliveries/{delivery}": (EVERYBODY, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/deliveries/{delivery}/reject": (OPERATOR, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/deliveries/{delivery}/release": (OPERATOR, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/files": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/firings": (EVERYBODY, NAMED),
    "POST /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/test": (OPERATOR, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/versions": (EVERYBODY, NAMED),
    "GET /api/v1/pipelines/{namespace}/{name}/versions/{version}": (EVERYBODY, NAMED),
    "GET /api/v1/plans/{plan}": (EVERYBODY, THING),
    "POST /api/v1/plans/{plan}/approve": (OPERATOR, THING),
    "GET /api/v1/quality": (EVERYBODY, LIST),
    "GET /api/v1/quality/{namespace}/{dataset}": (EVERYBODY, NAMED),
    "POST /api/v1/quality/{namespace}/{dataset}/suggest": (EVERYBODY, NAMED),
    "POST /api/v1/quality/{namespace}/{rule_set}/run": (OPERATOR, NAMED),
    "GET /api/v1/resources/{kind}/{namespace}/{name}": (EVERYBODY, NAMED),
    "DELETE /api/v1/resources/{kind}/{namespace}/{name}": (EDITOR, NAMED),
    "GET /api/v1/resources/{kind}/{namespace}/{name}/diff": (EVERYBODY, NAMED),
    "POST /api/v1/resources/{kind}/{namespace}/{name}/restore": (EDITOR, NAMED),
    "GET /api/v1/resources/{kind}/{namespace}/{name}/versions": (EVERYBODY, NAMED),
    "GET /api/v1/resources/{kind}/{namespace}/{name}/versions/{version}": (EVERYBODY, NAMED),
    "GET /api/v1/runs": (EVERYBODY, LIST),
    "GET /api/v1/runs/{run}": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/attempts": (EVERYBODY, THING),
    "POST /api/v1/runs/{run}/cancel": (OPERATOR, THING),
    "GET /api/v1/runs/{run}/events": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/graph": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/ledger": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/logs": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/nodes/{node}": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/diff": (EVERYBODY, THING),
    "GET /api/v1/runs/{run}/staging.duckdb": (OPERATOR, THING),
    "POST /api/v1/runs/{run}/diagnose": (EVERYBODY, THING),
    "POST /api/v1/runs/{run}/retry": (OPERATOR, THING),
    "POST /api/v1/runs/cancel": (OPERATOR, LIST),
    "POST /api/v1/runs/label": (EDITOR, LIST),
    "POST /api/v1/runs/retry": (OPERATOR, LIST),
    "GET /api/v1/schemas/{kind}.json": (EVERYBODY, OPEN),
    "GET /api/v1/schemas/nodes/{kind}.json": (EVERYBODY, OPEN),
    "POST /api/v1/session": (EVERYBODY, OPEN),
    "GET /api/v1/session": (EVERYBODY, NOTHING),
    "GET /api/v1/session/oidc": (EVERYBODY, OPEN),
    "GET /api/v1/session/oidc/callback": (EVERYBODY, OPEN),
    "DELETE /api/v1/session": (EVERYBODY, NOTHING),
    "GET /api/v1/system": (EVERYBODY, NOTHING),
    "GET /api/v1/system/doctor": (OPERATOR, WHOLE),
    "GET /api/v1/tokens": (ADMIN, LIST),
    "POST /api/v1/tokens": (ADMIN, NOTHING),
    "DELETE /api/v1/tokens/{token}": (ADMIN, THING),
    "POST /api/v1/tokens/{token}/readmit": (ADMIN, THING),
    "POST /api/v1/validate": (EVERYBODY, NOTHING),
    "GET /health/live": (EVERYBODY, OPEN),
    "GET /health/ready": (EVERYBODY, OPEN),
    "POST /hooks/{namespace}/{pipeline}/{trigger}": (EVERYBODY, SECRET),
    "GET /metrics": (EVERYBODY, WHOLE),
}
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: guarded}
spec:
  schedule: "0 6 * * *"
  triggers:
    - {type: webhook, name: orders, token: "{{credential:guarded#token}}", review: true}
  notifications: [{on: [failure], type: webhook, connector: guarded-hook}]
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: orders.csv, schema: {id: BIGINT}}}
    - {id: keep, type: connector_sink, config: {connector: files, path: kept.csv, writeMode: INSERT}}
  edges: [{from: read, to: keep}]
"""
OTHERS = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: guarded-hook}
spec: {type: http_push, config: {url: "http://127.0.0.1:1/in"}}
---
apiVersion: penstock/v1
kind: Calendar
metadata: {name: guarded}
spec: {dates: ["2026-05-04"]}
"""
BACKFILL = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}
# In words that carry a namespace, or that a call refuses to be without.
BODIES: dict[str, Any] = {
    "POST /api/v1/apply": RECIPE,
    "POST /api/v1/validate": RECIPE,
    "PUT /api/v1/pipelines/{namespace}/{name}": RECIPE,
    "PUT /api/v1/connectors/{namespace}/{name}": OTHERS.partition("---")[0],
    "POST /api/v1/pipelines/{namespace}/{name}/backfill": {"from": "2026-02-01T00:00:00Z", "to": "2026-02-03T00:00:00Z"},
    "POST /api/v1/pipelines/{namespace}/{name}/backfill/preview": BACKFILL,
    "POST /api/v1/connectors/{namespace}/{name}/preview": {"path": "orders.csv"},
    "PUT /api/v1/credentials/{namespace}/{name}": {"token": "t0ken"},
    **{f"POST /api/v1/{what}/{{namespace}}/{{name}}/restore": {"version": 1} for what in ("connectors", "pipelines", "resources/{kind}")},
    "PUT /api/v1/pipelines/{namespace}/{name}/state/{node}": {"next": 1},
    "POST /api/v1/tokens": {"name": "made", "role": "viewer"},
}
QUERIES = {
    **{f"GET /api/v1/{what}/{{namespace}}/{{name}}/diff": "?from=1&to=1" for what in ("connectors", "pipelines", "resources/{kind}")},
    "GET /api/v1/calendars/{name}/explain": "?namespace=default",
    "GET /api/v1/runs/{run}/staging.duckdb": "?wait=0",
    "GET /api/v1/runs/{run}/events": "?follow=false",
    "GET /api/v1/runs/{run}/logs": "?follow=false",
    "POST /api/v1/connectors/{namespace}/{name}/check": "?wait=0",
    "POST /api/v1/connectors/{namespace}/{name}/discover": "?wait=0",
    "POST /api/v1/connectors/{namespace}/{name}/preview": "?wait=0",
    "GET /api/v1/pipelines/{namespace}/{name}/export": "?wait=0",
    "POST /api/v1/pipelines/{namespace}/{name}/plan": "?wait=0",
}


class World:
    """One of everything, in the namespace `default`, and a token of each role for it and for another one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        with api.database.transaction() as tx:
            for role in ROLES:
                for where in ("default", "elsewhere"):
                    tokens.put(tx, f"{role}-{where}", f"{role} of {where}", role, [where])
        api.apply(OTHERS)
        self.made("PUT", "/credentials/default/guarded", {"token": "t0ken"})
        api.apply(RECIPE)
        api.apply(
            "{apiVersion: penstock/v1, kind: DataQualityRuleSet, metadata: {name: guarded},"
            " spec: {dataset: {connector: db, table: guarded},"
            " rules: [{name: there, type: NOT_NULL, column: id}]}}"
        )
        run = api.run("guarded", {"reads": [{"node": "read"}]})
        with api.database.transaction() as tx:
            tx.execute(
                "INSERT INTO nodes (run_id, node, ordinal, type, generation, status, figures)"
                " VALUES (%(run)s, 'read', 0, 'connector_source', 1, 'COMPLETED', '{}')",
                {"run": run},
            )
            datasets.insert(tx, run, 1, 1, [Dataset("read", "/gone/read.parquet", (), 1, 1)])
        delivered = api.client.post("/hooks/default/guarded/orders", json={"id": 1}, headers={"Authorization": "Bearer t0ken"})
        assert delivered.status_code == 202, delivered.text
        self.ids: dict[str, Any] = {
            "namespace": "default",
            "name": "guarded",
            "pipeline": "guarded",
            "trigger": "orders",
            "kind": "Pipeline",
            "version": 1,
            "node": "read",
            "dataset": "default/db:guarded",
            "rule_set": "guarded",
            "stage": 2,
            "run": run,
            "letter": api.letter(run, "read", {"id": 1}, kind="row"),
            "delivery": delivered.json["delivery"],
            "backfill": self.made("POST", "/pipelines/default/guarded/backfill", BACKFILL)["id"],
            "plan": self.made("POST", "/pipelines/default/guarded/plan?wait=0", {})["id"],
            "request": self.made("POST", "/connectors/default/guarded-hook/check?wait=0", {})["request"],
            "notification": self.made("POST", "/pipelines/default/guarded/notifications/test", {})["items"][0]["id"],
            "check": self.checked(),
            "token": self.made("POST", "/tokens", {"name": "guarded", "role": "viewer", "namespaces": ["default"]})["id"],
        }

    def made(self, method: str, path: str, body: Any) -> Any:
        answer = self.api.call(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def checked(self) -> str:
        run = str(new_id())
        with self.api.database.transaction() as tx:
            quality.insert(
                tx, run, 2, "default",
                {
                    "ruleSet": "guarded", "dataset": "default/db:guarded", "scope": "batch", "score": 90.0, "partial": False, "passed": 1,
                    "failed": 0, "errors": 0, "formula": {"text": "f"}, "rows": 10, "metrics": {}, "results": [],
                    "profile": {"rows": 10, "columns": []}, "drift": None, "blocked": [],
                },
            )  # fmt: skip
        return run

    def address(self, call: str) -> str:
        ids = dict(self.ids)
        path = call.partition(" ")[2]
        if "/schemas/nodes/" in path:
            ids["kind"] = "filter"
        elif "/connector-types/" in path:
            ids["kind"] = "postgres"
        elif path.startswith(("/api/v1/connectors/", "/api/v1/circuit-breakers/")):
            ids["name"] = "guarded-hook"
        if "/triggers/{trigger}/files" in path:
            ids["trigger"] = "arriving"
        return path.format(**ids) + QUERIES.get(call, "")

    def call(self, call: str, token: str | None) -> Any:
        body = BODIES.get(call, {})
        if call in {"PATCH /api/v1/dead-letters"}:
            body = {"letters": [{"id": self.ids["letter"], "state": "waived"}]}
        elif call in {f"POST /api/v1/runs/{what}" for what in ("cancel", "label", "retry")}:
            body = {"ids": [self.ids["run"]], **({"set": {"seen": "yes"}} if call.endswith("label") else {})}
        elif call in {"POST /api/v1/dead-letters/replay", "POST /api/v1/dead-letters/waive"}:
            body = {"ids": [self.ids["letter"]]}
        elif call == "DELETE /api/v1/dead-letters":
            return self.send("DELETE", f"{self.address(call)}?run={self.ids['run']}", token, None)
        return self.send(call.partition(" ")[0], self.address(call), token, body)

    def send(self, method: str, path: str, token: str | None, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if isinstance(body, str):
            return self.api.client.open(path, method=method, headers=headers, data=body, content_type="application/yaml")
        return self.api.client.open(path, method=method, headers=headers, json=body if method not in {"GET", "DELETE"} else None)


def expected(call: str, role: str, where: str) -> str:
    """in: it is done, or told why not; nothing: it sees and changes nothing of anybody else's; out: 403; gone: 404, as of what is not
    there; stranger: 401.
    """
    needed, about = TABLE[call]
    if about == OPEN:
        return "in"
    if about == SECRET:
        return "stranger"
    if ROLES.index(role) < ROLES.index(needed) or about == WHOLE:
        return "out"
    if where == "default" or about == NOTHING:
        return "in"
    return "nothing" if about == LIST else "gone" if about == THING else "out"


CASES = [(call, role, where) for call in TABLE for role in ROLES for where in ("default", "elsewhere")]
# What is let in may take away what others are kept from: it comes last, and what takes away comes after all else.
CASES.sort(key=lambda case: (expected(*case) == "in", case[0].startswith(("DELETE", "PUT")), case[0]))


@pytest.fixture(autouse=True, scope="module")
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_MASTER_KEY", base64.b64encode(b"k" * 32).decode())
        yield


@pytest.fixture(scope="module")
def world(api: Api, keys: None) -> World:
    return World(api)


def test_every_call_of_the_document_is_in_the_table_and_no_other(api: Api) -> None:
    document = api.client.get("/api/v1/openapi.json").json
    there = {f"{method.upper()} {path}" for path, calls in document["paths"].items() for method in calls if method != "parameters"}
    assert there == set(TABLE), "say in TABLE who may make the new call"


@pytest.mark.parametrize("call", [call for call in TABLE if call.startswith("GET ") and TABLE[call][1] in {NAMED, THING}])
def test_what_the_calls_are_about_is_there(world: World, call: str) -> None:
    """Else a 404 would look like a refusal."""
    missing = {
        "GET /api/v1/checks/{check}/export": 404,  # no worker collects rows here
        "GET /api/v1/connectors/{namespace}/{name}/looks/{request}": 202,  # and none answers
        "GET /api/v1/pipelines/{namespace}/{name}/export": 422,  # nobody has looked at its source
        "GET /api/v1/pipelines/{namespace}/{name}/triggers/{trigger}/files": 404,
        "GET /api/v1/runs/{run}/staging.duckdb": 202,
        "GET /api/v1/pipelines/{namespace}/{name}/state/{node}": 404,  # it keeps nothing
        "GET /api/v1/runs/{run}/diff": 404,  # there is no other to compare it with
    }
    answer = world.call(call, "admin-default")
    assert answer.status_code == missing.get(call, 200), answer.text


def test_a_viewer_sees_that_something_was_delivered_and_not_what(world: World) -> None:
    for path in ("", f"/{world.ids['delivery']}"):
        address = f"/api/v1/pipelines/default/guarded/triggers/orders/deliveries{path}"
        seen, whole = (world.send("GET", address, f"{role}-default", None).json for role in ("viewer", "editor"))
        assert [(one["items"][0] if "items" in one else one)["body"] for one in (seen, whole)] == [None, '{"id": 1}']


@pytest.mark.parametrize(("call", "role", "where"), CASES, ids=[f"{call} {role} {where}" for call, role, where in CASES])
def test_who_may_make_a_call(world: World, call: str, role: str, where: str) -> None:
    answer = world.call(call, f"{role}-{where}")
    said = f"{answer.status_code}: {answer.text[:300]}"
    match expected(call, role, where):
        case "in":
            assert answer.status_code not in {401, 403} and (answer.status_code < 500 or answer.status_code == 503), said
        case "nothing":
            assert answer.status_code in {200, 404, 409} or (answer.status_code == 202 and answer.json["done"] == 0), said
            assert "guarded" not in answer.text and world.ids["letter"] not in answer.text, said
        case "stranger":
            assert answer.status_code == 401, said
        case "gone":
            assert answer.status_code == 404 and "default" not in answer.text and "guarded" not in answer.text, said
        case "out":
            assert answer.status_code == 403, said


@pytest.mark.parametrize("call", [call for call in TABLE if TABLE[call][1] != OPEN])
def test_without_a_token_there_is_nothing(world: World, call: str) -> None:
    answer = world.call(call, None)
    assert answer.status_code == 401
    assert json.loads(answer.text)["status"] == 401


def test_metrics_need_a_token_of_everything_where_the_operator_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    extensions = world.api.client.application.extensions
    monkeypatch.setitem(extensions, "penstock.settings", replace(extensions["penstock.settings"], metrics="token"))
    answers = [world.send("GET", "/metrics", token, None).status_code for token in (None, "admin-default", "viewer-token")]
    assert answers == [401, 403, 200]


BORROWED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: borrowing, namespace: elsewhere}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: default/files, path: orders.csv}}
    - {id: keep, type: connector_sink, config: {connector: default/fils, path: kept.csv, writeMode: INSERT}}
  edges: [{from: read, to: keep}]
"""


@pytest.mark.parametrize("call", ["POST /api/v1/apply", "POST /api/v1/apply?draft=true", "PUT /api/v1/pipelines/elsewhere/borrowing"])
def test_a_document_names_connectors_only_of_namespaces_that_who_saves_it_may_edit(world: World, call: str) -> None:
    method, path = call.split()
    refused = world.send(method, path, "admin-elsewhere", BORROWED)
    assert (refused.status_code, "namespace default" in refused.json["detail"]) == (403, True)
    with world.api.database.transaction() as tx:
        tokens.put(tx, "editor-both", "editor of both", "editor", ["default", "elsewhere"])
    assert world.send(method, path, "editor-both", BORROWED).status_code in {200, 201}


def test_what_somebody_may_not_see_is_not_suggested_to_him(world: World) -> None:
    def suggested(token: str) -> list[Any]:
        return [error["suggestion"] for error in world.send("POST", "/api/v1/validate", token, BORROWED).json["errors"]]

    assert suggested("viewer-elsewhere") == [None, None]
    assert suggested("admin-token") == ["default/files"]
