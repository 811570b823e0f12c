"""The API as its clients meet it: event streams that break off and resume, who may do what, and what a bad call is told."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from shared.store.identifiers import new_id
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

# Held open by the database, so that the run is still going while its stream is dropped.
SLOW = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: slow}
spec:
  staging: all
  nodes:
    - {id: one, type: connector_source, config: {connector: db, query: "SELECT 1 AS id, pg_sleep(0.6)::text AS t"}}
    - {id: two, type: connector_source, config: {connector: db, query: "SELECT 2 AS id, pg_sleep(1.2)::text AS t"}}
    - {id: both, type: union, config: {}}
    - {id: odd, type: filter, config: {condition: id % 2 = 1}}
    - {id: result, type: connector_sink, config: {connector: files, path: slow.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: both}, {from: two, to: both}, {from: both, to: odd}, {from: odd, to: result}]
"""
QUICK = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  nodes:
    - {id: one, type: connector_source, config: {connector: files, path: quick.csv}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/NAME.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: result}]
"""


class Caller:
    """Plain HTTP with one token."""

    def __init__(self, stack: Stack, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=f"{stack.url}/api/v1", headers=headers, timeout=30)

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        reply = self.http.request(method, path, **more)
        if reply.status_code >= 400:
            assert reply.headers["content-type"] == "application/problem+json", reply.text
            problem = reply.json()
            assert problem["status"] == reply.status_code
            assert problem["title"] and problem["type"]
            assert "Traceback" not in reply.text
        return reply


@pytest.fixture
def api(stack: Stack) -> Caller:
    (stack.files / "quick.csv").write_text("id\n1\n2\n")
    return Caller(stack, stack.home.api_token.read_text().strip())


def stream(api: Caller, run: str, *, after: int | None = None, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Events as they come; the connection is dropped after `most` of them. The last yielded is {"end": True} where the stream ended."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with api.http.stream("GET", f"/runs/{run}/events", headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = reply.iter_lines()
        for count in itertools.count():
            if count == most:
                return
            told = dict(line.split(": ", 1) for line in itertools.takewhile(bool, lines) if not line.startswith(":"))
            if told.get("event") == "end":
                yield {"end": True}
                return
            if told:
                value = json.loads(told["data"])
                assert (told["id"], told["event"]) == (str(value["seq"]), value["type"])
                yield value


@pytest.fixture(scope="module")
def _slow(stack: Stack) -> None:
    stack.apply(SLOW)


@pytest.mark.usefixtures("_slow")
def test_a_stream_that_breaks_off_again_and_again_tells_everything_once(stack: Stack, api: Caller) -> None:
    run = stack.start("slow")
    undisturbed: list[dict[str, Any]] = []
    watcher = threading.Thread(target=lambda: undisturbed.extend(stream(api, run)))
    watcher.start()
    resumed: list[dict[str, Any]] = []
    drops = 0
    while not (resumed and resumed[-1].get("end")):
        # Dropped after 1, 2, 3, 1, 2, 3 … events, while the run goes on.
        resumed += stream(api, run, after=resumed[-1]["seq"] if resumed else None, most=1 + drops % 3)
        drops += 1
    watcher.join(30)
    late = list(stream(api, run))
    told = [json.loads(line) for line in api("GET", f"/runs/{run}/events", params={"follow": "false"}).text.splitlines()]
    assert drops > 4
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert undisturbed == resumed == late == [*told, {"end": True}]
    assert [told[0]["type"], told[-1]["type"]] == ["run.queued", "run.finished"]
    by_query = api("GET", f"/runs/{run}/events", params={"follow": "false", "after": 3}).text.splitlines()
    assert [json.loads(line) for line in by_query] == told[3:]
    assert api("GET", f"/runs/{run}/events", headers={"Last-Event-ID": "x"}).status_code == 422


@pytest.mark.usefixtures("_slow")
def test_a_running_run_is_cancelled_and_a_cancelled_one_stays_so(stack: Stack, api: Caller) -> None:
    run = stack.start("slow")
    stack.until(lambda: stack.run(run)["status"] == "RUNNING", 10, "the run to start")
    assert api("POST", f"/runs/{run}/cancel").status_code == 202
    ended = stack.wait(run, 20)
    assert (ended["status"], ended["error"]["code"]) == ("CANCELLED", "cancelled")
    assert {node["status"] for node in ended["nodes"]} <= {"CANCELLED", "COMPLETED", "SKIPPED"}
    assert api("POST", f"/runs/{run}/cancel").json()["status"] == "CANCELLED"


def test_the_same_key_starts_one_run(api: Caller) -> None:
    api("POST", "/apply", content=QUICK.replace("NAME", "once"))
    key = {"Idempotency-Key": new_id()}
    first = api("POST", "/pipelines/default/once/runs", json={}, headers=key)
    again = api("POST", "/pipelines/default/once/runs", json={}, headers=key)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert first.headers["Location"] == again.headers["Location"] == f"/api/v1/runs/{first.json()['id']}"
    assert api("POST", "/pipelines/default/once/runs", json={"reason": "another"}, headers=key).status_code == 422
    other = api("POST", "/pipelines/default/once/runs", json={}, headers={"Idempotency-Key": new_id()})
    assert other.json()["id"] != first.json()["id"]


def test_a_recipe_is_not_saved_over_one_that_was_not_seen(api: Caller) -> None:
    text = QUICK.replace("NAME", "seen")
    made = api("PUT", "/pipelines/default/seen", content=text)
    assert (made.status_code, made.headers["ETag"], made.json()["version"]) == (201, '"1"', 1)
    same = api("PUT", "/pipelines/default/seen", content=text, headers={"If-Match": '"1"'})
    assert (same.status_code, same.json()["version"], same.json()["changed"]) == (200, 1, False)
    newer = api("PUT", "/pipelines/default/seen", content=text + "# changed\n", headers={"If-Match": '"1"'})
    assert (newer.status_code, newer.json()["version"]) == (200, 2)
    assert api("PUT", "/pipelines/default/seen", content=text, headers={"If-Match": '"1"'}).status_code in {409, 412}
    assert api("GET", "/pipelines/default/seen").headers["ETag"] == '"2"'
    assert api("PUT", "/pipelines/default/another", content=text).status_code == 422
    assert api("DELETE", "/pipelines/default/seen").status_code == 204
    assert api("GET", "/pipelines/default/seen").status_code == 404
    assert api("PUT", "/pipelines/default/seen", content=text).json()["version"] == 3


def test_documents_are_saved_all_or_none(api: Caller) -> None:
    good, bad = QUICK.replace("NAME", "all-1"), QUICK.replace("NAME", "all-2").replace("type: connector_sink", "type: sink")
    assert api("POST", "/apply", content=f"{good}\n---\n{bad}").status_code == 422
    assert api("GET", "/pipelines/default/all-1").status_code == 404
    dry = api("POST", "/apply", content=good, params={"dryRun": "true"})
    assert (dry.status_code, dry.json()["dryRun"]) == (200, True)
    assert api("GET", "/pipelines/default/all-1").status_code == 404


BAD_CALLS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/nothing", {}, 404, ""),
    ("GET", "/runs/not-an-id", {}, 404, "no run not-an-id"),
    ("GET", f"/runs/{new_id()}", {}, 404, "no run"),
    ("PATCH", "/runs", {}, 405, ""),
    ("GET", "/runs?limit=501", {}, 422, "limit"),
    ("GET", "/runs?limit=few", {}, 422, "limit"),
    ("GET", "/runs?status=DONE", {}, 422, "status"),
    ("GET", "/pipelines/default/unheard-of", {}, 404, "unheard-of"),
    ("POST", "/pipelines/default/unheard-of/runs", {"json": {}}, 404, "apply it first"),
    ("POST", "/pipelines/default/known/runs", {"content": b"{"}, 400, "JSON"),
    ("POST", "/pipelines/default/known/runs", {"json": {"versoin": 1}}, 422, "versoin"),
    ("POST", "/pipelines/default/known/runs", {"json": {"version": "one"}}, 422, "version"),
    ("POST", "/pipelines/default/known/runs", {"json": {"version": 99}}, 404, "version 99"),
    ("POST", "/pipelines/default/known/runs", {"json": {"logicalDate": "soon"}}, 422, "logicalDate"),
    ("POST", "/apply", {"content": b"a: [1"}, 422, "line 1"),
    ("POST", "/apply", {"content": b""}, 422, "nothing was saved"),
    ("POST", "/apply", {"content": b"x" * 3_000_000}, 413, ""),
]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "words"), BAD_CALLS, ids=[f"{c[0]} {c[1][:40]} {c[3]} {n}" for n, c in enumerate(BAD_CALLS)]
)
def test_a_bad_call_is_told_why(api: Caller, method: str, path: str, more: dict[str, Any], status: int, words: str) -> None:
    api("POST", "/apply", content=QUICK.replace("NAME", "known"))
    reply = api(method, path, **more)
    assert reply.status_code == status, reply.text
    assert words in reply.json()["detail"]


def test_runs_come_in_pages_without_a_gap_or_a_repeat(stack: Stack, api: Caller) -> None:
    api("POST", "/apply", content=QUICK.replace("NAME", "paged").replace("spec:\n", "spec:\n  concurrencyPolicy: Allow\n"))
    started = [stack.start("paged") for _ in range(7)]
    for run in started:
        stack.wait(run)
    seen, cursor = [], None
    while True:
        query = {"pipeline": "paged", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = api("GET", "/runs", params=query).json()
        assert len(page["items"]) <= 3
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert seen == started[::-1]


def token(stack: Stack, role: str, namespaces: list[str] | None = None) -> Caller:
    secret = f"pst_{role}_{new_id()}"
    url = f"postgresql://admin:{stack.home.secrets()['admin']}@127.0.0.1:{stack.home.read('ports.json')['postgres']}/penstock"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tokens (id, name, hash, role, namespaces) VALUES (%s, %s, %s, %s, %s)",
            (new_id(), f"{role}-{new_id()}", hashlib.sha256(secret.encode()).digest(), role, namespaces),
        )
    return Caller(stack, secret)


@pytest.mark.parametrize(
    ("role", "may_save", "may_run"), [("viewer", False, False), ("editor", True, False), ("operator", True, True), ("admin", True, True)]
)
def test_a_role_may_do_what_it_says(stack: Stack, api: Caller, role: str, may_save: bool, may_run: bool) -> None:
    text = QUICK.replace("NAME", "roles")
    api("POST", "/apply", content=text)
    them = token(stack, role)
    assert them("GET", "/pipelines/default/roles").status_code == 200
    assert them("GET", "/runs").status_code == 200
    assert them("POST", "/apply", content=f"{text}# by {role}\n").status_code == (200 if may_save else 403)
    started = them("POST", "/pipelines/default/roles/runs", json={})
    assert started.status_code == (202 if may_run else 403)
    if may_run:
        stack.wait(started.json()["id"])


def test_a_token_sees_its_own_namespaces_only(stack: Stack, api: Caller) -> None:
    api("POST", "/apply", content=QUICK.replace("NAME", "hidden"))
    run = stack.start("hidden")
    stack.wait(run)
    them = token(stack, "admin", ["elsewhere"])
    assert them("GET", "/pipelines/default/hidden").status_code in {403, 404}
    assert them("GET", f"/runs/{run}").status_code in {403, 404}
    assert them("GET", f"/runs/{run}/events").status_code in {403, 404}
    assert them("POST", "/apply", content=QUICK.replace("NAME", "mine")).status_code == 403
    assert them("GET", "/runs").json()["items"] == []
    assert them("GET", "/pipelines").json()["items"] == []


@pytest.mark.parametrize("given", [None, "nonsense"])
def test_without_a_token_there_is_only_health(stack: Stack, given: str | None) -> None:
    stranger = Caller(stack, given)
    for path in ("/runs", "/pipelines", "/dead-letters", f"/runs/{new_id()}/events", "/connectors"):
        assert stranger("GET", path).status_code == 401
    assert stranger("POST", "/apply", content=QUICK).status_code == 401
    assert httpx.get(f"{stack.url}/health/live").status_code == 200
    ready = httpx.get(f"{stack.url}/health/ready").json()
    assert (ready["status"], ready["dependencies"]["postgresql"], ready["dependencies"]["redis"]) == ("ready", "up", "up")


def test_a_call_is_found_again_by_its_id(stack: Stack, api: Caller) -> None:
    assert api("GET", "/runs", headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    assert api("GET", "/runs").headers["X-Request-ID"] != api("GET", "/runs").headers["X-Request-ID"]
    reply = api("GET", "/runs")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert api("GET", "/openapi.json").json()["openapi"].startswith("3.1")


def test_a_secret_in_a_connector_is_never_told_again(stack: Stack, api: Caller) -> None:
    text = (
        "apiVersion: penstock/v1\nkind: Connector\nmetadata: {name: secretive}\n"
        "spec: {type: postgres, config: {host: 127.0.0.1, database: demo, user: demo, password: hunter-2-hunter}}\n"
    )
    saved = api("POST", "/apply", content=text)
    assert saved.status_code == 200
    assert any(problem["code"] == "secret_moved" for problem in saved.json()["errors"])
    shown = api("GET", "/connectors/default/secretive")
    assert "hunter-2-hunter" not in saved.text + shown.text + api("GET", "/credentials/default/secretive").text
    url = f"postgresql://admin:{stack.home.secrets()['admin']}@127.0.0.1:{stack.home.read('ports.json')['postgres']}/penstock"
    with psycopg.connect(url) as connection:
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            query = psycopg.sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text LIKE '%hunter-2%'").format(psycopg.sql.Identifier(table))
            assert connection.execute(query).fetchall() == [(0,)], table
