"""Secrets of AWS' Parameter Store, in a server of moto's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from shared.secrets.allowed import SecretRefused, SecretUnavailable, is_within
from shared.secrets.ssm import NO_PARAMETER_STORE, ParameterStore
from tests.support.buckets import KEY, SECRET, serving

STORE = ParameterStore(("/penstock/{namespace}/",))


@pytest.fixture(scope="module")
def ssm() -> Iterator[Any]:
    """A client of an empty one, to which the environment leads."""
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL_SSM", server.endpoint)
        yield boto3.client(
            "ssm", endpoint_url=server.endpoint, region_name="eu-central-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )


def put(ssm: Any, name: str, value: str, kind: str = "SecureString") -> None:
    ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def test_a_path_has_the_parameters_below_it_decrypted_and_as_they_are_now(ssm: Any) -> None:
    put(ssm, "/penstock/sales/db/user", "loader", "String")
    put(ssm, "/penstock/sales/db/password", "p'ä=")
    put(ssm, "/penstock/sales/db/deeper/other", "x")
    assert STORE.read("/penstock/sales/db", "sales") == {"user": "loader", "password": "p'ä="}
    put(ssm, "/penstock/sales/db/password", "changed")
    assert STORE.read("penstock/sales/db/", "sales")["password"] == "changed"


def test_more_than_a_page_of_parameters_is_read(ssm: Any) -> None:
    for n in range(25):
        put(ssm, f"/penstock/sales/many/k{n}", str(n))
    assert len(STORE.read("/penstock/sales/many", "sales")) == 25


def test_a_path_that_is_a_parameter_has_its_value_and_of_json_the_fields(ssm: Any) -> None:
    put(ssm, "/penstock/sales/token", "t0k")
    put(ssm, "/penstock/sales/json", '{"user": "u", "port": 5432}')
    assert STORE.read("/penstock/sales/token", "sales") == {"value": "t0k"}
    found = STORE.read("/penstock/sales/json", "sales")
    assert (found["user"], found["port"]) == ("u", "5432")


def test_a_namespace_reads_only_what_an_operator_allows_and_by_default_nothing(ssm: Any) -> None:
    put(ssm, "/penstock/sales/db/password", "x")
    put(ssm, "/penstock/sales-eu/db/password", "x")
    for path, namespace in (
        ("/penstock/sales/db", "hr"),
        ("/penstock/sales-eu/db", "sales"),
        ("/penstock/hr/../sales/db", "hr"),
        ("/penstock/hr//db", "hr"),
        ("/", "sales"),
        ("", "sales"),
    ):
        with pytest.raises(SecretRefused):
            STORE.read(path, namespace)
    with pytest.raises(SecretRefused, match="PENSTOCK_SSM_PATHS"):
        NO_PARAMETER_STORE.read("/penstock/sales/db", "sales")


def test_what_is_not_there_is_said_by_name(ssm: Any) -> None:
    with pytest.raises(SecretRefused, match="has no /penstock/sales/nothing"):
        STORE.read("/penstock/sales/nothing", "sales")


def test_one_that_does_not_answer_may_be_tried_again_and_who_is_nobody_is_told_so(ssm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
    with pytest.raises(SecretUnavailable) as away:
        STORE.read("/penstock/sales/db", "sales")
    assert away.value.retryable and SECRET not in away.value.message
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SecretRefused, match="give the workers AWS_REGION and credentials"):
        STORE.read("/penstock/sales/db", "sales")


@pytest.mark.parametrize(
    ("path", "prefix", "namespace", "within"),
    [
        ("secret/sales/db", "secret/{namespace}/", "sales", True),
        ("secret/sales/db", "secret/{namespace}", "sales", True),
        ("secret/sales/db", "secret/{namespace}", "sal", False),
        ("secret/sales/db", "secret/sales/db", "x", True),
        ("secret/sales/db2", "secret/sales/db", "x", False),
        ("/a/b", "/", "x", True),
    ],
)
def test_a_prefix_counts_by_whole_parts(path: str, prefix: str, namespace: str, within: bool) -> None:
    assert is_within(path, (prefix,), namespace) is within
