"""A table or query of ClickHouse as a stream of Arrow batches, which an engine may start more than once: each start is a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from shared.connectors.clickhouse.catalogue import find, query_columns
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.types import leaving, our_type
from shared.connectors.dbapi.arrow_types import arrow_type, sent_as_texts
from shared.connectors.dbapi.to_python import converted
from shared.connectors.errors import RejectedData, SourceChanged
from shared.connectors.streams import Batches
from shared.datasets import Column, Columns
from shared.sql.reads import inner, named, rows_of


class Stream(Batches):
    """`columns` as surveyed; `keep`: the names that are handed on, and the only ones that are asked for."""

    def __init__(self, config: Mapping[str, Any], session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> None:
        self._config, self._session, self._options = config, session, options
        self._columns = tuple(column for column in columns if column.name in keep)
        super().__init__(_schema(self._columns))
        self._open: list[Server] = []
        self.texts = sent_as_texts(columns)

    def _read(self) -> Iterator[pa.RecordBatch]:
        server = Server(self._config, self._session)
        self._open.append(server)
        first = 1
        for batch in server.rows(select(server, self._options, self._columns)):
            yield values(batch, self._columns, first)
            first += batch.num_rows

    def cancel(self) -> None:
        """From another thread."""
        for server in self._open:
            server.cancel()

    def close(self) -> None:
        for server in self._open:
            server.close()


def select(server: Server, options: Mapping[str, Any], wanted: Columns) -> exp.Select:
    """Those columns of a table or query, as Arrow can carry them. Raises SourceChanged where they are not what they were."""
    source: exp.Expr
    if query := options.get("query"):
        columns, declared = query_columns(server, str(query))
        source = rows_of(inner(str(query)), exp.to_identifier("q", quoted=True))
    else:
        target = str(options["table"])
        table = find(server, target)
        columns, declared = (table.columns, table.declared) if table is not None else ((), ())
        source = named(target)
    kinds = {column.name: kind for column, kind in zip(columns, declared, strict=True)}
    picked = []
    for column in wanted:
        kind = kinds.get(column.name)
        # What the planner pushed down is of the types that it gave it, and cast to them.
        if kind is None or (not query and our_type(kind) != column.type):
            raise SourceChanged(f"column {column.name} is not what it was when it was surveyed; it is looked at again")
        picked.append(leaving(column.name, kind))
    return exp.Select(expressions=picked).from_(source, copy=False)


def values(batch: pa.RecordBatch, columns: Columns, first_row: int) -> pa.RecordBatch:
    """As the Arrow types of our own. Raises RejectedData for a value that is none of its column's."""
    return pa.RecordBatch.from_arrays([_fitted(batch.column(c.name), c, first_row) for c in columns], schema=_schema(columns))


def _schema(columns: Columns) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def _fitted(values: pa.Array, column: Column, first_row: int) -> pa.Array:
    def refused(_: pa.Array, at: int, error: Exception) -> RejectedData:
        return RejectedData(
            f"column {column.name}, row {first_row + at}: a value is no {column.type}, which the column was surveyed as ({error});"
            " read it by a query that casts it, or correct it"
        )

    wanted = arrow_type(column.type)
    return converted(values, lambda part: _cast(part, wanted), refused)


def _cast(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_string(values.type):
        # ClickHouse's texts are bytes, of any kind.
        values.validate(full=True)
    return values if values.type == wanted else values.cast(wanted)
