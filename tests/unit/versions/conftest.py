"""A store of its own for each test: a chain of commits is one for a whole store."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from infra.local import migrate
from shared.store.database import Database
from tests.support.stack import Stack


@pytest.fixture
def store_url(stack: Stack) -> str:
    """Of an empty one."""
    admin = f"postgresql://admin:{stack.home.secrets()['admin']}@127.0.0.1:{stack.home.read('ports.json')['postgres']}"
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS versions WITH (FORCE)")
        connection.execute("CREATE DATABASE versions")
    migrate.migrate(f"{admin}/versions")
    return f"{admin}/versions"


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    found = Database(store_url, name="tests", size=10)
    yield found
    found.close()
