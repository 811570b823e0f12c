from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support import postgresql
from tests.tpch.data import Tpch, generate, into_postgresql

SCALE = 0.1
SCHEMA = "tpch"


@dataclass(frozen=True)
class InPostgresql:
    """`config`: of a connector to the schema that holds the tables."""

    url: str
    config: dict[str, Any]


@pytest.fixture(scope="session")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Tpch:
    return generate(tmp_path_factory.mktemp("tpch"), SCALE)


@pytest.fixture(scope="session")
def tpch_in_postgresql(tpch: Tpch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InPostgresql]:
    with postgresql.server(tmp_path_factory.mktemp("tpch-server") / "home") as url:
        into_postgresql(tpch, url, SCHEMA)
        yield InPostgresql(url, {**config_of(url), "schema": SCHEMA})


def config_of(url: str) -> dict[str, Any]:
    """The parts of a URL as a postgres connector's settings."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path.lstrip("/"),
        "user": parts.username,
        "password": parts.password,
    }
