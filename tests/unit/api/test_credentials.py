"""Credentials through the API: where their values are kept, and another master key."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shared.secrets.database import seal, unseal
from shared.store import credentials

# Of conftest, which cannot be imported.
Api = Any
OLD, NEW, STRANGE = b"o" * 32, b"n" * 32, b"s" * 32


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@pytest.fixture
def store(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("PENSTOCK_MASTER_KEY", encoded(OLD))
    api.all("DELETE FROM credentials RETURNING name")
    return api


def test_a_credential_may_be_kept_elsewhere_and_then_only_where_is_known_here(store: Api) -> None:
    first = store.call("PUT", "/credentials/sales/db", {"password": "pa55"}).json
    assert (first["version"], first["store"], first["location"], first["fields"]) == (1, "database", None, ["password"])
    moved = store.call("PUT", "/credentials/sales/db?store=vault&location=secret/sales/db", {}).json
    assert (moved["version"], moved["store"], moved["location"]) == (2, "vault", "secret/sales/db")
    assert store.call("GET", "/credentials/sales/db").json["location"] == "secret/sales/db"
    assert "pa55" not in store.call("GET", "/credentials").text
    (row,) = store.all("SELECT sealed FROM credentials WHERE version = 2")
    assert row["sealed"] is None


@pytest.mark.parametrize(
    "query",
    [
        "?store=vault",
        "?location=secret/x",
        "?store=database&location=x",
        "?store=files&location=x",
        "?store=ssm&location=a%20b",
        "?store=ssm&location=",
    ],
)
def test_a_place_that_is_none_is_refused(store: Api, query: str) -> None:
    assert store.call("PUT", f"/credentials/sales/db{query}").status_code == 422


def test_values_are_not_taken_for_a_store_that_has_its_own(store: Api) -> None:
    answer = store.call("PUT", "/credentials/sales/db?store=vault&location=secret/sales/db", {"password": "pa55"})
    assert (answer.status_code, answer.json["detail"]) == (
        422,
        "the values of a credential in vault are put there by its own tools; send none here",
    )
    assert store.call("GET", "/credentials/sales/db").status_code == 404


def test_the_list_goes_by_pages_and_shows_who_looks_only_theirs(store: Api) -> None:
    from shared.store import tokens

    for name in ("a", "b", "c"):
        store.call("PUT", f"/credentials/sales/{name}", {"password": "x"})
    store.call("PUT", "/credentials/sales/b", {"password": "y"})
    store.call("PUT", "/credentials/hr/a", {"password": "x"})
    first = store.call("GET", "/credentials?limit=3").json
    rest = store.call("GET", f"/credentials?limit=3&cursor={first['nextCursor']}").json
    found = [(one["namespace"], one["name"], one["version"]) for page in (first, rest) for one in page["items"]]
    assert found == [("hr", "a", 1), ("sales", "a", 1), ("sales", "b", 2), ("sales", "c", 1)]
    with store.database.transaction() as tx:
        tokens.put(tx, "hr-editor-token", "hr", "editor", ["hr"])
    assert [one["namespace"] for one in store.call("GET", "/credentials", role="hr-editor").json["items"]] == ["hr"]
    assert store.call("GET", "/credentials", role="viewer").status_code == 403


def test_after_the_master_key_was_changed_all_is_sealed_with_the_new_one(store: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.database.transaction() as tx:
        for n in range(205):
            credentials.put(tx, "sales", f"c{n}", 1, "password", seal({"password": f"p{n}"}, OLD, f"sales/c{n}/1"))
    store.call("PUT", "/credentials/sales/away?store=ssm&location=/x", {})
    monkeypatch.setenv("PENSTOCK_MASTER_KEY", encoded(STRANGE))
    store.call("PUT", "/credentials/sales/lost", {"password": "x"})
    monkeypatch.setenv("PENSTOCK_MASTER_KEY", encoded(NEW))
    monkeypatch.setenv("PENSTOCK_MASTER_KEY_BEFORE", f"{encoded(OLD)},")
    store.call("PUT", "/credentials/sales/fresh", {"password": "x"})
    assert store.call("POST", "/credentials/reseal", role="operator").status_code == 403
    assert store.call("POST", "/credentials/reseal").json == {"checked": 207, "kept": 1, "resealed": 205, "unreadable": 1}
    assert store.call("POST", "/credentials/reseal").json == {"checked": 207, "kept": 206, "resealed": 0, "unreadable": 1}
    (row,) = store.all("SELECT sealed, version FROM credentials WHERE name = 'c7'")
    assert unseal(row["sealed"], (NEW,), "sales/c7/1") == {"password": "p7"}
