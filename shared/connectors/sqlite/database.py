"""A SQLite database as `shared.connectors.dbapi` sees it, over Python's own module.

One lock for the whole file, held only while rows are published: they are staged in the session's temporary database first, which also
lets a stage read and write one file. There are no sessions to end: an attempt that is stopped while it holds the lock is waited for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.dbapi.to_python import Spelling, as_texts
from shared.connectors.errors import BadQuery, Busy, Denied, Misconfigured, NotFound, RejectedData, Unavailable
from shared.connectors.sqlite.types import declared, needs_sample, our_type, sampled
from shared.datasets import Column, Columns
from shared.errors import PenstockError, UnavailableError
from shared.sql.reads import named
from shared.sql.table_names import split

LOCK_WAIT_S = 30.0
SAMPLE_ROWS = 1000
# What is stored as a 64-bit float keeps so many decimal digits; whole numbers keep all of 64 bits.
SAFE_DIGITS = 15
_LARGEST = 2**63


class Stopped(UnavailableError):
    code = "interrupted"


class Sqlite(Database):
    dialect = "sqlite"
    paramstyle = "qmark"
    direct = False
    checkpoints = True
    savepoints = True
    spellings: ClassVar[Mapping[str, Spelling]] = dict.fromkeys(("DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "NUMERIC"), as_texts)

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
        uri = f"file:{quote(str(self._path))}?mode={'rwc' if write else 'ro'}"
        # Batches are taken by the engine's own threads, one after the other.
        connection = sqlite3.connect(uri, uri=True, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
        # A query may read this file and nothing else of the machine.
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK)
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        return connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def _ours(self, error: sqlite3.Error) -> PenstockError:
        said, code = str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            return Stopped("stopped on request")
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return Busy(f"{self._path}: another program has been writing to it for {LOCK_WAIT_S:.0f} s ({said})")
        if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
            return Denied(f"{self._path}: {said}; allow it, or change the connector's path")
        if code == sqlite3.SQLITE_CANTOPEN:
            return Denied(f"{self._path} cannot be opened by this worker; allow it, or correct the connector's path")
        if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            return Misconfigured(f"{self._path} is no SQLite database that can be read ({said}); correct the connector's path")
        if code in {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG}:
            return RejectedData(f"{self._path}: {said}; correct the rows, or reject them before the sink")
        if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            return Unavailable(f"{self._path}: {said}")
        if said.startswith(("no such table", "no such column")):
            return NotFound(f"{self._path}: {said}; correct the name, or make it")
        return BadQuery(f"{self._path}: {said}; correct the query")

    def version(self, connection: Connection) -> str:
        return ".".join(sqlite3.sqlite_version.split(".")[:2])

    def find(self, connection: Connection, target: str) -> Table | None:
        schema, wanted = split(target)
        place = "main" if schema is None else schema
        master = exp.Table(this=exp.to_identifier("sqlite_master", quoted=True), db=exp.to_identifier(place, quoted=True))
        there = exp.Select(expressions=[exp.column("name")]).from_(master, copy=False)
        there.where("type IN ('table', 'view') AND name = ? COLLATE NOCASE", dialect="sqlite", copy=False)
        found = self.fetch(connection, there, (wanted,))
        if not found:
            return None
        name = found[0][0]
        return self._columns(
            connection, name, place, named(target), self._keys(connection, name, place), self._rows(connection, name, place)
        )

    def _columns(
        self, connection: Connection, name: str, schema: str, source: exp.Table, keys: tuple[tuple[str, ...], ...], rows: int | None
    ) -> Table:
        described = self.fetch(
            connection, 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?, ?) WHERE hidden <> 1 ORDER BY cid', (name, schema)
        )
        types = {column: our_type(said) for column, said, *_ in described}
        open_ones = [column for column, type_ in types.items() if needs_sample(type_)]
        if open_ones:
            picked = exp.Select(expressions=[exp.column(column, quoted=True) for column in open_ones]).from_(source, copy=False)
            sample = self.fetch(connection, picked.limit(SAMPLE_ROWS, copy=False))
            for at, column in enumerate(open_ones):
                types[column] = sampled(types[column], [row[at] for row in sample])
        columns = tuple(Column(column, str(types[column]), not required) for column, _, required, _ in described)
        return Table(
            columns, tuple(said for _, said, *_ in described), keys, rows, foreign=self._collated(connection, name, schema, columns)
        )

    def _keys(self, connection: Connection, name: str, schema: str) -> tuple[tuple[str, ...], ...]:
        primary = self.fetch(connection, "SELECT name FROM pragma_table_xinfo(?, ?) WHERE pk > 0 ORDER BY pk", (name, schema))
        keys = [tuple(column for (column,) in primary)] if primary else []
        unique = "SELECT name FROM pragma_index_list(?, ?) WHERE \"unique\" = 1 AND partial = 0 AND origin <> 'pk'"
        for (index,) in self.fetch(connection, unique, (name, schema)):
            parts = self.fetch(connection, "SELECT name FROM pragma_index_info(?, ?) ORDER BY seqno", (index, schema))
            if all(column is not None for (column,) in parts):
                keys.append(tuple(column for (column,) in parts))
        return tuple(keys)

    def _collated(self, connection: Connection, name: str, schema: str, columns: Columns) -> dict[str, str]:
        """All texts of a table or view in whose definition the word is said: which column it is for, only SQLite's own parser knows."""
        master = exp.Table(this=exp.to_identifier("sqlite_master", quoted=True), db=exp.to_identifier(schema, quoted=True))
        said = exp.select("1").from_(master).where("name = ? AND sql LIKE '%collate%'", dialect="sqlite")
        if not self.fetch(connection, said, (name,)):
            return {}
        return {column.name: "text with a collate of its own" for column in columns if column.type == "TEXT"}

    def _rows(self, connection: Connection, name: str, schema: str) -> int | None:
        """What ANALYZE left; None where it never ran."""
        if not self.fetch(connection, "SELECT 1 FROM pragma_table_list WHERE name = 'sqlite_stat1' AND schema = ?", (schema,)):
            return None
        stat = exp.Table(this=exp.to_identifier("sqlite_stat1", quoted=True), db=exp.to_identifier(schema, quoted=True))
        said = self.fetch(connection, exp.select("stat").from_(stat).where("tbl = ?", dialect="sqlite"), (name,))
        return max((int(stat.split()[0]) for (stat,) in said if stat), default=None)

    def table_names(self, connection: Connection) -> list[str]:
        return [name for (name,) in self.fetch(connection, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') LIMIT 5000")]

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        # A view of the session's own: SQLite then tells which columns are a table's, with their declarations.
        self.execute(connection, f"CREATE TEMP VIEW penstock_survey AS {query.rstrip().rstrip(';')}")
        found = self._columns(connection, "penstock_survey", "temp", named("temp.penstock_survey"), (), None)
        return found.columns, found.declared

    def declare(self, column: Column, *, key: bool) -> exp.DataType:
        # As it is: sqlglot would make REAL of a decimal.
        return exp.DataType(this=exp.DType.USERDEFINED, kind=declared(column))

    def unfit(self, values: pa.Array, column: Column) -> tuple[pa.Array, str] | None:
        if pa.types.is_floating(values.type):
            return pc.is_nan(values), "is not a number, which SQLite would keep as NULL"
        if pa.types.is_decimal(values.type) and values.type.precision > SAFE_DIGITS:
            lossy = [value is not None and not _kept(value) for value in values.to_pylist()]
            return pa.array(lossy), f"has more than {SAFE_DIGITS} digits, which a decimal of SQLite's does not keep"
        return None

    def begin(self, connection: Connection) -> None:
        self.execute(connection, "BEGIN IMMEDIATE")

    @contextmanager
    def staging(self, connection: Connection) -> Iterator[None]:
        # In one transaction, or each row would be one; it has no lock on the file itself, which the temporary database is no part of.
        if connection.in_transaction:
            yield
            return
        self.execute(connection, "BEGIN")
        yield
        connection.commit()

    def interrupt(self, connection: Connection) -> None:
        connection.interrupt()


def _kept(value: Decimal) -> bool:
    digits = value.normalize()
    return len(digits.as_tuple().digits) <= SAFE_DIGITS or (digits == digits.to_integral_value() and abs(digits) < _LARGEST)
