"""The audit log: every change through the API, done or refused: by whom, about what and with what answer; and nothing that was sent."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from services.api.cli.audit import audit as command
from shared.store import tokens
from shared.store.identifiers import new_id

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: orders.csv}}}}
    - {{id: keep, type: connector_sink, config: {{connector: files, path: kept.csv, writeMode: INSERT}}}}
  edges: [{{from: read, to: keep}}]
"""


@pytest.fixture(autouse=True, scope="module")
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_MASTER_KEY", base64.b64encode(b"k" * 32).decode())
        yield


def ask(api: Api, method: str, path: str, body: Any = None, token: str = "admin-token", **more: str) -> tuple[Any, str]:
    """The answer, and the id of the call."""
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": f"call-{new_id()}", **more}
    if isinstance(body, str):
        answer = api.client.open(f"/api/v1{path}", method=method, headers=headers, data=body, content_type="application/yaml")
    else:
        answer = api.client.open(f"/api/v1{path}", method=method, headers=headers, json=body)
    return answer, answer.headers["X-Request-ID"]


def told(api: Api, **chosen: str) -> list[dict[str, Any]]:
    answer = api.client.get("/api/v1/audit", query_string=chosen, headers={"Authorization": "Bearer admin-token"})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_a_change_is_one_row_with_who_what_and_how_it_was_answered(api: Api) -> None:
    api.apply(PIPELINE.format(name="audited", namespace="default"))
    answer, call = ask(api, "POST", "/pipelines/default/audited/disable", {"reason": "s3cret reason"}, "operator-token")
    assert answer.status_code == 200
    (row,) = told(api, request=call)
    assert {key: row[key] for key in ("name", "role", "method", "action", "namespace", "object", "status", "session")} == {
        "name": "operator", "role": "operator", "method": "POST", "action": "triggers.disable", "namespace": "default",
        "object": "audited", "status": 200, "session": None,
    }  # fmt: skip
    assert datetime.now(UTC) - datetime.fromisoformat(row["at"]) < timedelta(minutes=1)
    assert "s3cret" not in str(row)


def test_what_was_refused_is_seen_too(api: Api) -> None:
    answer, call = ask(api, "POST", "/pipelines/default/audited/disable", {}, "viewer-token")
    assert answer.status_code == 403
    (row,) = told(api, request=call, outcome="refused")
    assert (row["name"], row["namespace"], row["object"], row["status"]) == ("viewer", "default", "audited", 403)


def test_a_run_is_found_by_who_started_and_who_cancelled_it(api: Api) -> None:
    api.apply(PIPELINE.format(name="started", namespace="default"))
    started, call = ask(api, "POST", "/pipelines/default/started/runs", {}, "operator-token")
    run = started.json["id"]
    assert [row["object"] for row in told(api, request=call)] == [f"started {run}"]
    _, cancelled = ask(api, "POST", f"/runs/{run}/cancel", {}, "operator-token")
    assert [(row["action"], row["namespace"], row["object"]) for row in told(api, request=cancelled)] == [("runs.cancel", "default", run)]


def test_what_several_namespaces_are_concerned_by_each_has_its_row(api: Api) -> None:
    text = "---".join(PIPELINE.format(name=name, namespace=where) for name, where in (("a", "north"), ("b", "north"), ("c", "south")))
    answer, call = ask(api, "POST", "/apply", text)
    assert answer.status_code == 200, answer.text
    assert {row["namespace"]: row["object"] for row in told(api, request=call)} == {"north": "Pipeline/a Pipeline/b", "south": "Pipeline/c"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/runs", None),
        ("POST", "/validate", "kind: Nothing"),
        ("POST", "/apply?dryRun=true", PIPELINE.format(name="dry", namespace="default")),
        ("POST", "/nowhere", {}),
    ],
)
def test_what_changes_nothing_is_not_there(api: Api, method: str, path: str, body: Any) -> None:
    _, call = ask(api, method, path, body)
    assert told(api, request=call) == []


def test_secrets_are_in_no_row(api: Api) -> None:
    _, saved = ask(api, "PUT", "/credentials/default/audited", {"password": "hunter2-hunter2"})
    made, _ = ask(api, "POST", "/tokens", {"name": "audited token", "role": "viewer"})
    browser = api.client.application.test_client()
    entered = browser.post("/api/v1/session", json={"token": made.json["token"]})
    refused = browser.post("/api/v1/session", json={"token": "pst_wr0ng"})
    assert refused.status_code == 401
    assert [row["object"] for row in told(api, request=saved)] == ["audited"]
    assert [row["object"] for row in told(api, action="tokens.create")] == [f"audited token {made.json['id']}"]
    rows = str(api.all("SELECT row_to_json(a)::text AS row FROM audit a"))
    assert not any(secret in rows for secret in ("hunter2", made.json["token"], "pst_wr0ng", entered.json["csrf"]))


def test_logins_are_there_also_those_that_failed(api: Api) -> None:
    browser = api.client.application.test_client()
    assert browser.post("/api/v1/session", json={"token": "editor-token"}).status_code == 200
    csrf = browser.get("/api/v1/session").json["csrf"]
    assert browser.post("/api/v1/session", json={"token": "none"}).status_code == 401
    assert browser.delete("/api/v1/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    out, failed, entered = told(api)[:3]
    assert (entered["action"], entered["name"], entered["status"]) == ("sessions.log_in", "editor", 200)
    assert (failed["action"], failed["name"], failed["status"], failed["address"]) == ("sessions.log_in", None, 401, "127.0.0.1")
    assert (out["action"], out["session"]) == ("sessions.log_out", entered["session"])


def test_an_admin_of_some_namespaces_sees_what_concerned_them(api: Api) -> None:
    with api.database.transaction() as tx:
        tokens.put(tx, "north-admin", "north admin", "admin", ["north"])
    ask(api, "POST", "/apply", PIPELINE.format(name="d", namespace="south"))
    seen = api.client.get("/api/v1/audit?limit=500", headers={"Authorization": "Bearer north-admin"}).json["items"]
    assert {row["namespace"] for row in seen} == {"north"}
    assert api.client.get("/api/v1/audit?namespace=south", headers={"Authorization": "Bearer north-admin"}).status_code == 403


def test_it_is_filtered_and_comes_in_pages(api: Api) -> None:
    begun = datetime.now(UTC)
    calls = [ask(api, "POST", "/pipelines/default/audited/enable", {}, "operator-token")[1] for _ in range(3)]
    chosen = {"token": "operator", "action": "triggers.enable", "object": "audited", "namespace": "default", "outcome": "done"}
    assert [row["requestId"] for row in told(api, **chosen, since=begun.isoformat())] == calls[::-1]
    assert told(api, **chosen, until=begun.isoformat()) == []
    assert told(api, **{**chosen, "outcome": "failed"}) == []
    by_id = told(api, **chosen)[0]["token"]
    assert len(told(api, token=by_id, since=begun.isoformat())) == 3
    first = api.call("GET", "/audit?limit=2&action=triggers.enable").json
    rest = api.call("GET", f"/audit?limit=2&action=triggers.enable&cursor={first['nextCursor']}").json
    assert [row["requestId"] for row in first["items"] + rest["items"]][:3] == calls[::-1]


def test_where_it_cannot_be_written_the_call_stands_and_the_process_logs_it(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with api.database.transaction() as tx:
        tx.execute("ALTER TABLE audit RENAME TO audit_away")
    try:
        with caplog.at_level(logging.ERROR):
            answer, call = ask(api, "POST", "/pipelines/default/audited/enable", {})
    finally:
        with api.database.transaction() as tx:
            tx.execute("ALTER TABLE audit_away RENAME TO audit")
    assert answer.status_code == 200
    assert call in caplog.text and "triggers.enable" in caplog.text


def test_the_command_line_tells_it(api: Api, served: str) -> None:
    ask(api, "POST", "/pipelines/default/audited/disable", {}, "viewer-token")
    done = CliRunner().invoke(command, ["--by", "viewer", "--outcome", "refused", "--limit", "1"], obj=(served, "admin-token"))
    assert done.exit_code == 0, done.output
    assert "viewer (viewer) triggers.disable default/audited: 403" in done.stdout
