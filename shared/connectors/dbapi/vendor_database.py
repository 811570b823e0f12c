"""Databases reached by their vendors' own Python drivers, which PEP 249 makes alike: one class for all, a `Vendor` value for each.

A table's columns are those of the vendor's catalogue; those of a query, of which PEP 249 tells little, have the types of the first rows
that come. A transaction is the driver's own (autocommit off) and begins by changing a row of the marker table that stands for each target:
who writes the same target waits there, and looks for its marker after that. An older attempt's session is not ended; it is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any

import pyarrow as pa
from sqlglot import exp

from shared.connectors.dbapi import locks, markers, merging
from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.dbapi.text import SIGNS
from shared.connectors.dbapi.vendor import COMMON, Vendor
from shared.connectors.dbapi.vendor_types import described_by, table_of, type_by_values
from shared.connectors.errors import (
    BadQuery,
    Busy,
    Deadlocked,
    Denied,
    Misconfigured,
    OverRate,
    RejectedData,
    SerializationFailed,
    TimedOut,
    Unavailable,
)
from shared.connectors.protocols import AttemptKey, SinkWrite
from shared.datasets import Column, Columns
from shared.errors import PenstockError
from shared.sql.dialects import dialect as dialect_of
from shared.sql.reads import named
from shared.sql.table_names import part, split
from shared.sql.temporary import called, made

SAMPLE_ROWS = 200
# What the vendors' sentences hold, whatever class their drivers put them in: Oracle (ORA-…), SQL Server, HANA, Teradata, ASE, Redshift,
# Snowflake and Databricks, by their lists of messages. The first that is found counts.
_SIGNS: tuple[tuple[tuple[str, ...], type[PenstockError]], ...] = (
    (("deadlock", "ora-00060"), Deadlocked),
    (
        ("ora-08177", "serializable isolation violation", "serialization failure", "snapshot isolation transaction aborted"),
        SerializationFailed,
    ),
    (("lock request time out", "lock wait timeout", "lock timeout", "ora-00054", "ora-30006", "resource busy"), Busy),
    (("too many requests", "http 429", "429 client error"), OverRate),
)


class VendorDatabase(Database):
    dialect = ""
    paramstyle = ""
    ddl_commits = True
    samples = SAMPLE_ROWS

    def __init__(self, vendor: Vendor, config: Mapping[str, Any]) -> None:
        self._vendor, self._config = vendor, config
        try:
            self._module = import_module(vendor.module)
        except ImportError as error:
            raise Misconfigured(f"this worker has no driver for {vendor.title}; install {vendor.package} beside Penstock") from error
        # Of this database, whatever its class says.
        self._words = dialect_of(vendor.dialect)
        self.dialect = self._words.writes  # type: ignore[misc]
        self.paramstyle = str(self._module.paramstyle)  # type: ignore[misc]

    @property
    def where(self) -> str:
        return self._vendor.where(self._config)

    @property
    def schema(self) -> str | None:
        return self._vendor.schema(self._config)

    def connect(self, session: str, *, write: bool) -> Connection:
        if write and not self._vendor.writes:
            raise Misconfigured(f"{self._vendor.title} has no transaction that could hold rows and their marker; write files it can load")
        if self._vendor.configure is not None:
            self._vendor.configure(self._module)
        connection = self._module.connect(**self._vendor.connect(self._config))
        for said in self._vendor.session:
            self.execute(connection, said)
        if write:
            # What was said may have begun a transaction, in which not everything can be made.
            connection.commit()
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
        for signs, kind in _SIGNS:
            if any(sign in said.lower() for sign in signs):
                return kind(f"{self.where}: {said}")
        if isinstance(error, module.ProgrammingError | module.NotSupportedError):
            return BadQuery(f"{self.where}: {said}; correct the query, or the name")
        if isinstance(error, module.OperationalError) and any(word in said.lower() for word in ("timed out", "timeout")):
            return TimedOut(f"{self.where}: {said}")
        if isinstance(error, module.OperationalError | module.InterfaceError):
            return Unavailable(f"{self.where}: {said}")
        return BadQuery(f"{self.where}: {said}")

    def version(self, connection: Connection) -> str:
        return str(getattr(connection, "version", "") or "not told by its driver")

    def table_names(self, connection: Connection) -> list[str]:
        schema = self.schema
        return [str(row[0]) for row in self.fetch(connection, self._said(self._vendor.tables), (schema,))]

    def _said(self, text: str) -> str:
        first, *others = text.split("?")
        return first + "".join(f"{SIGNS.get(self.paramstyle, f':{number}')}{other}" for number, other in enumerate(others, 1))

    def find(self, connection: Connection, target: str) -> Table | None:
        schema, name = split(target)
        if self._vendor.columns:
            place = (schema or self.schema, name)
            found = self.fetch(connection, self._said(self._vendor.columns), place)
            if not found:
                return None
            # Teradata's catalogue does not know the types of a view's columns.
            if all(kind is not None for _, kind, *_ in found):
                described = [described_by(self._vendor.types, *row) for row in found]
                return table_of(described, self._estimate(connection, place))
        listed = self.fetch(connection, self._said(self._vendor.tables), (schema or self.schema,))
        if name not in {str(row[0]) for row in listed}:
            return None
        every = exp.select("*").from_(named(target), copy=False).sql(self.dialect)
        columns, kinds = self.query_columns(connection, every)
        return Table(columns, kinds, inferred_from=self.samples)

    def _estimate(self, connection: Connection, place: tuple[str | None, str]) -> int | None:
        """By the database's own statistics; None where it has none of the table."""
        found = self.fetch(connection, self._said(self._vendor.rows), place) if self._vendor.rows else []
        return int(found[0][0]) if found and found[0][0] is not None and found[0][0] >= 0 else None

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        with closing(connection.cursor()) as cursor:
            cursor.execute(query)
            if cursor.description is None:
                raise BadQuery(f"{self.where}: the query returns no columns; give a SELECT")
            rows = cursor.fetchmany(SAMPLE_ROWS)
            described = list(cursor.description)
        types = [type_by_values(one, [row[at] for row in rows if row[at] is not None]) for at, one in enumerate(described)]
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
        if name.name not in {str(row[0]) for row in self.fetch(connection, self._said(self._vendor.tables), (name.db or self.schema,))}:
            made.set("exists", False)
            text = self.declare(Column("outcome", "TEXT"), key=False)
            for part in made.this.expressions:
                if isinstance(part, exp.ColumnDef) and part.name == "outcome":
                    part.set("kind", exp.DataType(this=exp.DType.USERDEFINED, kind=self._vendor.outcome) if self._vendor.outcome else text)
            self.execute(connection, made)
            connection.commit()

    def enter(self, connection: Connection, key: AttemptKey, targets: Sequence[str]) -> None:
        """Makes the row that stands for a target, where it is its first load."""
        for target in targets:
            locks.make(self, connection, target)

    def begin(self, connection: Connection) -> None:
        # What was said until now is over; the next statement begins a transaction.
        connection.commit()
        if self._vendor.begin:
            self.execute(connection, self._vendor.begin.format(markers=markers.table(self).sql(self.dialect)))

    def lock(self, connection: Connection, targets: Sequence[str]) -> None:
        for target in targets:
            locks.take(self, connection, target)

    def hold(self, connection: Connection, target: str) -> None:
        if self._vendor.hold:
            self.execute(connection, self._vendor.hold.format(table=named(target).sql(self.dialect)))

    def placed(self, target: str) -> str:
        # A session's own default may be another than the connector's.
        return target if split(target)[0] is not None or self.schema is None else f"{part(self.schema)}.{part(split(target)[1])}"

    def own(self, name: str) -> str:
        return called(name, self._words)

    def make_own(self, connection: Connection, name: str, select: str) -> None:
        self.execute(connection, made(name, select, self._words))
        connection.commit()

    def load(
        self, connection: Connection, into: exp.Insert, taken: Columns, table: Table, rows: pa.RecordBatchReader, *, numbered: bool
    ) -> None:
        if self._vendor.load is not None:
            self._vendor.load(self, connection, into, taken, table, rows, numbered=numbered)
        else:
            super().load(connection, into, taken, table, rows, numbered=numbered)

    def upsert(self, connection: Connection, sink: SinkWrite, table: Table, staged: str, count: int) -> dict[str, int | None]:
        return merging.upsert(self, connection, sink, table, staged, count, held=bool(self._vendor.hold), told=self._vendor.told)

    def interrupt(self, connection: Connection) -> None:
        """Where the driver has a way (PEP 249 has none)."""
        cancel = getattr(connection, "cancel", None)
        if cancel is not None:
            cancel()
