"""What callers name: lists by namespace and name, namespaces that they may not see, and fields of bodies that are wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.store import tokens

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME, namespace: SPACE, annotations: {owner: data-team}}
spec:
  schedule: "0 6 * * *"
  parameters: [{name: on, type: boolean, default: true}]
  nodes:
    - {id: read, type: connector_source, config: {connector: default/files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: default/db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


@pytest.fixture(scope="module", autouse=True)
def saved(api: Any) -> None:
    for name, space in (("asked", "default"), ("asked-too", "default"), ("asked", "other")):
        api.apply(RECIPE.replace("NAME", name).replace("SPACE", space))
    with api.database.transaction() as tx:
        tokens.put(tx, "admin-of-other", "admin of other", "admin", ["other"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=asked", ["default/asked", "other/asked"]),
        ("namespace=default", ["default/asked", "default/asked-too"]),
        ("namespace=default&name=asked-too", ["default/asked-too"]),
        ("name=nothing", []),
    ],
)
def test_pipelines_are_listed_by_namespace_and_name(api: Any, query: str, names: list[str]) -> None:
    found = api.call("GET", f"/pipelines?{query}").json["items"]
    assert [f"{one['namespace']}/{one['name']}" for one in found] == names


def test_a_list_goes_on_within_what_was_asked_for(api: Any) -> None:
    first = api.call("GET", "/pipelines?name=asked&limit=1").json
    second = api.call("GET", f"/pipelines?name=asked&limit=1&cursor={first['nextCursor']}").json
    assert [one["namespace"] for one in first["items"] + second["items"]] == ["default", "other"]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("what", ["runs", "backfills", "notifications", "dead-letters"])
def test_a_pipeline_is_asked_for_by_its_name_or_its_full_name(api: Any, what: str) -> None:
    run = api.run("asked", {"reads": [{"node": "read"}]})
    api.letter(run, "read", {"line": "x"})
    short, full = (api.call("GET", f"/{what}?pipeline={name}").json["items"] for name in ("asked", "default/asked"))
    assert short == full
    assert bool(full) == (what in {"runs", "dead-letters"})
    refused = api.call("GET", f"/{what}?pipeline=default/asked&namespace=other")
    assert (refused.status_code, refused.json["detail"]) == (422, "pipeline default/asked is not in namespace other; leave namespace out")


@pytest.mark.parametrize("what", ["pipelines", "connectors", "runs", "backfills", "notifications", "dead-letters", "quality", "audit"])
def test_a_namespace_that_may_not_be_seen_is_no_empty_list(api: Any, what: str) -> None:
    headers = {"Authorization": "Bearer admin-of-other"}
    assert api.client.get(f"/api/v1/{what}?namespace=other", headers=headers).status_code == 200
    assert api.client.get(f"/api/v1/{what}?namespace=default", headers=headers).status_code == 403


def test_each_field_of_a_body_that_is_wrong_is_told(api: Any) -> None:
    refused = api.call("POST", "/pipelines/default/asked/runs", {"parameters": [], "version": "x", "reson": "y"})
    assert (refused.status_code, refused.json["detail"]) == (422, "version must be a whole number")
    known = "version, logicalDate, reason, fullRefresh, fromNode, planId, parameters"
    assert refused.json["errors"] == [
        {"path": "/version", "message": "version must be a whole number"},
        {"path": "/parameters", "message": "parameters must be an object"},
        {"path": "/reson", "message": f"reson is not known here; there is {known}"},
    ]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("POST /runs/cancel", {"path": "/ids", "message": "give ids, or a query with at least one filter"}),
        ("GET /runs?limit=0", {"path": "/query/limit", "message": "limit is 0; it must be a whole number from 1 to 500"}),
        (
            "GET /pipelines/default/asked/export?target=cobol",
            {"path": "/query/target", "message": "target must be one of: sql, python, dbt, airflow, spark"},
        ),
        ("POST /pipelines/default/asked/backfill", {"path": "/from", "message": "from is missing"}),
        ("PATCH /dead-letters", {"path": "/letters", "message": "letters is missing"}),
    ],
)
def test_what_is_wrong_is_told_with_the_name_of_it(api: Any, call: str, told: dict[str, str]) -> None:
    method, path = call.split()
    refused = api.call(method, path, {} if method != "GET" else None)
    assert (refused.status_code, refused.json["errors"]) == (422, [told])


@pytest.mark.parametrize(
    ("call", "text", "known"),
    [
        ("POST /apply?dryrun=true", RECIPE, "dryRun, draft, message"),
        ("PUT /pipelines/other/unasked?dryRun=true", RECIPE, "message"),
        ("DELETE /pipelines/other/asked?dryRun=true", None, "message"),
        ("DELETE /dead-letters?namespace=default&nod=read", None, "node"),
    ],
)
def test_a_call_that_changes_something_does_nothing_by_a_word_it_does_not_know(api: Any, call: str, text: str | None, known: str) -> None:
    """What was misspelt would have kept it from what it does."""
    api.letter(api.run("asked", {"reads": [{"node": "read"}]}), "read", {"line": "x"})
    count = "SELECT (SELECT count(*) FROM resource_versions) + (SELECT count(*) FROM dead_letters) AS n"
    before = api.all(count)
    method, path = call.split()
    headers = {"Authorization": "Bearer admin-token", "Content-Type": "application/yaml"}
    data = text.replace("NAME", "unasked").replace("SPACE", "other") if text else None
    refused = api.client.open(f"/api/v1{path}", method=method, headers=headers, data=data)
    wrong = path.rpartition("?")[2].rpartition("&")[2].partition("=")[0]
    assert refused.status_code == 422
    assert refused.json["detail"].startswith(f"{wrong} is not known here; there is ")
    assert known in refused.json["detail"]
    assert (api.all(count), api.call("GET", "/pipelines/other/asked").status_code) == (before, 200)


def test_no_call_overlooks_a_word_of_its_query_that_it_does_not_know(api: Any) -> None:
    """A misspelt filter would list everything."""
    refused: dict[str, tuple[int, str]] = {}
    for path, calls in api.call("GET", "/openapi.json").json["paths"].items():
        shared = calls.get("parameters", [])
        for method, call in calls.items():
            if method != "parameters" and any(one.get("in") == "query" for one in [*shared, *call.get("parameters", [])]):
                address = re.sub(r"\{[^}]*\}", "1", path).removeprefix("/api/v1")
                found = api.call(method.upper(), f"{address}?stauts=FAILED", None if method == "get" else {})
                refused[f"{method} {path}"] = (found.status_code, (found.json or {}).get("detail", "")[:34])
    # A provider of logins may add words of its own, and a dataset's name may be any path.
    open_to_more = ("get /api/v1/session/oidc/callback", "get /api/v1/quality/{namespace}/{dataset}")
    assert [refused.pop(call)[0] for call in open_to_more] == [404, 404]
    assert len(refused) > 40
    assert set(refused.values()) == {(422, "stauts is not known here; there is")}, refused


def test_the_page_of_a_pipeline_says_the_zone_it_fires_in_and_nothing_that_nobody_wrote(api: Any) -> None:
    page = api.call("GET", "/pipelines/default/asked/docs").text
    assert "Schedule `0 6 * * *`, time zone Europe/Warsaw." in page
    assert "| on | boolean | `true` |" in page
    assert "- owner: data-team" in page
    assert "contact" not in page


def test_whether_a_run_balances_is_not_known_before_it_is_planned(api: Any) -> None:
    asked = api.call("POST", "/pipelines/default/asked/runs", {}).json
    assert (asked["status"], asked["nodes"], asked["balanced"]) == ("QUEUED", [], None)
