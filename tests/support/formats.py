"""Rows of all types, written into a file by the engine and read back through the connector: what each format keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from shared.connectors.files.driver import ConnectorDriver
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.duckdb.rows import DuckRows
from shared.engines.program import Output, Program, Read, Rejects
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector

COUNT = {"in": {"rowsIn": None, "rowsOut": {"read": "in"}, "rowsRejected": {"rejectedLines": "in"}}}


def write(folder: Path, path: str, sql: str, file_format: str, **options: Any) -> int:
    """Through the writer that sinks use; the number of rows."""
    (folder / "scratch").mkdir(exist_ok=True)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = DuckRows(connection, sql, str(folder / "scratch"))
        rows.to_file(str(folder / path), file_format, options)
        return rows.count


def read(folder: Path, path: str, schema: dict[str, str] | None = None, connector: dict[str, Any] | None = None, **options: Any) -> Outcome:
    """Surveys a path as the planner would have it done, then stages all its rows; `schema` pins types, `connector` is where it is read from
    (None: from the folder).
    """
    config = {"path": path, **options}
    found = ConnectorDriver(connector or {"root": str(folder)}).survey("source", config).to_json()
    columns = [[name, (schema or {}).get(name, kind), nullable] for name, kind, nullable in found["columns"]]
    return read_as(folder, config, columns, connector)


def read_as(folder: Path, config: dict[str, Any], columns: list[list[Any]], connector: dict[str, Any] | None = None) -> Outcome:
    (folder / "scratch").mkdir(exist_ok=True)
    described = columns_from_json(columns)
    source = Read("in", "in", described, "default/files", {**config, "surveyed": columns}, materialise=True)
    output = Output("in", 'SELECT * FROM "in"', described)
    program = Program((source,), outputs=(output,), rejects=(Rejects("in", read="in"),), figures=COUNT)
    connectors = {"default/files": ResolvedConnector("default/files", "files", connector or {"root": str(folder)})}
    limits = Limits(2_000_000_000, 2, str(folder / "scratch"))
    job = Job("default", "run", 1, 1, "work", program.to_json(), connectors, {}, str(folder / "staging"), limits)
    return driver.run(job, Control())


def rows(outcome: Outcome) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.sql(f"SELECT * FROM '{outcome.datasets[0].uri}'").fetchall()


def texts(sql: str) -> list[tuple[str | None, ...]]:
    """The rows of a query as the engine spells their values: JSON without its blanks."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.sql(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql})").fetchall()
    return [tuple(value.replace(" ", "") if value and value.startswith(("{", "[")) else value for value in row) for row in found]


def staged(outcome: Outcome) -> str:
    return f"SELECT * FROM '{outcome.datasets[0].uri}'"


def types(outcome: Outcome) -> dict[str, str]:
    return {column.name: column.type for column in outcome.datasets[0].columns}
