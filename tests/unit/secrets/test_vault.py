"""Secrets of a Vault, over its HTTP API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.secrets.vault import NO_VAULT, Vault, VaultRefused, VaultUnavailable
from tests.support.vault import TOKEN, VaultServer, serving


@pytest.fixture
def server() -> Iterator[VaultServer]:
    with serving() as made:
        made.kept = {"secret/default/db": {"password": "p'w", "port": 5432}, "team-kv/sales/api": {"key": "k"}}
        yield made


def test_a_secret_is_read_by_mount_and_path(server: VaultServer) -> None:
    vault = Vault(server.url, TOKEN)
    assert vault.read("secret/default/db", "default") == {"password": "p'w", "port": "5432"}
    assert vault.read("team-kv/sales/api", "sales") == {"key": "k"}
    assert server.asked == [("/v1/secret/data/default/db", TOKEN), ("/v1/team-kv/data/sales/api", TOKEN)]


@pytest.mark.parametrize(
    ("path", "words"), [("secret/default/nothing", "no secret secret/default/nothing"), ("secret", "write it as secret/path")]
)
def test_what_is_not_there_is_said_by_name(server: VaultServer, path: str, words: str) -> None:
    with pytest.raises(VaultRefused, match=words) as refused:
        Vault(server.url, TOKEN).read(path, "default")
    assert not refused.value.retryable


def test_a_path_cannot_climb_out_of_its_store(server: VaultServer) -> None:
    with pytest.raises(VaultRefused, match="no path of a secret"):
        Vault(server.url, TOKEN).read("secret/../sys/mounts", "default")
    assert server.asked == []


def test_a_token_without_the_right_is_told_apart(server: VaultServer) -> None:
    with pytest.raises(VaultRefused, match="does not let this token read"):
        Vault(server.url, "another").read("secret/default/db", "default")


def test_a_sealed_or_absent_vault_may_be_tried_again(server: VaultServer) -> None:
    server.down = True
    for url in (server.url, "http://127.0.0.1:9"):
        with pytest.raises(VaultUnavailable) as away:
            Vault(url, TOKEN).read("secret/default/db", "default")
        assert away.value.retryable
        assert TOKEN not in away.value.message


def test_a_namespace_reads_only_what_an_operator_allows_it(server: VaultServer) -> None:
    server.kept["secret/sales/db"] = {"x": "1"}
    vault = Vault(server.url, TOKEN, paths=("secret/{namespace}/",))
    assert vault.read("secret/sales/db", "sales") == {"x": "1"}
    with pytest.raises(VaultRefused, match="namespace sales may not read"):
        vault.read("secret/default/db", "sales")


@pytest.mark.parametrize(
    "path", ["secret/default/db", "secret/sales-eu/db", "secret/sales", "secret/sales/%2e%2e/default/db", "sales/default/db"]
)
def test_where_no_operator_says_otherwise_a_namespace_reads_its_own_only(server: VaultServer, path: str) -> None:
    server.kept |= {"secret/sales-eu/db": {"x": "1"}, "sales/default/db": {"x": "1"}}
    with pytest.raises(VaultRefused):
        Vault(server.url, TOKEN).read(path, "sales")
    assert Vault(server.url, TOKEN, paths=("secret", "sales")).read("secret/default/db", "sales"), "an operator may open all of a store"


def test_without_a_vault_the_remedy_is_named() -> None:
    with pytest.raises(VaultRefused, match="set VAULT_ADDR and VAULT_TOKEN"):
        NO_VAULT.read("secret/default/db", "default")


def test_nothing_that_shows_a_vault_shows_its_token() -> None:
    assert TOKEN not in repr(Vault("http://vault", TOKEN))
