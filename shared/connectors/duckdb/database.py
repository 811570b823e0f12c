"""A DuckDB file as `shared.connectors.dbapi` sees it. Rows travel as Arrow all the way.

One process has a file open for writing, and then no other may even read it. So a session opens it as it begins and closes it as it
ends, whoever comes second waits a while, and a source of the same stage reads through the session's own instance.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from shared.connectors.dbapi.arrow_types import arrow_type
from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.errors import BadQuery, Busy, Denied, Misconfigured, NotFound, Overtaxed, RejectedData, Unavailable
from shared.datasets import Column, Columns
from shared.errors import PenstockError, UnavailableError
from shared.formats.types import duckdb as in_duckdb
from shared.formats.types import ours
from shared.sql.table_names import split

LOCK_WAIT_S = 30.0
# Beside the engine's own share; what does not fit goes to disk beside the file.
MEMORY = "256MB"
_LOOK_EVERY_S = 0.2
_REJECTED = (duckdb.ConstraintException, duckdb.ConversionException, duckdb.OutOfRangeException)


class Stopped(UnavailableError):
    code = "interrupted"


class _Files:
    """The instances this process writes with, by path; a reader of the same file is given a cursor of it."""

    def __init__(self) -> None:
        self._lock, self._written = threading.Lock(), dict[str, duckdb.DuckDBPyConnection]()

    def open(self, path: Path, *, write: bool) -> duckdb.DuckDBPyConnection:
        with self._lock:
            mine = self._written.get(str(path))
            if mine is not None:
                return mine.cursor()
            # Nothing but this file: no other file, no extension, no network, whatever a query asks for.
            config: dict[str, str | bool | int | float | list[str]] = {
                "enable_external_access": False,
                "threads": 2,
                "memory_limit": MEMORY,
                "autoload_known_extensions": False,
            }
            opened = duckdb.connect(str(path), read_only=not write, config=config)
            opened.execute("SET GLOBAL TimeZone = 'UTC'")
            if write:
                self._written[str(path)] = opened
            return opened

    def close(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._written.get(str(path)) is connection:
                del self._written[str(path)]
        connection.close()


_FILES = _Files()


class _Held:
    """A connection that lets go of its file when it is closed."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._path, self._connection = path, connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        _FILES.close(self._path, self._connection)


class DuckdbFile(Database):
    dialect = "duckdb"
    paramstyle = "qmark"
    checkpoints = True

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._path = Path(str(config["path"]))

    @property
    def where(self) -> str:
        return str(self._path)

    def is_there(self) -> bool:
        return self._path.exists()

    def connect(self, session: str, *, write: bool) -> Connection:
        if not write and not self._path.exists():
            raise NotFound(f"{self._path} is not there; put the database there, or correct the connector's path")
        if write and not self._path.parent.is_dir():
            raise NotFound(f"{self._path.parent} is no folder on this machine; make it, or correct the connector's path")
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                return _Held(self._path, _FILES.open(self._path, write=write))
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(_LOOK_EVERY_S)

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise self._ours(error) from error

    def _ours(self, error: duckdb.Error) -> PenstockError:
        said = str(error).strip().splitlines()[0]
        if isinstance(error, duckdb.InterruptException):
            return Stopped("stopped on request")
        if isinstance(error, duckdb.IOException) and "lock" in said:
            return Busy(f"{self._path}: another process has had it open for {LOCK_WAIT_S:.0f} s; close it there")
        if isinstance(error, duckdb.IOException) and "valid DuckDB" in said:
            return Misconfigured(f"{self._path} is no DuckDB database; correct the connector's path")
        if isinstance(error, duckdb.PermissionException) or "ermission" in said:
            return Denied(f"{self._path}: {said}; allow it, or change the query or the connector")
        if isinstance(error, duckdb.OutOfMemoryException):
            return Overtaxed(f"{self._path}: {said}")
        if isinstance(error, duckdb.IOException):
            return Unavailable(f"{self._path}: {said}")
        if isinstance(error, _REJECTED):
            return RejectedData(f"{self._path}: {said}; correct the rows, or reject them before the sink")
        if isinstance(error, duckdb.CatalogException) or "not found" in said:
            return NotFound(f"{self._path}: {said}; correct the name, or make it")
        return BadQuery(f"{self._path}: {said}; correct the query")

    def execute(self, connection: Connection, said: exp.Expr | str, values: Sequence[Any] = ()) -> int:
        # A cursor of DuckDB's is a connection of its own, outside the transaction.
        self._run(connection, said, values)
        found = connection.fetchone() if connection.description else None
        return int(found[0]) if found and isinstance(found[0], int) else -1

    def fetch(self, connection: Connection, said: exp.Expr | str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._run(connection, said, values)
        return list(connection.fetchall())

    def version(self, connection: Connection) -> str:
        return str(duckdb.__version__)

    def find(self, connection: Connection, target: str) -> Table | None:
        schema, name = split(target)
        place = (schema or "main", name)
        columns = self.fetch(
            connection,
            "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name = current_database()"
            " AND schema_name = ? AND table_name = ? ORDER BY column_index",
            place,
        )
        if not columns:
            return None
        keys = self.fetch(
            connection,
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = current_database() AND schema_name = ?"
            " AND table_name = ? AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') ORDER BY constraint_type",
            place,
        )
        rows = self.fetch(
            connection,
            "SELECT estimated_size FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
            place,
        )
        return Table(
            tuple(Column(column, ours(kind), nullable) for column, kind, nullable in columns),
            tuple(kind for _, kind, _ in columns),
            tuple(tuple(key) for (key,) in keys),
            int(rows[0][0]) if rows else None,
        )

    def table_names(self, connection: Connection) -> list[str]:
        found = "SELECT table_name FROM duckdb_tables() WHERE NOT internal UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
        return [name for (name,) in self.fetch(connection, found)]

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        relation = selected(connection, query)
        kinds = tuple(str(kind) for kind in relation.types)
        return tuple(Column(name, ours(kind)) for name, kind in zip(relation.columns, kinds, strict=True)), kinds

    def declare(self, column: Column, *, key: bool) -> exp.DataType:
        return exp.DataType(this=exp.DType.USERDEFINED, kind=in_duckdb(column.type))

    def begin(self, connection: Connection) -> None:
        connection.begin()

    def load(
        self, connection: Connection, into: exp.Insert, taken: Columns, table: Table, rows: pa.RecordBatchReader, *, numbered: bool
    ) -> None:
        """As Arrow, a batch a statement: the rows may come out of this very connection, which does one thing at a time."""
        names = [identifier.name for identifier in into.this.expressions]
        picked = exp.Select(expressions=[exp.column(name, quoted=True) for name in names]).from_(_INCOMING, copy=False)
        said, number = exp.Insert(this=into.this, expression=picked).sql("duckdb"), 1
        for batch in rows:
            arrays = [
                self.fitted(batch.select([at]), (column,), table, number)[0] if _plain(column.type) else batch.column(at)
                for at, column in enumerate(taken)
            ]
            if numbered:
                arrays.append(pa.array(range(number, number + batch.num_rows), pa.int64()))
            connection.register(_INCOMING, pa.Table.from_arrays(arrays, names=names))
            try:
                self.execute(connection, said)
            finally:
                connection.unregister(_INCOMING)
            number += batch.num_rows

    def interrupt(self, connection: Connection) -> None:
        connection.interrupt()


_INCOMING = "penstock_incoming"


def _plain(type_: str) -> bool:
    """Others (intervals, lists, UUID, JSON) DuckDB casts from what DuckDB sent."""
    return type_ == "TEXT" or not pa.types.is_string(arrow_type(type_))


def selected(connection: Connection, query: str) -> Any:
    """A user's query as a relation that is not run yet. Raises BadQuery for anything but one SELECT."""
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadQuery("the query of a source must be one SELECT; take out what else it does")
    return connection.sql(statements[0].query)
