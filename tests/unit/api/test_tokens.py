"""Tokens by the API and the command line: made once shown, no more than the one that made them, and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from services.api.cli import tokens as command
from shared.store import tokens

# Of conftest, which cannot be imported.
Api = Any


def with_token(api: Api, token: str, method: str, path: str, body: Any = None) -> Any:
    return api.client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {token}"}, json=body)


def made(api: Api, **said: Any) -> Any:
    answer = api.call("POST", "/tokens", said)
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.fixture
def fenced(api: Api) -> str:
    """An admin of `sales` and `stock` for an hour."""
    with api.database.transaction() as tx:
        tokens.put(tx, "fenced-admin", "fenced admin", "admin", ["sales", "stock"])
        tx.execute("UPDATE tokens SET expires_at = now() + interval '1 hour' WHERE name = 'fenced admin'")
    return "fenced-admin"


def test_a_token_is_shown_once_and_does_what_its_role_says(api: Api) -> None:
    one = made(api, name="nightly loader", role="operator", namespaces=["sales"])
    token = one["token"]
    assert (one["role"], one["namespaces"], one["createdBy"], one["expiresAt"], one["lastUsedAt"]) == (
        "operator", ["sales"], "admin", None, None,
    )  # fmt: skip
    assert with_token(api, token, "GET", "/runs").status_code == 200
    assert with_token(api, token, "GET", "/tokens").status_code == 403
    listed = api.call("GET", "/tokens")
    assert token not in listed.text
    (found,) = [item for item in listed.json["items"] if item["id"] == one["id"]]
    assert found["lastUsedAt"] is not None
    (kept,) = api.all("SELECT row_to_json(t)::text AS row FROM tokens t WHERE id = %(id)s", id=one["id"])
    assert token not in kept["row"]


def test_when_it_was_last_used_is_written_once_a_minute(api: Api) -> None:
    one = made(api, name="busy", role="viewer")

    def used() -> Any:
        return api.all("SELECT last_used_at, xmin::text AS written FROM tokens WHERE id = %(id)s", id=one["id"])[0]

    with_token(api, one["token"], "GET", "/runs")
    first = used()
    with_token(api, one["token"], "GET", "/runs")
    assert used() == first
    api.all("UPDATE tokens SET last_used_at = now() - interval '61 s' WHERE id = %(id)s RETURNING id", id=one["id"])
    with_token(api, one["token"], "GET", "/runs")
    assert used()["last_used_at"] > first["last_used_at"]


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_token_that_has_ended_is_good_for_nothing_and_is_listed_only_when_asked_for(api: Api, end: str) -> None:
    one = made(api, name=f"ends {end}", role="viewer")
    if end == "revoked":
        assert api.call("DELETE", f"/tokens/{one['id']}").status_code == 204
        assert api.call("DELETE", f"/tokens/{one['id']}").status_code == 204
    else:
        api.all("UPDATE tokens SET expires_at = now() - interval '1 s' WHERE id = %(id)s RETURNING id", id=one["id"])
    assert with_token(api, one["token"], "GET", "/runs").status_code == 401
    ids = {item["id"] for item in api.call("GET", "/tokens").json["items"]}
    all_ids = {item["id"] for item in api.call("GET", "/tokens?ended=true&limit=500").json["items"]}
    assert one["id"] not in ids and one["id"] in all_ids


def test_who_watches_a_run_is_asked_again_whether_his_token_holds(api: Api) -> None:
    one = made(api, name="watches", role="viewer")
    browser = api.client.application.test_client()
    entered = browser.post("/api/v1/session", json={"token": one["token"]})
    (session,) = api.all("SELECT id::text AS id FROM sessions WHERE token_id = %(id)s", id=one["id"])

    def holds(namespaces: list[str] | None = None) -> list[bool]:
        with api.database.transaction() as tx:
            return [tokens.holds(tx, one["id"], which, namespaces) for which in (None, session["id"])]

    assert holds() == [True, True]
    assert holds(["sales"]) == [False, False]
    browser.delete("/api/v1/session", headers={"X-CSRF-Token": entered.json["csrf"]})
    assert holds() == [True, False]
    api.call("DELETE", f"/tokens/{one['id']}")
    assert holds() == [False, False]


def test_a_token_makes_none_that_may_do_more_or_for_longer(api: Api, fenced: str) -> None:
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    for beyond in ({"namespaces": ["sales", "hr"]}, {"expiresAt": later}):
        refused = with_token(api, fenced, "POST", "/tokens", {"name": "more", "role": "viewer", **beyond})
        assert refused.status_code == 403, refused.text
    for within in ({}, {"namespaces": None, "expiresAt": None}, {"namespaces": ["stock"], "expiresAt": soon}):
        one = with_token(api, fenced, "POST", "/tokens", {"name": "less", "role": "admin", **within})
        assert one.status_code == 201, one.text
        assert set(one.json["namespaces"]) <= {"sales", "stock"}
        assert one.json["expiresAt"] <= with_token(api, fenced, "GET", "/session").json["expiresAt"]


def test_an_admin_of_some_namespaces_sees_and_revokes_only_their_tokens(api: Api, fenced: str) -> None:
    theirs = made(api, name="theirs", role="viewer", namespaces=["sales"])
    others = [made(api, name="other", role="viewer", namespaces=["sales", "hr"]), made(api, name="everywhere", role="viewer")]
    ids = {item["id"] for item in with_token(api, fenced, "GET", "/tokens?limit=500").json["items"]}
    assert theirs["id"] in ids and ids.isdisjoint(one["id"] for one in others)
    for other in others:
        assert with_token(api, fenced, "DELETE", f"/tokens/{other['id']}").status_code == 404
    assert with_token(api, fenced, "DELETE", f"/tokens/{theirs['id']}").status_code == 204


def test_the_last_admin_of_everything_cannot_be_revoked(api: Api) -> None:
    me = next(item for item in api.call("GET", "/tokens?limit=500").json["items"] if item["name"] == "admin")
    made(api, name="for a while", role="admin", expiresAt=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    made(api, name="of one", role="admin", namespaces=["sales"])
    refused = api.call("DELETE", f"/tokens/{me['id']}")
    assert (refused.status_code, "make another one first" in refused.json["detail"]) == (409, True)
    other = made(api, name="other admin", role="admin")
    assert with_token(api, other["token"], "DELETE", f"/tokens/{me['id']}").status_code == 204
    api.all("UPDATE tokens SET revoked_at = NULL WHERE id = %(id)s RETURNING id", id=me["id"])
    assert api.call("DELETE", f"/tokens/{other['id']}").status_code == 204


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"role": "viewer"}, "name"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "x\nrole=admin", "role": "viewer"}, "name"),
        ({"name": "x", "role": "viewer", "namespaces": []}, "namespaces"),
        ({"name": "x", "role": "viewer", "namespaces": ["No!"]}, "No!"),
        ({"name": "x", "role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"name": "x", "role": "viewer", "expiresAt": "soon"}, "expiresAt"),
        ({"name": "x", "role": "viewer", "roles": []}, "roles"),
    ],
)
def test_what_is_wrong_is_named(api: Api, said: dict[str, Any], word: str) -> None:
    refused = api.call("POST", "/tokens", said)
    assert refused.status_code == 422
    assert word in refused.json["detail"]


def test_tokens_come_in_pages(api: Api) -> None:
    names = [made(api, name=f"paged {at}", role="viewer")["id"] for at in range(3)]
    first = api.call("GET", "/tokens?limit=2").json
    rest = api.call("GET", f"/tokens?limit=2&cursor={first['nextCursor']}").json
    assert [item["id"] for item in first["items"] + rest["items"]][:3] == names[::-1]


def test_the_command_line_makes_lists_and_revokes(api: Api, served: str) -> None:
    def penstock(*arguments: str) -> Any:
        done = CliRunner().invoke(command.tokens, arguments, obj=(served, "admin-token", None))
        assert done.exit_code == 0, done.output
        return done

    done = penstock("create", "by hand", "--role", "viewer", "-n", "sales", "--expires", "90d")
    token = done.stdout.strip()
    assert with_token(api, token, "GET", "/session").json["namespaces"] == ["sales"]
    line = next(line for line in penstock("list").stdout.splitlines() if " by hand: " in line)
    assert "viewer of sales" in line and token not in line
    days = datetime.fromisoformat(with_token(api, token, "GET", "/session").json["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=89) < days < timedelta(days=91)
    penstock("revoke", line.split()[0])
    assert with_token(api, token, "GET", "/session").status_code == 401
