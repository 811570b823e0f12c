"""The relations between reading and handing over: who computes them is the engine, all else of a stage is the same for each.

An attempt enters what it reads, defines the program's statements, and asks for what it hands over as SQL that its DuckDB connection
runs. DuckDB computes them itself; the dataframe engine computes them and shows DuckDB the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import duckdb

from shared.engines.duckdb.connection import name, text
from shared.engines.program import Program
from shared.engines.work import Job


class Relations(Protocol):
    """Made for one attempt. Rows are None where they are not known yet."""

    def enter(self, table: str, sql: str, materialise: bool) -> int | None:
        """A read; `sql` is DuckDB's, whatever the engine."""
        ...

    def define(self, table: str, sql: str, materialise: bool) -> int | None:
        """A statement of the program."""
        ...

    def query(self, sql: str) -> str:
        """What DuckDB runs to yield the rows of the program's `sql`."""
        ...

    def drawn(self, counter: str) -> int:
        """How often the counter was drawn; asked last."""
        ...

    def total(self, table: str, column: str) -> int: ...


Open = Callable[[duckdb.DuckDBPyConnection, Job, Program], Relations]


class DuckRelations:
    """Temporary tables where a relation is to be one, else names for the next statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, job: Job, program: Program) -> None:
        self._connection = connection
        self._named: dict[str, str] = {}
        for counter in program.counters:
            connection.execute(f"CREATE TEMP SEQUENCE {name(counter)}")

    def enter(self, table: str, sql: str, materialise: bool) -> int | None:
        return self.define(table, sql, materialise)

    def define(self, table: str, sql: str, materialise: bool) -> int | None:
        if not materialise:
            self._named[table] = sql
            return None
        made = self._connection.execute(f"CREATE TEMP TABLE {name(table)} AS {self.query(sql)}").fetchone()
        return int(made[0]) if made else None

    def query(self, sql: str) -> str:
        """The relations that are no tables stand before each statement: a view is bound, files opened and all, when it is made and
        again wherever it is used (measured: 18 ms for a stage with ten inputs, and 7 so). DuckDB binds of them what `sql` uses.
        """
        named = ", ".join(f"{name(table)} AS NOT MATERIALIZED ({body})" for table, body in self._named.items())
        return f"WITH {named} {sql}" if named else sql

    def drawn(self, counter: str) -> int:
        row = self._connection.execute(f"SELECT last_value FROM duckdb_sequences() WHERE sequence_name = {text(counter)}").fetchone()  # noqa: S608
        return int(row[0] or 0) if row else 0

    def total(self, table: str, column: str) -> int:
        row = self._connection.execute(f"SELECT coalesce(sum({name(column)}), 0) FROM {name(table)}").fetchone()  # noqa: S608 (quoted names)
        return int(row[0]) if row else 0
