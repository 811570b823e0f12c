"""What stands around every call: its id, what its answer tells browsers, and how many of them there may be."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers_for_tests import RedisServer

from services.api.access.rate import Limits
from services.api.app import create_app
from services.api.problems import Refused
from services.api.server import refuse
from shared.process.start import Line

# Of conftest, which cannot be imported.
Api = Any


@pytest.mark.parametrize(
    "path", ["/api/v1/runs", "/api/v1/nowhere", "/health/live", "/api/docs", "/hooks/a/b/c", "/ui/", "/api/v1/openapi.json"]
)
def test_every_answer_tells_browsers_to_keep_to_themselves(api: Api, path: str) -> None:
    headers = api.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    # Nothing comes from elsewhere, and no script stands in a page.
    assert "http" not in policy and "script-src" not in policy.replace("script-src 'self';", "") and "unsafe-eval" not in policy
    assert ("default-src 'self'" if path in {"/ui/", "/api/docs"} else "default-src 'none'") in policy
    assert "Strict-Transport-Security" not in headers


def test_only_over_https_browsers_are_told_to_stay_with_it(api: Api) -> None:
    assert api.client.get("/health/live", base_url="https://penstock.example").headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(("proxies", "told"), [(0, False), (1, True)])
def test_what_a_proxy_says_counts_only_where_there_is_one(api: Api, proxies: int, told: bool) -> None:
    behind = create_app(replace(api.client.application.extensions["penstock.settings"], proxies=proxies)).test_client()
    said = behind.get("/health/live", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"})
    assert ("Strict-Transport-Security" in said.headers) is told


def test_also_what_is_no_request_is_answered_with_them() -> None:
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        refuse(ours, 431, "too long")
        said = theirs.recv(10_000).decode()
    assert "X-Content-Type-Options: nosniff\r\n" in said and "frame-ancestors 'none'" in said


@pytest.mark.parametrize("given", ["mine-1", "a/b+c=d:e@f.g_h", "x" * 100])
def test_a_call_keeps_the_id_that_it_came_with(api: Api, given: str) -> None:
    assert api.client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "two words", "x" * 101, "é", "a;b", "a\tb"])
def test_an_id_that_is_no_id_is_replaced(api: Api, given: str) -> None:
    found = api.client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert len(found) == 32 and found.isalnum()


def test_a_refusal_names_the_call(api: Api) -> None:
    refused = api.client.get("/api/v1/runs", headers={"X-Request-ID": "lost-1"})
    assert (refused.status_code, refused.json["requestId"]) == (401, "lost-1")


def test_a_run_keeps_the_id_of_the_call_that_made_it(api: Api) -> None:
    api.apply(
        """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: traced}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: orders.csv}}
    - {id: keep, type: connector_sink, config: {connector: files, path: kept.csv, writeMode: INSERT}}
  edges: [{from: read, to: keep}]
"""
    )
    headers = {"Authorization": "Bearer admin-token", "X-Request-ID": "traced-1"}
    run = api.client.post("/api/v1/pipelines/default/traced/runs", json={}, headers=headers).json
    assert run["requestId"] == "traced-1"
    (event,) = api.all("SELECT data FROM events WHERE run_id = %(run)s", run=run["id"])
    assert event["data"]["requestId"] == "traced-1"


class _Kept(logging.Handler):
    """What stands on log lines beside their words."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.fields.append(json.loads(Line("api", as_json=True).format(record)))


def test_log_lines_of_a_call_carry_its_id_and_no_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, log = _Kept(), logging.getLogger("services.api.access.rate")
    log.addHandler(kept)
    try:
        for call in ("logged-1", "logged-2"):
            # Redis is away, which is told once.
            monkeypatch.setitem(api.client.application.extensions, "penstock.limits", Limits("redis://127.0.0.1:1/0", 9, 9))
            api.client.get("/api/v1/node-types", headers={"Authorization": "Bearer admin-token", "X-Request-ID": call})
            log.warning("between calls")
    finally:
        log.removeHandler(kept)
    assert [line.get("request_id") for line in kept.fields] == ["logged-1", None, "logged-2", None]


def test_a_token_that_calls_too_often_is_told_when_it_may_again(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        first, second = Limits(server.url, 3, 2), Limits(server.url, 3, 2)
        for limits in (first, second, first):
            limits.call("a")
        with pytest.raises(Refused) as refused:
            second.call("a")
        assert (refused.value.status, 1 <= (refused.value.retry_after_s or 0) <= 60) == (429, True)
        second.call("b")
        any_number = Limits(server.url, 0, 0)
        for _ in range(5):
            any_number.call("a")
            any_number.failed("10.0.0.1")
    finally:
        server.kill()
    # Without Redis, nothing is limited.
    for _ in range(5):
        first.call("a")


def test_an_address_that_fails_to_log_in_too_often_has_to_wait(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        limits = Limits(server.url, 0, 2)
        for _ in range(2):
            limits.may_try("10.0.0.1")
            limits.failed("10.0.0.1")
        for refuses in (limits.may_try, limits.failed):
            with pytest.raises(Refused):
                refuses("10.0.0.1")
        limits.may_try("10.0.0.2")
    finally:
        server.kill()


def test_the_limits_hold_for_the_api(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        monkeypatch.setitem(api.client.application.extensions, "penstock.limits", Limits(server.url, 2, 1))
        headers = {"Authorization": "Bearer admin-token"}
        answers = [api.client.get("/api/v1/node-types", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        wrong = [api.client.get("/api/v1/runs", headers={"Authorization": "Bearer none"}).status_code for _ in range(2)]
        assert wrong == [401, 429]
        assert api.client.post("/api/v1/session", json={"token": "viewer-token"}).status_code == 429
    finally:
        server.kill()
