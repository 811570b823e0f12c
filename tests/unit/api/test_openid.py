"""Logging in to the web app at an OpenID provider: who is let in as what, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from services.api.oidc import roles
from services.api.oidc.handshake import Handshake
from services.api.oidc.provider import Provider, Registration
from services.api.settings import Settings
from shared.process.settings import BadSetting
from tests.support.openid import CLIENT, SECRET, OpenId, serving

# Of conftest, which cannot be imported.
Api = Any
START = "/api/v1/session/oidc"
RULES = json.dumps(
    [
        {"claim": "groups", "value": "admins", "role": "admin"},
        {"claim": "groups", "value": "data", "role": "editor", "namespaces": ["default"]},
        {"claim": ["realm", "roles"], "value": "watch", "role": "viewer"},
        {"claim": "email", "value": "bob@example.com", "role": "operator"},
    ]
)


@pytest.fixture
def openid(api: Api) -> Iterator[OpenId]:
    with serving() as server:
        server.redirect_uri = "http://localhost/api/v1/session/oidc/callback"
        agreed = Registration(server.issuer, CLIENT, SECRET, server.redirect_uri, roles.read(RULES), label="Example")
        extensions = api.client.application.extensions
        before, extensions["penstock.oidc"] = extensions["penstock.oidc"], Provider(agreed)
        yield server
        extensions["penstock.oidc"] = before
        api.all("DELETE FROM tokens WHERE subject IS NOT NULL RETURNING id")


class Browser:
    def __init__(self, api: Api, openid: OpenId) -> None:
        self.http, self.openid = api.client.application.test_client(), openid

    def sent(self, after: str = "") -> str:
        """Where the provider sends it back to."""
        answer = self.http.get(START, query_string={"after": after})
        assert answer.status_code == 302, answer.text
        return self.openid.visited(answer.headers["Location"])

    def back(self, address: str) -> Any:
        url = urlsplit(address)
        return self.http.get(f"{url.path}?{url.query}")

    def log_in(self, after: str = "") -> str:
        """The page that it ends on."""
        answer = self.back(self.sent(after))
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def who(self) -> Any:
        answer = self.http.get("/api/v1/session")
        return answer.json if answer.status_code == 200 else answer.status_code


@pytest.fixture
def browser(api: Api, openid: OpenId) -> Browser:
    return Browser(api, openid)


def test_somebody_whom_a_rule_fits_is_logged_in_and_works_as_with_a_token(browser: Browser, api: Api) -> None:
    assert api.client.get("/api/v1/logins").json == {"token": True, "oidc": {"label": "Example", "address": START}}
    assert browser.log_in("/ui/runs?status=FAILED") == "/ui/runs?status=FAILED"
    who = browser.who()
    assert (who["name"], who["role"], who["namespaces"]) == ("ann", "editor", ["default"])
    cookie = browser.http.get_cookie("penstock_session")
    assert cookie.http_only and cookie.same_site == "Strict"
    assert browser.http.get_cookie("penstock_login", path=START) is None
    apply = {"path": "/api/v1/apply", "data": "{}", "content_type": "application/yaml"}
    assert browser.http.post(**apply).status_code == 403
    assert browser.http.post(**apply, headers={"X-CSRF-Token": who["csrf"]}).status_code == 422
    (row,) = api.call("GET", "/audit?action=logins.come_back&limit=1").json["items"]
    assert (row["name"], row["role"], row["object"], row["status"]) == ("ann", "editor", "ann u-1", 302)
    assert browser.http.delete("/api/v1/session", headers={"X-CSRF-Token": who["csrf"]}).status_code == 204
    assert browser.who() == 401


def test_what_binds_a_login_to_its_browser_comes_with_a_navigation_from_another_site_and_no_script_reads_it(browser: Browser) -> None:
    answer = browser.http.get(START, base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("penstock_login=", "HttpOnly", "SameSite=Lax", "Secure", f"Path={START}", "Max-Age=600"))
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    bits = cookie.partition("penstock_login=")[2].partition(";")[0]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name][0] not in bits
    assert asked["state"] != asked["nonce"]
    assert SECRET not in answer.headers["Location"]


@pytest.mark.parametrize(
    ("person", "role", "namespaces"),
    [
        ({"sub": "u-2", "groups": ["data", "admins"]}, "admin", None),
        ({"sub": "u-3", "groups": "data"}, "editor", ["default"]),
        ({"sub": "u-4", "realm": {"roles": ["watch"]}}, "viewer", None),
        ({"sub": "u-5", "email": "bob@example.com", "email_verified": True}, "operator", None),
    ],
)
def test_the_first_rule_that_fits_decides(browser: Browser, openid: OpenId, person: Any, role: str, namespaces: Any) -> None:
    openid.person = person
    browser.log_in()
    assert (browser.who()["role"], browser.who()["namespaces"]) == (role, namespaces)


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "u-6"},
        {"sub": "u-6", "groups": ["Data", "data2"]},
        {"sub": "u-6", "groups": {"data": True}},
        {"sub": "u-6", "realm": ["watch"]},
        {"sub": "u-6", "email": "bob@example.com"},
        {"sub": "u-6", "email": "bob@example.com", "email_verified": "true"},
    ],
)
def test_whom_no_rule_fits_is_let_in_nowhere(browser: Browser, openid: OpenId, api: Api, person: Any) -> None:
    openid.person = person
    assert browser.log_in() == "/ui/?login=nobody"
    assert browser.who() == 401
    (row,) = api.call("GET", "/audit?action=logins.come_back&limit=1").json["items"]
    assert (row["name"], row["object"], row["status"]) == (None, f"{person.get('email', 'u-6')} u-6", 403)


STRANGER = RSAKey.generate_key(2048)


def with_key_of_another(openid: OpenId) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode({"alg": "RS256", "kid": openid.key.kid}, claims, STRANGER)


def unsigned(openid: OpenId) -> Callable[[dict[str, Any]], str]:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return lambda claims: f"{part({'alg': 'none', 'kid': openid.key.kid})}.{part(claims)}."


def with_the_shared_secret(openid: OpenId) -> Callable[[dict[str, Any]], str]:
    key = OctKey.import_key(SECRET * 2)
    return lambda claims: jwt.encode({"alg": "HS256", "kid": openid.key.kid}, claims, key)


@pytest.mark.parametrize("forged", [with_key_of_another, unsigned, with_the_shared_secret])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(browser: Browser, openid: OpenId, forged: Any) -> None:
    openid.sign = forged(openid)
    assert browser.log_in() == "/ui/?login=failed"
    assert browser.who() == 401


@pytest.mark.parametrize(
    "spoilt",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "0" * 64},
        {"nonce": None},
        {"exp": -60},
        {"iat": 600},
        {"nbf": 600},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"exp": None},
    ],
    ids=str,
)
def test_a_token_for_somebody_else_or_another_time_lets_nobody_in(browser: Browser, openid: OpenId, spoilt: dict[str, Any]) -> None:
    """Times are seconds from now."""
    at = {name: value + int(time.time()) for name, value in spoilt.items() if name in {"exp", "iat", "nbf"} and value is not None}
    openid.spoil = lambda claims: {name: value for name, value in {**claims, **spoilt, **at}.items() if value is not None}
    assert browser.log_in() == "/ui/?login=failed"
    assert browser.who() == 401


def test_clocks_may_differ_a_little(browser: Browser, openid: OpenId) -> None:
    openid.spoil = lambda claims: {**claims, "iat": claims["iat"] + 20, "exp": claims["iat"] - 20}
    assert browser.log_in() == "/ui/"


def test_a_login_that_somebody_else_began_logs_nobody_in(browser: Browser, openid: OpenId, api: Api) -> None:
    theirs = Browser(api, openid).sent()
    assert browser.back(theirs).headers["Location"] == "/ui/?login=expired"
    browser.sent()
    assert browser.back(theirs).headers["Location"] == "/ui/?login=expired"
    assert browser.who() == 401
    assert "/token" not in openid.asked


def test_an_answer_counts_once_and_only_of_this_provider(browser: Browser) -> None:
    back = browser.sent()
    assert browser.back(back.replace("iss=http", "iss=https")).headers["Location"] == "/ui/?login=failed"
    back = browser.sent()
    kept = browser.http.get_cookie("penstock_login", path=START).value
    assert browser.back(back).headers["Location"] == "/ui/"
    assert browser.back(back).headers["Location"] == "/ui/?login=expired"
    browser.http.set_cookie("penstock_login", kept, path=START)
    assert browser.back(back).headers["Location"] == "/ui/?login=failed"


def test_who_refuses_at_the_provider_is_told_so(browser: Browser) -> None:
    state = parse_qs(urlsplit(browser.sent()).query)["state"][0]
    assert browser.back(f"{START}/callback?error=access_denied&state={state}").headers["Location"] == "/ui/?login=failed"


@pytest.mark.parametrize(
    "after", ["https://evil.example/", "//evil.example", "/ui//evil.example", "/ui/\\evil", "/api/v1/runs", "/ui/\r\nX: y"]
)
def test_nobody_is_sent_to_another_site_afterwards(browser: Browser, after: str) -> None:
    assert browser.log_in(after) == "/ui/"


def test_what_binds_a_login_is_over_after_ten_minutes_and_holds_only_as_it_was_made() -> None:
    begun = Handshake.begin(1000.0, "/ui/runs")
    assert Handshake.read(begun.cookie, 1600.0) == begun
    assert Handshake.read(begun.cookie, 1601.0) is None and Handshake.read(begun.cookie, 999.0) is None
    later = Handshake.read(begun.cookie.replace(".1000.", ".1500."), 1600.0)
    assert later is not None and not later.is_answered_by(begun.state)
    assert Handshake.read("x", 0) is None and Handshake.read(f"{'a' * 43}.1.%", 1) is None and Handshake.read(f"{'a' * 43}.1._w", 1) is None


def test_what_somebody_may_do_changes_with_the_next_login_also_in_other_sessions(browser: Browser, openid: OpenId, api: Api) -> None:
    browser.log_in()
    openid.person = {**openid.person, "preferred_username": "ann b", "groups": ["admins"]}
    other = Browser(api, openid)
    other.log_in()
    assert browser.who()["role"] == other.who()["role"] == "admin"
    assert len(api.all("SELECT id FROM tokens WHERE subject = 'u-1'")) == 1


def test_who_is_shut_out_stays_out_until_somebody_lets_him_in_again(browser: Browser, api: Api) -> None:
    browser.log_in()
    (row,) = [one for one in api.call("GET", "/tokens").json["items"] if one["subject"] == "u-1"]
    assert row["issuer"] == browser.openid.issuer
    assert api.call("DELETE", f"/tokens/{row['id']}").status_code == 204
    assert browser.who() == 401
    assert browser.log_in() == "/ui/?login=shut-out"
    assert api.call("POST", f"/tokens/{row['id']}/readmit").json["revokedAt"] is None
    assert browser.who() == 401
    assert browser.log_in() == "/ui/"
    made = api.call("POST", "/tokens", {"name": "gone", "role": "viewer"}).json
    assert api.call("POST", f"/tokens/{made['id']}/readmit").status_code == 409


def test_a_person_is_not_the_last_admin(browser: Browser, openid: OpenId, api: Api) -> None:
    openid.person = {"sub": "u-1", "groups": ["admins"]}
    browser.log_in()
    admins = api.all(
        "SELECT id::text AS id FROM tokens WHERE role = 'admin' AND subject IS NULL AND namespaces IS NULL AND revoked_at IS NULL"
    )
    assert len(admins) == 1
    assert api.call("DELETE", f"/tokens/{admins[0]['id']}").status_code == 409


def test_a_provider_that_is_away_is_asked_when_somebody_logs_in_and_left_alone_for_a_moment(browser: Browser, openid: OpenId) -> None:
    assert openid.asked == []
    openid.down = True
    assert browser.http.get(START).headers["Location"] == "/ui/?login=away"
    assert browser.http.get(START).headers["Location"] == "/ui/?login=away"
    assert len(openid.asked) == 1


def test_its_document_and_keys_are_asked_for_once_and_keys_again_when_they_change(browser: Browser, openid: OpenId, api: Api) -> None:
    clock = [0.0]
    provider = api.client.application.extensions["penstock.oidc"]
    provider._clock = lambda: clock[0]
    browser.log_in()
    browser.log_in()
    assert openid.asked.count("/.well-known/openid-configuration") == openid.asked.count("/keys") == 1
    clock[0] = 60.0
    openid.renew()
    assert browser.log_in() == "/ui/"
    assert openid.asked.count("/keys") == 2
    openid.renew()
    assert browser.log_in() == "/ui/?login=failed"
    assert openid.asked.count("/keys") == 2


@pytest.mark.parametrize(
    "document", [{"issuer": "https://other.example"}, {"token_endpoint": "http://other.example/token"}, {"jwks_uri": None}]
)
def test_a_provider_that_sends_secrets_elsewhere_is_none(browser: Browser, openid: OpenId, document: Any) -> None:
    openid.document = document
    assert browser.http.get(START).headers["Location"] == "/ui/?login=away"


def test_without_a_provider_there_is_nothing_to_log_in_at(api: Api) -> None:
    assert api.client.get("/api/v1/logins").json == {"token": True, "oidc": None}
    for path in (START, f"{START}/callback"):
        assert api.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"PENSTOCK_OIDC_ISSUER": "http://id.example"}, "must begin with https"),
        ({"PENSTOCK_OIDC_CLIENT_ID": ""}, "PENSTOCK_OIDC_CLIENT_ID is not set"),
        ({"PENSTOCK_OIDC_ROLES": ""}, "PENSTOCK_OIDC_ROLES is not set"),
        ({"PENSTOCK_OIDC_ROLES": "[]"}, "without one nobody may log in"),
        ({"PENSTOCK_OIDC_ROLES": '[{"claim": "g", "value": "x", "role": "root"}]'}, "rule 1 .* role is 'root'"),
        ({"PENSTOCK_OIDC_ROLES": '[{"claim": "g", "value": "x", "role": "admin", "namespace": ["a"]}]'}, "may have namespaces"),
        ({"PENSTOCK_OIDC_ROLES": '[{"claim": "g", "value": "x", "role": "admin", "namespaces": []}]'}, "leave it out for all"),
        ({"PENSTOCK_OIDC_ROLES": "groups=x"}, "no JSON"),
        ({"PENSTOCK_PUBLIC_URL": ""}, "PENSTOCK_PUBLIC_URL is not set"),
        ({"PENSTOCK_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_a_setting_that_is_wrong_is_said_when_the_api_starts(monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], words: str) -> None:
    right = {
        "PENSTOCK_DATABASE_URL": "postgresql://x", "PENSTOCK_REDIS_URL": "redis://x", "PENSTOCK_PUBLIC_URL": "https://p.example",
        "PENSTOCK_OIDC_ISSUER": "https://id.example/realm", "PENSTOCK_OIDC_CLIENT_ID": "penstock", "PENSTOCK_OIDC_ROLES": RULES,
    }  # fmt: skip
    for name, value in right.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PENSTOCK_API_PORT", raising=False)
    found = Settings.from_environment().oidc
    assert found is not None
    assert (found.redirect_uri, found.label) == ("https://p.example/api/v1/session/oidc/callback", "id.example")
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=words):
        Settings.from_environment()


def test_the_secret_may_be_in_a_file_and_is_shown_by_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert SECRET not in repr(Registration("https://i", "c", SECRET, "https://r", ()))
    from shared.process import settings

    assert settings.secret("X", {"X_FILE": str(tmp_path / "secret")}) == SECRET
