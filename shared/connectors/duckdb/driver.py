"""duckdb: writes through `shared.connectors.dbapi`, reads as Arrow without a detour through Python's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from shared.connectors.dbapi.driver import TableDriver
from shared.connectors.duckdb.database import DuckdbFile, selected
from shared.connectors.errors import SourceChanged
from shared.connectors.streams import Batches
from shared.datasets import Columns
from shared.formats.types import duckdb as in_duckdb
from shared.formats.types import ours
from shared.sql.reads import named

BATCH_ROWS = 50_000


class ConnectorDriver(TableDriver):
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._file = DuckdbFile(config)
        super().__init__(self._file)

    def read(self, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> DuckStream:
        return DuckStream(self._file, session, options, columns, keep)


class DuckStream(Batches):
    """Open from the start, so that its schema is known; each start of the stream is a cursor of its own."""

    def __init__(self, file: DuckdbFile, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> None:
        self._file, self._columns, self._keep = file, columns, keep
        self.texts = frozenset(column.name for column in columns if column.type in {"UUID", "JSON"})
        self._table = not options.get("query")
        self._query = str(options["query"]) if options.get("query") else _all(str(options["table"]))
        with file.translated():
            self._connection = file.connect(session, write=False)
            try:
                super().__init__(self._relation(self._connection).limit(0).to_arrow_table().schema)
            except BaseException:
                self._connection.close()
                raise
        self._running: list[duckdb.DuckDBPyConnection] = []

    def _relation(self, connection: Any) -> Any:
        found = selected(connection, self._query)
        kinds = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        picked = []
        for column in self._columns:
            # What the planner pushed down is of the types that it gave it, and cast to them.
            if column.name not in kinds or (self._table and ours(kinds[column.name]) != column.type):
                raise SourceChanged(f"column {column.name} is not what it was when it was surveyed; it is looked at again")
            if column.name in self._keep:
                picked.append(_picked(column.name, kinds[column.name], column.type).sql("duckdb"))
        return found.project(", ".join(picked))

    def _read(self) -> Iterator[pa.RecordBatch]:
        with self._file.translated():
            cursor = self._connection.cursor()
            self._running.append(cursor)
            yield from self._relation(cursor).to_arrow_reader(BATCH_ROWS)

    def cancel(self) -> None:
        for cursor in self._running:
            cursor.interrupt()

    def close(self) -> None:
        for cursor in self._running:
            cursor.close()
        self._connection.close()


def _all(table: str) -> str:
    return exp.select("*").from_(named(table), copy=False).sql("duckdb")


def _picked(name: str, kind: str, our_type: str) -> exp.Expr:
    value: exp.Expr = exp.column(name, quoted=True)
    if kind.startswith(("STRUCT", "MAP", "UNION")):
        value = exp.Anonymous(this="to_json", expressions=[value])
    if our_type in {"UUID", "JSON"}:
        value = exp.cast(value, "VARCHAR")
    elif kind != in_duckdb(our_type):
        value = exp.cast(value, exp.DataType.build(in_duckdb(our_type), dialect="duckdb"))
    return exp.alias_(value, name, quoted=True)
