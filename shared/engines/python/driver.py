"""Runs a stage that is a person's function: DuckDB reads what comes in and hands over what comes out, the function is between."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

import duckdb
from sqlglot import exp

from shared.datasets import Columns
from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.duckdb.connection import name, text
from shared.engines.duckdb.relations import DuckRelations
from shared.engines.program import Program
from shared.engines.python.call import Bounds, FunctionFailed, call
from shared.engines.python.requirements import installed
from shared.engines.work import Job, Outcome
from shared.formats.types import duckdb as in_duckdb
from shared.formats.types import ours

PANDAS_ROWS = "PENSTOCK_PANDAS_ROWS"
# Types that hold every value of the one that a function gave.
_WIDER = {
    "SMALLINT": {"INTEGER", "BIGINT", "DOUBLE PRECISION"},
    "INTEGER": {"BIGINT", "DOUBLE PRECISION"},
    "REAL": {"DOUBLE PRECISION"},
    "DATE": {"TIMESTAMP"},
    # Of a column that is NULL throughout nothing is known.
    "NULL": set(),
}
_DIGITS = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


def run(job: Job, control: Control) -> Outcome:
    """One attempt, as `shared.engines.duckdb.driver.run`."""
    with tempfile.TemporaryDirectory(prefix="python-", dir=job.limits.scratch, ignore_cleanup_errors=True) as folder:
        return driver.run(job, control, partial(PythonRelations, Path(folder), control))


class PythonRelations(DuckRelations):
    def __init__(self, folder: Path, control: Control, connection: duckdb.DuckDBPyConnection, job: Job, program: Program) -> None:
        super().__init__(connection, job, program)
        self._folder, self._control, self._job = folder, control, job
        self._functions = {one.table: one.function for one in program.statements if one.function is not None}

    def define(self, table: str, sql: str, materialise: bool) -> int | None:
        if table not in self._functions:
            return super().define(table, sql, materialise)
        function = self._functions[table]
        out = Path(tempfile.mkdtemp(dir=self._folder))
        given = self._folder / f"{out.name}.parquet"
        copied = self._connection.execute(f"COPY ({self.query(sql)}) TO {text(str(given))} (FORMAT parquet)").fetchone()
        job = self._job
        beside = installed(function.requirements, Path(os.environ.get("PENSTOCK_HOME") or job.limits.scratch))
        order = {
            "source": function.source,
            "input": str(given),
            "folder": str(out),
            "rows": int(copied[0]) if copied else 0,
            "pandas_rows": int(os.environ.get(PANDAS_ROWS) or 1_000_000),
            "threads": job.limits.threads,
            "paths": [str(beside)] if beside is not None else [],
        }
        call(order, out, Bounds(job.limits.memory_bytes, function.timeout_s), self._control)
        given.unlink()
        self._named[table] = self._checked(out, function.columns)
        row = self._connection.execute(f"SELECT count(*) FROM ({self._named[table]})").fetchone()  # noqa: S608 (our own)
        return int(row[0]) if row else 0

    def _checked(self, folder: Path, columns: Columns) -> str:
        """What the function wrote, as the columns that the node has. Raises FunctionFailed where it is not."""
        files = sorted(folder.glob("*.parquet"), key=lambda file: int(file.name.split(".")[1]))
        source = f"read_parquet([{', '.join(text(str(file)) for file in files)}])"
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 (quoted)
        found = {str(column): "NULL" if str(kind) in {"NULL", '"NULL"'} else ours(str(kind)) for column, kind, *_ in described}
        wanted = {column.name: column.type for column in columns}
        if missing := [column for column in wanted if column not in found]:
            raise FunctionFailed(f"the table that the function gave has no column {missing[0]}; it has {', '.join(found)}")
        if more := [column for column in found if column not in wanted]:
            raise FunctionFailed(f"the function gave a column {more[0]} that the node does not have; list the node's columns under columns")
        for column, kind in wanted.items():
            if not _fits(found[column], kind):
                raise FunctionFailed(
                    f"column {column} is {found[column]} in the table that the function gave, and {kind} in the node;"
                    " convert it in the function, or list the node's columns under columns"
                )
        picked = (f"CAST({name(column)} AS {_duckdb_type(kind)}) AS {name(column)}" for column, kind in wanted.items())
        return f"SELECT {', '.join(picked)} FROM {source}"  # noqa: S608 (quoted)


def _fits(found: str, wanted: str) -> bool:
    if found == wanted or found == "NULL" or wanted in _WIDER.get(found, set()):
        return True
    if wanted.startswith("NUMERIC("):
        # No digit after the point may be lost; one too many before it is an error of the cast, and pandas makes all decimals long.
        digits, most = _decimal(found), _decimal(wanted)
        return digits is not None and most is not None and digits[1] <= most[1]
    # Arrow carries these as text.
    return found == "TEXT" and wanted in {"UUID", "JSON"}


def _decimal(kind: str) -> tuple[int, int] | None:
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    if not kind.startswith("NUMERIC("):
        return None
    precision, _, scale = kind.removeprefix("NUMERIC(").rstrip(")").partition(",")
    return int(precision), int(scale or 0)


def _duckdb_type(kind: str) -> str:
    return exp.DataType.build(in_duckdb(kind), dialect="duckdb").sql("duckdb")
