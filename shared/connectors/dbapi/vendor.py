"""Databases reached by their vendors' own Python drivers, which PEP 249 makes alike: one class for all, a `Vendor` value for each.

Nothing is asked of a vendor's catalogue that PEP 249 can tell: a table's columns are those of an empty SELECT, with the types of the first
rows that come. A transaction is the driver's own (autocommit off); INSERT and OVERWRITE are one, with the marker in it. There is no lock on
a target and no way to end an older attempt's session: of two attempts the first to commit its marker stands, and the other rolls back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID

from sqlglot import exp

from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.errors import BadQuery, Denied, Misconfigured, RejectedData, Unavailable
from shared.datasets import Column, Columns
from shared.errors import PenstockError
from shared.sql.dialects import dialect as dialect_of
from shared.sql.reads import named
from shared.sql.table_names import split

SAMPLE_ROWS = 200
_WHOLE_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Vendor:
    """`connect`: the driver's keyword arguments for a config. `package`: what to install, where the driver is not there.

    `tables`: lists the tables of a schema, its one parameter. `declared`: our types in CREATE TABLE, beside `COMMON`.
    `session`: said first. `login`: words in the driver's error for a login that was refused.
    """

    title: str
    module: str
    package: str
    dialect: str
    connect: Callable[[Mapping[str, Any]], dict[str, Any]]
    where: Callable[[Mapping[str, Any]], str]
    schema: Callable[[Mapping[str, Any]], str | None]
    tables: str
    declared: Mapping[str, str] = field(default_factory=dict)
    session: tuple[str, ...] = ()
    writes: bool = True
    login: tuple[str, ...] = ("password", "authentication", "login failed", "logon denied", "invalid username")


COMMON = {
    "BOOLEAN": "BOOLEAN",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "REAL",
    "DOUBLE PRECISION": "DOUBLE PRECISION",
    "NUMERIC": "DECIMAL(38, 10)",
    "TEXT": "VARCHAR(4000)",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "BYTEA": "VARBINARY(4000)",
}


class VendorDatabase(Database):
    dialect = ""
    paramstyle = ""

    def __init__(self, vendor: Vendor, config: Mapping[str, Any]) -> None:
        self._vendor, self._config = vendor, config
        try:
            self._module = import_module(vendor.module)
        except ImportError as error:
            raise Misconfigured(f"this worker has no driver for {vendor.title}; install {vendor.package} beside Penstock") from error
        # Of this database, whatever its class says.
        self.dialect = dialect_of(vendor.dialect).writes  # type: ignore[misc]
        self.paramstyle = str(self._module.paramstyle)  # type: ignore[misc]

    @property
    def where(self) -> str:
        return self._vendor.where(self._config)

    def connect(self, session: str, *, write: bool) -> Connection:
        if write and not self._vendor.writes:
            raise Misconfigured(f"{self._vendor.title} has no transaction that could hold rows and their marker; write files it can load")
        connection = self._module.connect(**self._vendor.connect(self._config))
        for said in self._vendor.session:
            self.execute(connection, said)
        return connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except self._module.Error as error:
            raise self._ours(error) from error

    def _ours(self, error: Exception) -> PenstockError:
        """By PEP 249's classes, which say less than the vendors' numbers: what may be tried again is operational."""
        module, said = self._module, (str(error).strip().splitlines() or [type(error).__name__])[0]
        if any(word in said.lower() for word in self._vendor.login):
            return Denied(f"{self.where}: {said}; correct the login of this connector")
        if isinstance(error, module.IntegrityError | module.DataError):
            return RejectedData(f"{self.where}: {said}; correct the rows, or reject them before the sink")
        if isinstance(error, module.ProgrammingError | module.NotSupportedError):
            return BadQuery(f"{self.where}: {said}; correct the query, or the name")
        if isinstance(error, module.OperationalError | module.InterfaceError):
            return Unavailable(f"{self.where}: {said}")
        return BadQuery(f"{self.where}: {said}")

    def version(self, connection: Connection) -> str:
        return str(getattr(connection, "version", "") or "not told by its driver")

    def table_names(self, connection: Connection) -> list[str]:
        schema = self._vendor.schema(self._config)
        return [str(row[0]) for row in self.fetch(connection, self._said(self._vendor.tables), (schema,))]

    def _said(self, text: str) -> str:
        return text.replace("?", {"qmark": "?", "format": "%s", "pyformat": "%s"}.get(self.paramstyle, ":1"))

    def find(self, connection: Connection, target: str) -> Table | None:
        schema, name = split(target)
        listed = self.fetch(connection, self._said(self._vendor.tables), (schema or self._vendor.schema(self._config),))
        if name not in {str(row[0]) for row in listed}:
            return None
        every = exp.select("*").from_(named(target), copy=False).sql(self.dialect)
        columns, kinds = self.query_columns(connection, every)
        return Table(columns, kinds)

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        with closing(connection.cursor()) as cursor:
            cursor.execute(query)
            if cursor.description is None:
                raise BadQuery(f"{self.where}: the query returns no columns; give a SELECT")
            rows = cursor.fetchmany(SAMPLE_ROWS)
            described = list(cursor.description)
        types = [_type_of(one, [row[at] for row in rows if row[at] is not None]) for at, one in enumerate(described)]
        kinds = tuple(str(getattr(one[1], "__name__", one[1])) for one in described)
        return tuple(Column(str(one[0]), kind) for one, kind in zip(described, types, strict=True)), kinds

    def declare(self, column: Column, *, key: bool) -> exp.DataType:
        known = {**COMMON, **self._vendor.declared}
        if column.type.startswith("NUMERIC("):
            kind = column.type.replace("NUMERIC", "DECIMAL")
        elif column.type in known:
            kind = known[column.type]
        else:
            raise Misconfigured(
                f"{self._vendor.title}: column {column.name} is {column.type}, which no table is made with; cast it, or make it"
            )
        return exp.DataType(this=exp.DType.USERDEFINED, kind=kind)

    def make_markers(self, connection: Connection, made: exp.Create) -> None:
        # Not all of them know IF NOT EXISTS; who comes second with it fails, and is tried again.
        name = made.this.this
        if name.name not in {str(row[0]) for row in self.fetch(connection, self._said(self._vendor.tables), (name.db or self._own,))}:
            made.set("exists", False)
            self.execute(connection, made)
            connection.commit()

    @property
    def _own(self) -> str | None:
        return self._vendor.schema(self._config)

    def begin(self, connection: Connection) -> None:
        # What was said until now is over; the next statement begins a transaction.
        connection.commit()

    def interrupt(self, connection: Connection) -> None:
        """Where the driver has a way (PEP 249 has none)."""
        cancel = getattr(connection, "cancel", None)
        if cancel is not None:
            cancel()


def _type_of(described: Sequence[Any], values: Sequence[Any]) -> str:
    """By the values themselves; a column without any is text, or a number of the precision it is described with."""
    precision, scale = described[4] if len(described) > 4 else None, described[5] if len(described) > 5 else None
    kinds = {type(value) for value in values}
    if kinds <= {int, Decimal} and (kinds or precision):
        if isinstance(precision, int) and isinstance(scale, int) and 0 < precision <= 38 and 0 <= scale <= precision:
            return "BIGINT" if scale == 0 and precision <= _WHOLE_DIGITS and Decimal not in kinds else f"NUMERIC({precision}, {scale})"
        return "BIGINT" if kinds == {int} else "NUMERIC" if kinds else "TEXT"
    if kinds == {datetime}:
        return "TIMESTAMPTZ" if all(value.tzinfo for value in values) else "TIMESTAMP"
    for kind, ours in _BY_VALUE:
        if kinds and kinds <= kind:
            return ours
    return "TEXT"


_BY_VALUE: tuple[tuple[set[type], str], ...] = (
    ({bool}, "BOOLEAN"),
    ({float, int}, "DOUBLE PRECISION"),
    ({bytes, bytearray, memoryview}, "BYTEA"),
    ({date}, "DATE"),
    ({time, timedelta}, "TIME"),
    ({UUID}, "UUID"),
    ({dict, list}, "JSON"),
)
