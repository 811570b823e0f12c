"""A store of its own for each test: a chain of commits is one for a whole store."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from infra.local import migrate
from shared.store.database import Database
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def template(stack: Stack) -> str:
    """The address of the server; its database `template_versions` is an empty store, which takes much longer to make than to copy."""
    admin = f"postgresql://admin:{stack.home.secrets()['admin']}@127.0.0.1:{stack.home.read('ports.json')['postgres']}"
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS template_versions")
        connection.execute("CREATE DATABASE template_versions")
    migrate.migrate(f"{admin}/template_versions")
    return admin


@pytest.fixture
def store_url(template: str) -> str:
    """Of an empty one."""
    with psycopg.connect(f"{template}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS versions WITH (FORCE)")
        connection.execute("CREATE DATABASE versions TEMPLATE template_versions")
    return f"{template}/versions"


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    found = Database(store_url, name="tests", size=10)
    yield found
    found.close()
