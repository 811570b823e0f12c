"""A schema of a test's own in the users' database."""

from __future__ import annotations

from typing import Any

import psycopg

from infra.local.home import Home
from shared.store.identifiers import new_id


class Schema:
    """`config`: of a postgres connector whose tables are there."""

    def __init__(self, home: Home, schema: str) -> None:
        port, password = home.read("ports.json")["postgres"], home.secrets()["demo"]
        self.config = {"host": "127.0.0.1", "port": port, "database": "demo", "user": "demo", "password": password, "schema": schema}
        self.url = f"postgresql://demo:{password}@127.0.0.1:{port}/demo?options=-csearch_path%3D{schema}"
        self.schema, self.run = schema, new_id()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(statement)  # type: ignore[arg-type]  # a test's own text
            return done.fetchall() if done.rownumber is not None else []
