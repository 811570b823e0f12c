"""What a check reads, as relations of a DuckDB connection: the dataset as `this`, and what its rules compare it with.

Nothing is looked at, and nothing read, before it is wanted: a reference that is down is the trouble of the rule that names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import duckdb

from shared.connectors import driver as connector_driver
from shared.connectors.errors import NotFound
from shared.connectors.protocols import Survey
from shared.datasets import Columns
from shared.engines.control import Control
from shared.engines.duckdb.connection import name
from shared.engines.duckdb.errors import translated
from shared.engines.duckdb.scans import scan
from shared.engines.program import Read
from shared.engines.work import Job
from shared.errors import ConfigurationError


class NoSuchRelation(ConfigurationError):
    code = "unknown_relation"


def answer(connection: duckdb.DuckDBPyConnection, text: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of its columns, and the first rows of a query."""
    found = connection.execute(text)
    return [str(column[0]) for column in found.description or ()], found.fetchmany(most)


class Relations:
    """Made for one check, over the connection it is measured on. What is opened is closed with `open_`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, job: Job, reads: Sequence[Read], control: Control, open_: ExitStack) -> None:
        self._connection, self._job, self._control, self._open = connection, job, control, open_
        self._reads = {read.table: read for read in reads}
        self._surveys: dict[str, Survey] = {}
        self._entered: dict[str, Columns] = {}

    def has(self, table: str) -> bool:
        return table in self._reads

    def read(self, table: str) -> Read:
        try:
            return self._reads[table]
        except KeyError as error:
            raise NoSuchRelation(f"{table} is not among what the check reads; plan the run again") from error

    def absent(self, table: str) -> bool:
        """It is among what the check reads, and not there. Raises what else its driver does."""
        if not self.has(table) or self.read(table).datasets:
            return False
        try:
            self.survey(table)
        except NotFound:
            return True
        return False

    def columns(self, table: str) -> Columns:
        read = self.read(table)
        if read.datasets:
            return self._job.inputs["{}:{}".format(*read.datasets[0])].columns
        return read.columns or self.survey(table).columns

    def keys(self, table: str) -> tuple[str, ...]:
        """The columns that tell its rows apart, where they are known."""
        found = self._surveys.get(table)
        return found.keys[0] if found is not None and found.keys else ()

    def survey(self, table: str) -> Survey:
        """Of what is read through a connector; looked at once. Raises what its driver does."""
        if table not in self._surveys:
            read = self.read(table)
            connector = self._job.connectors.get(read.connector or "")
            if connector is None:
                raise NoSuchRelation(f"connector {read.connector} cannot be had; correct its name, or make it")
            with self._control.calling(connector.reference):
                self._surveys[table] = connector_driver(connector.type, connector.config).survey("source", _looked_at(read))
        return self._surveys[table]

    def entered(self, table: str) -> Columns:
        """The columns that the connection has of it."""
        return self._entered[table]

    def enter(self, table: str, keep: Sequence[str]) -> None:
        """From now on the connection has it under its name, with those columns of it at least. Only the first call does something."""
        if table in self._entered:
            return
        read, columns = self.read(table), self.columns(table)
        if not read.datasets:
            options = {"surveyed": [column.to_json() for column in columns], **_looked_at(read)}
            read = replace(read, columns=columns, options=options, keep=tuple(keep))
        found = self._open.enter_context(scan(self._connection, self._job, read, self._control))
        # What lies in files that say where each column is, is read again by each that wants some of them; all else is read once.
        kind = "VIEW" if read.datasets or found.rows is not None else "TABLE"
        there = tuple(column for column in columns if kind == "VIEW" or column.name in keep)
        picked = ", ".join(name(column.name) for column in there)
        with translated(self._job.limits.memory_bytes):
            self._connection.execute(f"CREATE TEMP {kind} {name(table)} AS SELECT {picked} FROM {found.sql} AS r")  # noqa: S608 (quoted names)
        self._entered[table] = there


def _looked_at(read: Read) -> dict[str, Any]:
    return {key: value for key, value in read.options.items() if value is not None}
