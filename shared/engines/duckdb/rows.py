"""The rows of a relation on their way to a sink: by COPY into a file, as CSV through a pipe, or as Arrow batches."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa
from sqlglot import exp

from shared.datasets import Column, Columns
from shared.engines.duckdb.connection import name, text
from shared.formats.types import ours

BLOCK_BYTES = 1 << 20
_FORMATS = {"csv": "csv", "tsv": "csv", "json": "json", "jsonl": "json", "parquet": "parquet"}


class DuckRows:
    """One pass over `sql`. `columns` are what the relation really yields, in our spelling."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str, scratch: str) -> None:
        self._connection, self._sql, self._scratch = connection, sql, scratch
        described = connection.execute(f"DESCRIBE {sql}").fetchall()
        self.columns: Columns = tuple(Column(column, ours(kind)) for column, kind, *_ in described)
        self._kinds = {column: kind for column, kind, *_ in described}
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def arrow(self) -> pa.RecordBatchReader:
        reader = self._connection.execute(self._sql).fetch_record_batch(100_000)

        def counted() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                self._count += batch.num_rows
                yield batch

        return pa.RecordBatchReader.from_batches(reader.schema, counted())

    def to_file(self, path: str, file_format: str, options: Mapping[str, Any]) -> None:
        said: dict[str, Any] = {"format": _FORMATS[file_format]}
        if file_format in {"csv", "tsv"}:
            said |= {"header": options.get("header", True), "delimiter": options.get("delimiter", "\t" if file_format == "tsv" else ",")}
            said |= {"nullstr": (options.get("nullValues") or [""])[0]}
        if file_format == "json":
            said["array"] = True
        if options.get("compression"):
            said["compression"] = options["compression"]
        self._count = self._copy(self._sql, path, said)

    def csv_blocks(self) -> Iterator[bytes]:
        """Closing the iterator early ends the engine's side too; an error of the engine is raised here."""
        pipe = Path(self._scratch) / f"pipe-{uuid4().hex}"
        os.mkfifo(pipe, 0o600)
        failure: list[BaseException] = []

        def produce() -> None:
            try:
                options = {"format": "csv", "header": False, "nullstr": "\\N", "use_tmp_file": False}
                self._count = self._copy(self._textual(), str(pipe), options)
            except BaseException as error:  # noqa: BLE001 (carried over to the reading thread)
                failure.append(error)

        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        # Held open until the engine has the pipe: with no writer, a read would look like the end.
        holder = os.open(pipe, os.O_WRONLY)
        os.set_blocking(reading, True)
        producer = threading.Thread(target=produce, name="rows", daemon=True)
        producer.start()

        def let_go() -> None:
            producer.join()
            os.close(holder)

        waiter = threading.Thread(target=let_go, name="rows end", daemon=True)
        waiter.start()
        try:
            while block := os.read(reading, BLOCK_BYTES):
                yield block
        finally:
            os.close(reading)
            if producer.is_alive():
                self._connection.interrupt()
            waiter.join()
            pipe.unlink()
        if failure:
            raise failure[0]

    def _copy(self, sql: str, path: str, options: Mapping[str, Any]) -> int:
        listed = ", ".join(f"{key} {exp.convert(value).sql('duckdb')}" for key, value in options.items())
        copied = self._connection.execute(f"COPY ({sql}) TO {text(path)} ({listed})").fetchone()
        return int(copied[0]) if copied else 0

    def _textual(self) -> str:
        """The relation with the types that CSV would spell differently from PostgreSQL written out."""
        picked = [_for_copy(column, self._kinds[column]) for column in self._kinds]
        return f"SELECT {', '.join(picked)} FROM ({self._sql})"  # noqa: S608 (the planner's SQL, and quoted names)


def _for_copy(column: str, kind: str) -> str:
    quoted = name(column)
    if kind == "BLOB":
        return f"'\\x' || hex({quoted}) AS {quoted}"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({quoted}) AS VARCHAR) AS {quoted}"
    return quoted
