"""The API as its clients meet it: event streams that break off and resume, who may do what, and what a bad call is told."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from shared.store import logs
from shared.store.database import Database
from shared.store.identifiers import new_id
from shared.store.logs import LogLine
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
    ("GET", "/runs/01a1fe7e-8fa6-71d3-be8c-fbfd46814c00", {}, 404, "no run"),
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


def page_of(path: str, cursor: bytes) -> str:
    return f"{path}?cursor={base64.urlsafe_b64encode(cursor).decode()}"


STARTS, SAVES = "/pipelines/default/known/runs", "/pipelines/default/known"
NUL_CONFIG = QUICK.replace("NAME", "odd").replace("path: quick.csv", 'path: "quick\\0.csv"')
BAD_NAME = QUICK.replace("name: NAME", 'name: "a\\0b"')
# Nothing here may be answered by 500, by 503, or by anything but a problem; `Caller` looks at the latter.
ODD_CALLS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "NUL in a path": ("GET", "/pipelines/default/%00", {}, 400),
    "NUL in a resource's path": ("GET", "/resources/Pipeline/%00/x", {}, 400),
    "NUL in a credential's path": ("GET", "/credentials/%00/x", {}, 400),
    "NUL in a filter": ("GET", "/runs?namespace=%00", {}, 400),
    "NUL in a filter of dead letters": ("GET", "/dead-letters?node=%00", {}, 400),
    "NUL in a version's message": ("PUT", f"{SAVES}?message=%00", {"content": QUICK.replace("NAME", "known")}, 400),
    "NUL in a parameter nobody reads": ("GET", "/runs?x=%00", {}, 400),
    "half a character in a query": ("GET", "/runs?namespace=%ED%A0%80", {}, 400),
    "a query that is not UTF-8": ("GET", "/runs?namespace=%FF", {}, 400),
    "a path that is not UTF-8": ("GET", "/pipelines/%FF/x", {}, 400),
    "NUL in a field": ("POST", STARTS, {"json": {"reason": "a\0b"}}, 422),
    "NUL in a field's name": ("POST", STARTS, {"json": {"\0": 1}}, 422),
    "NUL deep in a body": ("POST", STARTS, {"json": {"parameters": {"a": [{"b": "\0"}]}}}, 422),
    "half a character in a field": ("POST", STARTS, {"content": b'{"reason": "\\ud800"}'}, 422),
    "a body that is not UTF-8": ("POST", STARTS, {"content": b'{"reason": "\xff"}'}, 400),
    "a body in UTF-16": ("POST", STARTS, {"content": "{}".encode("utf-16")}, 400),
    "a body of another charset": ("POST", STARTS, {"content": "{}", "headers": {"Content-Type": "application/json; charset=utf-16"}}, 415),
    "JSON of 200,000 levels": ("POST", STARTS, {"content": b"[" * 200_000}, 400),
    "JSON of 900 levels": ("POST", STARTS, {"content": b'{"parameters":' + b'{"a":' * 900 + b"1" + b"}" * 901}, 400),
    "a number of 5,000 digits": ("POST", STARTS, {"content": b'{"version": ' + b"9" * 5000 + b"}"}, 400),
    "a number beyond every integer": ("POST", STARTS, {"json": {"version": 10**30}}, 422),
    "version 0": ("POST", STARTS, {"json": {"version": 0}}, 422),
    "a number that is none": ("POST", STARTS, {"content": b'{"version": NaN}'}, 400),
    "the first day of the calendar": ("POST", STARTS, {"json": {"logicalDate": "0001-01-01T00:00:00+14:00"}}, 422),
    "the last second of the calendar": ("POST", STARTS, {"json": {"logicalDate": "9999-12-31T23:59:59-14:00"}}, 422),
    "a time just outside, elsewhere": ("POST", STARTS, {"json": {"logicalDate": "9998-12-31T23:59:59-14:00"}}, 422),
    "a time that is a number": ("POST", STARTS, {"json": {"logicalDate": 5}}, 422),
    "a reason without end": ("POST", STARTS, {"json": {"reason": "x" * 100_000}}, 422),
    "a field's name without end": ("POST", STARTS, {"json": {"x" * 100_000: 1}}, 422),
    "a key without end": ("POST", STARTS, {"json": {}, "headers": {"Idempotency-Key": hashlib.sha512().hexdigest() * 30}}, 422),
    "an empty key": ("POST", STARTS, {"json": {}, "headers": {"Idempotency-Key": ""}}, 422),
    "XML where JSON is meant": ("POST", STARTS, {"content": "<a/>", "headers": {"Content-Type": "application/xml"}}, 415),
    "a form with a file": ("POST", "/apply", {"files": {"f": b"x"}}, 415),
    "a packed body": ("POST", "/apply", {"content": b"\x1f\x8b", "headers": {"Content-Encoding": "gzip"}}, 415),
    "a list for a plan": ("POST", f"{SAVES}/plan", {"content": b"[1]"}, 422),
    "a cursor of nothing": ("GET", "/runs?cursor=x", {}, 422),
    "a cursor of another list": ("GET", page_of("/runs", b'["a", "b"]'), {}, 422),
    "a cursor that is no id": ("GET", page_of("/dead-letters", b'["5"]'), {}, 422),
    "a cursor that is a number": ("GET", page_of("/pipelines", b"5"), {}, 422),
    "a cursor with NUL": ("GET", page_of("/pipelines", b'["a\\u0000", "b"]'), {}, 422),
    "a cursor of many levels": ("GET", page_of("/connectors", b"[" * 2500), {}, 422),
    "a cursor that is no base64": ("GET", "/pipelines?cursor=%C3%A9", {}, 422),
    "a limit of 3,000 digits": ("GET", f"/runs?limit={'9' * 3000}", {}, 422),
    "a flag that is none": ("POST", "/apply?dryRun=maybe", {"content": QUICK}, 422),
    "an event that is no number": ("GET", "/runs/RUN/events?follow=false&after=%C2%B2", {}, 422),
    "an event beyond every number": ("GET", f"/runs/RUN/events?follow=false&after={'9' * 30}", {}, 422),
    "the same in a header": ("GET", "/runs/RUN/events", {"headers": {"Last-Event-ID": "9" * 30}}, 422),
    "a superscript in a header": ("GET", "/runs/RUN/logs", {"headers": {b"Last-Event-ID": b"\xb2"}}, 422),
    "to follow or not": ("GET", "/runs/RUN/logs?follow=maybe", {}, 422),
    "a draft that quotes a NUL": ("PUT", "/pipelines/default/odd", {"content": NUL_CONFIG}, -1),
    "a recipe with NUL in a path": ("POST", "/apply", {"content": NUL_CONFIG}, 422),
    "a draft whose name has a NUL": ("POST", "/apply?draft=true", {"content": BAD_NAME}, 422),
    "a draft whose name is too long": ("POST", "/apply?draft=true", {"content": QUICK.replace("NAME", "n" * 3000)}, 422),
    "a document that is empty": ("POST", "/apply?draft=true", {"content": "{}"}, 422),
    "an address of 9,000 characters": ("GET", f"/runs?x={'x' * 9000}", {}, 414),
    "a header of 20,000 characters": ("GET", "/runs", {"headers": {"X-Long": "x" * 20_000}}, 431),
    "a credential with NUL": ("PUT", "/credentials/default/odd", {"json": {"a": "\0"}}, 422),
    "a credential with half a character": ("PUT", "/credentials/default/odd", {"content": b'{"a": "\\ud800"}'}, 422),
    "a credential nobody could refer to": ("PUT", "/credentials/default/x%23y", {"json": {"a": "b"}}, 422),
    "a credential's name without end": ("PUT", f"/credentials/default/{'n' * 3000}", {"json": {"a": "b"}}, 422),
    "a tag that was never given": ("DELETE", SAVES, {"headers": {b"If-Match": b'"\xff'}}, 409),
    "a tag of what is not there": ("DELETE", "/pipelines/default/unheard-of", {"headers": {"If-Match": "*"}}, 409),
}


@pytest.fixture(scope="module")
def known_run(stack: Stack) -> str:
    (stack.files / "quick.csv").write_text("id\n1\n2\n")
    stack.apply(QUICK.replace("NAME", "known"))
    run = stack.start("known")
    stack.wait(run)
    return run


@pytest.mark.parametrize("call", ODD_CALLS)
def test_an_odd_call_is_refused_and_nothing_breaks(api: Caller, known_run: str, call: str) -> None:
    method, path, more, status = ODD_CALLS[call]
    reply = api(method, path.replace("RUN", known_run), **more)
    assert reply.status_code == status if status > 0 else reply.is_success, reply.text
    if status > 0:
        assert 10 < len(reply.json()["detail"]) < 1000
    assert api("GET", SAVES).status_code == 200


def test_a_draft_that_quotes_a_nul_cannot_run(api: Caller) -> None:
    saved = api("PUT", "/pipelines/default/quoting", content=NUL_CONFIG.replace("name: odd", "name: quoting"))
    assert [error["code"] for error in saved.json()["errors"] if error["severity"] == "error"] == ["nul_byte"]
    refused = api("POST", "/pipelines/default/quoting/runs", json={})
    assert (refused.status_code, "NUL" in refused.json()["detail"]) == (409, True)


# What the HTTP client would not send: the bytes, and the status.
RAW_CALLS = {
    "NUL in a header": (b"GET /api/v1/runs HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n", 400),
    "no HTTP": (b"HELLO\r\n\r\n", 400),
    "a length that is no number": (b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAUTH\r\nContent-Length: x\r\n\r\n", 400),
    "a chunk that is none": (b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAUTH\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n", 400),
    "a chunk that breaks off": (b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAUTH\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab", 400),
    "a body that breaks off": (b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAUTH\r\nContent-Length: 900\r\n\r\n" + QUICK.encode(), 400),
    "a length beyond every limit": (b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAUTH\r\nContent-Length: 99999999999999\r\n\r\n", 413),
    "two slashes": (b"GET /api/v1//runs HTTP/1.1\r\nHost: x\r\nAUTH\r\n\r\n", 404),
}


@pytest.mark.parametrize("call", RAW_CALLS)
def test_what_is_hardly_http_is_refused_as_a_problem(stack: Stack, call: str) -> None:
    sent, status = RAW_CALLS[call]
    host, port = stack.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            sent.replace(b"AUTH", b"Connection: close\r\nAuthorization: Bearer " + stack.home.api_token.read_bytes().strip())
        )
        connection.shutdown(socket.SHUT_WR)
        head, _, told = b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode(), head
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(told)["status"] == status


LIMIT = 2_000_000


@pytest.mark.parametrize(("size", "fits"), [(LIMIT, True), (LIMIT + 1, False), (LIMIT + 2, False), (40_000_000, False)])
def test_a_body_over_the_limit_is_refused_whole_however_it_is_sent(api: Caller, size: int, fits: bool) -> None:
    text = QUICK.replace("NAME", f"size-{size}").encode()
    api("DELETE", f"/pipelines/default/size-{size}")
    for content in (text.ljust(size, b"#"), iter([text, *(b"#" * min(100_000, size - at) for at in range(len(text), size, 100_000))])):
        reply = api("POST", "/apply", content=content)
        assert reply.status_code == (200 if fits else 413), reply.text
        assert api("GET", f"/pipelines/default/size-{size}").status_code == (200 if fits else 404)


def at_once(count: int, call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """The replies to `call(0)`, `call(1)` … made by as many threads that begin together."""
    gate = threading.Barrier(count)

    def begin(number: int) -> httpx.Response:
        gate.wait(10)
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_of_six_who_save_over_the_same_version_one_wins(api: Caller) -> None:
    text = QUICK.replace("NAME", "contested")

    def save(tag: str, number: int) -> httpx.Response:
        return api("PUT", "/pipelines/default/contested", content=f"{text}# {number} over {tag}\n", headers={"If-Match": tag})

    api("PUT", "/pipelines/default/contested", content=text)
    for _ in range(10):
        tag = api("GET", "/pipelines/default/contested").headers["ETag"]
        replies = at_once(6, partial(save, tag))
        assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409, 409, 409]
        (won,) = (reply.json() for reply in replies if reply.is_success)
        assert won["version"] == int(tag.strip('"')) + 1
    assert api("DELETE", "/pipelines/default/contested", headers={"If-Match": '"1"'}).status_code == 409
    assert api("DELETE", "/pipelines/default/contested", headers={"If-Match": '"1", W/"11"'}).status_code == 204


def test_nobody_saves_between_the_look_and_the_save(stack: Stack, api: Caller) -> None:
    text = QUICK.replace("NAME", "between")
    tag = api("PUT", "/pipelines/default/between", content=text).headers["ETag"]
    with psycopg.connect(stack.database_url("penstock")) as other, ThreadPoolExecutor() as pool:
        # Somebody is in the middle of a save.
        other.execute("UPDATE resources SET current_version = current_version WHERE name = 'between'")
        late = pool.submit(api, "PUT", "/pipelines/default/between", content=f"{text}# late\n", headers={"If-Match": tag})
        with pytest.raises(TimeoutError):
            late.result(0.7)
        other.execute("""
            INSERT INTO resource_versions (uid, version, document, document_sha, valid, author)
            SELECT v.uid, 2, document, 'other', true, 'other' FROM resource_versions v JOIN resources r USING (uid) WHERE r.name = 'between'
        """)
        other.execute("UPDATE resources SET current_version = 2 WHERE name = 'between'")
        other.commit()
        assert late.result(10).status_code == 409


def test_first_saves_at_once_are_numbered_without_a_hole(api: Caller) -> None:
    text = QUICK.replace("NAME", "first")
    replies = at_once(8, lambda n: api("PUT", "/pipelines/default/first", content=f"{text}# {n}\n"))
    assert sorted(reply.json()["version"] for reply in replies) == list(range(1, 9))
    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [201]


def test_many_documents_saved_at_once_in_any_order_are_all_saved(api: Caller) -> None:
    texts = [QUICK.replace("NAME", f"ring-{n}") for n in range(6)]
    replies = at_once(8, lambda n: api("POST", "/apply", content="---\n".join(f"{text}# {n}\n" for text in texts[:: 1 if n % 2 else -1])))
    assert {reply.status_code for reply in replies} == {200}
    assert [one["name"] for one in replies[0].json()["applied"]] == [f"ring-{n}" for n in range(5, -1, -1)]


def test_the_same_key_at_once_starts_one_run_and_answers_all_alike(api: Caller) -> None:
    api("POST", "/apply", content=QUICK.replace("NAME", "keyed"))
    key = {"Idempotency-Key": new_id()}
    replies = at_once(8, lambda _: api("POST", "/pipelines/default/keyed/runs", json={}, headers=key))
    assert {reply.status_code for reply in replies} == {202}
    assert all((reply.json(), reply.headers["Location"]) == (replies[0].json(), replies[0].headers["Location"]) for reply in replies)
    assert [run["id"] for run in api("GET", "/runs?pipeline=keyed").json()["items"]] == [replies[0].json()["id"]]


def log_stream(api: Caller, run: str) -> Iterator[dict[str, Any]]:
    with api.http.stream("GET", f"/runs/{run}/logs") as reply:
        for line in reply.iter_lines():
            if line.startswith('data: {"'):
                yield json.loads(line.removeprefix("data: "))


@pytest.mark.usefixtures("_slow")
def test_log_lines_of_a_live_run_come_once_and_in_order(stack: Stack, api: Caller) -> None:
    run = stack.start("slow")
    store = Database(stack.database_url("penstock"), name="test", size=2)

    def say(words: str) -> None:
        with store.transaction() as tx:
            logs.insert(tx, [LogLine(run, datetime.now(UTC), "INFO", words, worker=words)])

    with ThreadPoolExecutor() as pool:
        streamed = pool.submit(lambda: list(log_stream(api, run)))
        command = [sys.executable, "-m", "services.api.cli", "logs", run, "--follow"]
        environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
        followed = pool.submit(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        with store.transaction() as slow:
            logs.insert(slow, [LogLine(run, datetime.now(UTC), "INFO", "first", worker="first")])
            # Numbered later by another worker: it must not be seen before what was numbered earlier.
            later = pool.submit(say, "second")
            threading.Event().wait(1.3)
        later.result(10)
    store.close()
    time.sleep(1)
    told = [json.loads(line) for line in api("GET", f"/runs/{run}/logs?follow=false").text.splitlines()]
    assert streamed.result() == told
    assert [line["id"] for line in told] == sorted({line["id"] for line in told})
    said = [line["message"] for line in told]
    assert said.index("first") < said.index("second")
    assert sum("done after" in words for words in said) >= 3
    printed = [line.split(maxsplit=3)[3] for line in followed.result().stdout.splitlines()]
    assert printed == said


def test_logs_of_a_run_that_is_not_there_are_refused_in_a_sentence(stack: Stack) -> None:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    for more in ([], ["--follow"]):
        command = [sys.executable, "-m", "services.api.cli", "logs", "nowhere", *more]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (2, "penstock: there is no run nowhere\n")


def test_connectors_come_in_pages(api: Caller) -> None:
    seen: list[str] = []
    query: dict[str, str] = {"limit": "1"}
    while query.get("cursor") != "":
        page = api("GET", "/connectors", params=query).json()
        seen += [item["name"] for item in page["items"]]
        query["cursor"] = page["nextCursor"] or ""
    assert seen == [item["name"] for item in api("GET", "/connectors").json()["items"]]


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
