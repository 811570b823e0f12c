from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.tpch.data import Tpch, generate, into_postgresql

SCALE = 0.1
SCHEMA = "tpch"


@pytest.fixture(scope="session")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Tpch:
    return generate(tmp_path_factory.mktemp("tpch"), SCALE)


@pytest.fixture(scope="session")
def tpch_in_postgresql(tpch: Tpch, stack: Stack) -> Iterator[dict[str, Any]]:
    """The config of a connector to the schema that holds the tables."""
    into_postgresql(tpch, stack.demo_url, SCHEMA)
    port, password = stack.home.read("ports.json")["postgres"], stack.home.secrets()["demo"]
    yield {"host": "127.0.0.1", "port": port, "database": "demo", "user": "demo", "password": password, "schema": SCHEMA}
    stack.sql(f"DROP SCHEMA {SCHEMA} CASCADE")
