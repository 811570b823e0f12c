"""Each test of a `place` runs on every database there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Duckdb, Place, Sqlite
from tests.support.mariadb import Server

DATABASES = {"sqlite": Sqlite, "duckdb": Duckdb}


@pytest.fixture(params=[*DATABASES, "mysql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "mysql":
        server: Server = request.getfixturevalue("mariadb")
        yield Place(server.database())
    else:
        yield Place(DATABASES[request.param](tmp_path))
