"""Logging in to the web app: the cookie, what a call with it must show, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.store import sessions

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: watched}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: orders.csv}}
    - {id: keep, type: connector_sink, config: {connector: files, path: kept.csv, writeMode: INSERT}}
  edges: [{from: read, to: keep}]
"""
DISABLE = "/api/v1/pipelines/default/watched/disable"


class Browser:
    """Keeps cookies, as a browser does."""

    def __init__(self, api: Api) -> None:
        self.http = api.client.application.test_client()
        self.csrf = ""

    def log_in(self, token: str = "operator-token", **options: Any) -> Any:
        reply = self.http.post("/api/v1/session", json={"token": token}, **options)
        if reply.status_code == 200:
            self.csrf = reply.json["csrf"]
        return reply

    def post(self, path: str, **headers: str) -> Any:
        return self.http.post(path, json={}, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def browser(api: Api) -> Iterator[Browser]:
    api.apply(PIPELINE)
    yield Browser(api)


def test_a_token_is_exchanged_for_a_cookie_that_scripts_cannot_read_and_other_sites_cannot_use(browser: Browser) -> None:
    reply = browser.log_in()
    assert reply.status_code == 200
    assert {**reply.json, "csrf": "", "expiresAt": ""} == {
        "name": "operator", "role": "operator", "namespaces": None, "expiresAt": "", "csrf": ""
    }  # fmt: skip
    lasts = datetime.fromisoformat(reply.json["expiresAt"]) - datetime.now().astimezone()
    assert timedelta(hours=11, minutes=59) < lasts <= timedelta(hours=12)
    cookie = reply.headers["Set-Cookie"]
    assert all(part in cookie for part in ("penstock_session=", "HttpOnly", "SameSite=Strict", "Path=/"))
    assert "Secure" not in cookie
    assert "operator-token" not in reply.text + cookie
    assert browser.http.get("/api/v1/session").json == reply.json


def test_over_https_the_cookie_is_sent_over_nothing_else(browser: Browser) -> None:
    reply = browser.log_in(base_url="https://penstock.example")
    assert "Secure" in reply.headers["Set-Cookie"]


@pytest.mark.parametrize("token", ["nonsense", "", "x" * 501])
def test_a_token_that_is_none_begins_no_session(browser: Browser, token: str) -> None:
    reply = browser.log_in(token)
    assert reply.status_code in {401, 422}
    assert "Set-Cookie" not in reply.headers
    assert browser.http.get("/api/v1/session").status_code == 401


def test_what_changes_anything_needs_the_sessions_own_csrf(browser: Browser, api: Api) -> None:
    browser.log_in()
    assert browser.http.get("/api/v1/runs").status_code == 200
    other = Browser(api)
    other.log_in()
    for wrong in ({}, {"X_CSRF_Token": ""}, {"X_CSRF_Token": other.csrf}, {"X_CSRF_Token": "é"}):
        refused = browser.post(DISABLE, **wrong)
        assert refused.status_code == 403
        assert "X-CSRF-Token" in refused.json["detail"]
        assert browser.csrf not in refused.text
    assert browser.post(DISABLE, X_CSRF_Token=browser.csrf).status_code == 200


def test_a_page_of_another_origin_can_neither_read_nor_change_nor_log_somebody_in(browser: Browser) -> None:
    browser.log_in()
    for origin in ("https://evil.example", "null", "http://[", "http://localhost.evil.example"):
        assert browser.post(DISABLE, X_CSRF_Token=browser.csrf, Origin=origin).status_code == 403
        assert browser.http.get("/api/v1/runs", headers={"Origin": origin}).status_code == 403
        assert browser.log_in(headers={"Origin": origin}).status_code == 403
    assert browser.post(DISABLE, X_CSRF_Token=browser.csrf, Origin="http://localhost").status_code == 200


def test_behind_a_proxy_the_public_address_is_our_own(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_PUBLIC_URL", "https://data.example/")
    assert browser.log_in(headers={"Origin": "https://data.example"}).status_code == 200


def test_a_bearer_token_needs_no_csrf_and_counts_for_more_than_the_cookie(browser: Browser) -> None:
    browser.log_in("viewer-token")
    assert browser.post(DISABLE, X_CSRF_Token=browser.csrf).status_code == 403
    assert browser.post(DISABLE, Authorization="Bearer operator-token").status_code == 200
    said = browser.http.get("/api/v1/session", headers={"Authorization": "Bearer operator-token"}).json
    assert (said["name"], said["csrf"], said["expiresAt"]) == ("operator", None, None)
    assert browser.http.get("/api/v1/session", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_logging_out_ends_the_session_for_whoever_kept_its_cookie(browser: Browser, api: Api) -> None:
    browser.log_in()
    kept = browser.http.get_cookie("penstock_session").value
    assert browser.http.delete("/api/v1/session").status_code == 403
    assert browser.http.delete("/api/v1/session", headers={"X-CSRF-Token": browser.csrf}).status_code == 204
    assert browser.http.get_cookie("penstock_session") is None
    thief = Browser(api)
    thief.http.set_cookie("penstock_session", kept)
    assert thief.http.get("/api/v1/session").status_code == 401


def test_logging_in_again_ends_the_session_before(browser: Browser, api: Api) -> None:
    browser.log_in()
    kept = browser.http.get_cookie("penstock_session").value
    browser.log_in("viewer-token")
    thief = Browser(api)
    thief.http.set_cookie("penstock_session", kept)
    assert thief.http.get("/api/v1/session").status_code == 401
    assert browser.http.get("/api/v1/session").json["role"] == "viewer"


@pytest.mark.parametrize("change", ["revoked_at = now()", "expires_at = now() - interval '1 s'"])
def test_a_session_ends_with_its_token(browser: Browser, api: Api, change: str) -> None:
    from shared.store import tokens

    with api.database.transaction() as tx:
        tokens.put(tx, f"brief-{change}", "brief", "viewer")
    browser.log_in(f"brief-{change}")
    assert browser.http.get("/api/v1/session").status_code == 200
    api.all(f"UPDATE tokens SET {change} WHERE name = 'brief' RETURNING id")
    assert browser.http.get("/api/v1/session").status_code == 401


def test_a_session_is_no_longer_than_its_token(browser: Browser, api: Api) -> None:
    from shared.store import tokens

    with api.database.transaction() as tx:
        tokens.put(tx, "hourly-token", "hourly", "viewer")
        tx.execute("UPDATE tokens SET expires_at = now() + interval '1 hour' WHERE name = 'hourly'")
    ends = datetime.fromisoformat(browser.log_in("hourly-token").json["expiresAt"])
    assert ends < datetime.now().astimezone() + timedelta(hours=1, seconds=1)


def test_only_hashes_are_stored_and_what_has_ended_goes(browser: Browser, api: Api) -> None:
    browser.log_in()
    value = browser.http.get_cookie("penstock_session").value
    (stored,) = api.all("SELECT row_to_json(s)::text AS text FROM sessions s ORDER BY created_at DESC LIMIT 1")
    assert value not in stored["text"] and browser.csrf not in stored["text"]
    api.all("UPDATE sessions SET expires_at = now() - interval '1 s' RETURNING id")
    assert browser.http.get("/api/v1/session").status_code == 401
    with api.database.transaction() as tx:
        sessions.prune(tx)
    assert api.all("SELECT id FROM sessions") == []
