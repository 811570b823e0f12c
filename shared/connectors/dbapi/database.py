"""What a connector type that speaks DB-API says of itself. What is the same in most of them is here; a type overrides what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.dbapi.from_python import array
from shared.connectors.dbapi.text import statement
from shared.connectors.dbapi.to_python import Spelling, fitted, refuse, spelled
from shared.connectors.protocols import AttemptKey, SinkWrite
from shared.datasets import Column, Columns
from shared.sql.reads import select

# Any DB-API 2.0 connection or cursor: the drivers have no types of their own.
Connection = Any
Cursor = Any


@dataclass(frozen=True, slots=True)
class Table:
    """`declared`: the vendor's own words for the types, in the order of `columns`. `longest`: most characters, or bytes where True.

    `keys`: columns of each unique index, the primary key first. `unsafe`: why rows and marker cannot be committed together there.
    `inferred_from`: of how many rows the values said the types, where nothing else did.
    `foreign`: columns whose values are ours only once they are cast, or compare otherwise than ours (`Survey.vendor_types`).
    """

    columns: Columns
    declared: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None
    longest: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    unsafe: str | None = None
    foreign: Mapping[str, str] = field(default_factory=dict)
    inferred_from: int | None = None


class Database(Protocol):
    """One database of a connector, made from its resolved config; connects only when asked to."""

    dialect: ClassVar[str]
    paramstyle: ClassVar[str]
    # Rows for INSERT and OVERWRITE go straight into the target, or by way of a temporary table.
    direct: ClassVar[bool] = True
    spellings: ClassVar[Mapping[str, Spelling]] = {}
    batch_rows: ClassVar[int] = 10_000
    # Making a table may end the transaction: a session's own are made before it begins, and go when the session does.
    ddl_commits: ClassVar[bool] = False
    # A long load goes in batches, by way of a table beside the target (`batches`).
    checkpoints: ClassVar[bool] = False
    # A statement that is refused leaves the transaction as it was, and what came after a savepoint can be taken back.
    savepoints: ClassVar[bool] = False
    # Of how many rows the values say the types of a query's columns; None: the database says them.
    samples: ClassVar[int | None] = None

    @property
    def schema(self) -> str | None:
        """Where tables are that are named without one; None where there are no schemas."""
        return None

    @property
    def where(self) -> str:
        """The database as an error names it, without secrets."""
        ...

    def connect(self, session: str, *, write: bool) -> Connection:
        """In autocommit, in UTC, strict about values; for reading it cannot write where the database has a way to say so."""
        ...

    def translated(self) -> AbstractContextManager[None]:
        """Raises our errors for the driver's."""
        ...

    def find(self, connection: Connection, target: str) -> Table | None: ...

    def table_names(self, connection: Connection) -> list[str]: ...

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        """What a query would return, ours and the vendor's types, without running it to its end."""
        ...

    def version(self, connection: Connection) -> str: ...

    def declare(self, column: Column, *, key: bool) -> exp.DataType:
        """A column's type in CREATE TABLE. Raises Misconfigured for what it cannot hold."""
        ...

    def create_properties(self, connection: Connection) -> Mapping[str, str]:
        """What a new table is made with, beside its columns."""
        return {}

    def unfit(self, values: pa.Array, column: Column) -> tuple[pa.Array, str] | None:
        """Which values of the right type the database cannot hold all the same (mask, why)."""
        return None

    def make_markers(self, connection: Connection, made: exp.Create) -> None:
        """The marker table, where it is missing."""
        self.execute(connection, made)

    def enter(self, connection: Connection, key: AttemptKey, targets: Sequence[str]) -> None:
        """Ends older attempts and takes the locks on the targets, where they are not the transaction's own."""
        return

    def begin(self, connection: Connection) -> None:
        self.execute(connection, "BEGIN")

    def lock(self, connection: Connection, targets: Sequence[str]) -> None:
        """First in the transaction: who writes the same targets waits until it ends."""
        return

    @contextmanager
    def staging(self, connection: Connection) -> Iterator[None]:
        """While rows go into a temporary table."""
        yield

    def rollback(self, connection: Connection) -> None:
        connection.rollback()

    def commit(self, connection: Connection) -> None:
        connection.commit()

    def hold(self, connection: Connection, target: str) -> None:
        """Keeps other writers off the target until the commit: there is no unique index that would refuse a second row of a key."""
        return

    def placed(self, target: str) -> str:
        """A table as statements name it: with its schema, where that does not go without saying."""
        return target

    def own(self, name: str) -> str:
        """What a table of the session's own is called."""
        return name

    def make_own(self, connection: Connection, name: str, select: str) -> None:
        """A table of the session's own, of a SELECT; `name` as `own` gives it."""
        self.execute(connection, say.temporary(name, exp.Var(this=select)).sql(self.dialect))

    def upsert(self, connection: Connection, sink: SinkWrite, table: Table, staged: str, count: int) -> dict[str, int | None] | None:
        """Publishes staged rows by keys and returns the figures, where the database has a statement of its own for that."""
        return None

    def select(self, columns: Columns, table: str) -> str:
        """What reads those columns of a table."""
        return select(self.dialect, [column.name for column in columns], {"table": table})

    def interrupt(self, connection: Connection) -> None:
        """From another thread: stops what is running; must not block."""
        ...

    def may_make_tables(self, connection: Connection) -> bool:
        """As far as it says so."""
        return True

    def is_there(self) -> bool:
        """False: a database in a file that is yet to be made by the first write."""
        return True

    def forget(self, temporary: str) -> exp.Drop:
        """Drops a temporary table of the session."""
        return exp.Drop(tables=[exp.Table(this=exp.to_identifier(temporary, quoted=True))], kind="TABLE")

    def execute(self, connection: Connection, said: exp.Expr | str, values: Sequence[Any] = ()) -> int:
        """Rows that it changed; -1 where not known."""
        with closing(connection.cursor()) as cursor:
            self._run(cursor, said, values)
            return int(cursor.rowcount)

    def fetch(self, connection: Connection, said: exp.Expr | str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(connection.cursor()) as cursor:
            self._run(cursor, said, values)
            return [tuple(row) for row in cursor.fetchall()]

    def fetch_one(self, connection: Connection, said: exp.Expr | str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        return self.fetch(connection, said, values)[0]

    def _run(self, cursor: Cursor, said: exp.Expr | str, values: Sequence[Any]) -> None:
        text = said if isinstance(said, str) else statement(said, self.dialect, self.paramstyle if values else "qmark")
        # Without values a per cent sign is a per cent sign.
        cursor.execute(text, tuple(values)) if values else cursor.execute(text)

    def stream(self, connection: Connection, query: str, rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in batches, as they come; the first batch may be empty, and none is held beside it."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(query)
            while batch := cursor.fetchmany(rows):
                yield batch

    def array(self, column: Column, values: Sequence[Any], first_row: int) -> pa.Array:
        """Values of a column as they are streamed."""
        return array(column, values, first_row)

    def load(
        self, connection: Connection, into: exp.Insert, taken: Columns, table: Table, rows: pa.RecordBatchReader, *, numbered: bool
    ) -> None:
        """All rows, by the INSERT of parameters `into`; `taken` are the destination's columns in the rows' order.

        `numbered`: each row gets its number as its last value.
        """
        text, number = statement(into, self.dialect, self.paramstyle), 1
        with closing(connection.cursor()) as cursor:
            for batch in rows:
                for at in range(0, batch.num_rows, self.batch_rows):
                    piece = batch.slice(at, self.batch_rows)
                    lists = self.values(piece, taken, table, number)
                    if numbered:
                        lists.append(list(range(number, number + piece.num_rows)))
                    cursor.executemany(text, list(zip(*lists, strict=True)))
                    number += piece.num_rows

    def values(self, batch: pa.RecordBatch, taken: Columns, table: Table, first_row: int) -> list[list[Any]]:
        """A list for each column, as the driver takes them. Raises RejectedData for what the destination cannot hold."""
        return spelled(self.fitted(batch, taken, table, first_row), [column.type for column in taken], self.spellings)

    def fitted(self, batch: pa.RecordBatch, taken: Columns, table: Table, first_row: int) -> list[pa.Array]:
        arrays = []
        for values, column in zip(batch.columns, taken, strict=True):
            array = fitted(values, column, first_row)
            if not column.nullable and array.null_count:
                refuse(array, column, first_row, array.is_null(), "is missing, and the column takes no NULL")
            if found := self.unfit(array, column):
                refuse(array, column, first_row, *found)
            if column.name in table.longest and (pa.types.is_string(array.type) or pa.types.is_binary(array.type)):
                most, in_bytes = table.longest[column.name]
                lengths = pc.binary_length(array) if in_bytes else pc.utf8_length(array)
                unit = "bytes" if in_bytes else "characters"
                refuse(array, column, first_row, pc.greater(lengths, most), f"is longer than the {most} {unit} of the column")
            arrays.append(array)
        return arrays
