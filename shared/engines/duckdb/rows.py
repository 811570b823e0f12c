"""The rows of a relation on their way to a sink: by COPY into a file, as CSV through a pipe, or as Arrow batches."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import duckdb
import pyarrow as pa
from sqlglot import exp

from shared.datasets import Column, Columns
from shared.engines.duckdb.connection import name, text
from shared.engines.duckdb.rejected import FLOATS, in_json
from shared.formats import CsvDialect, csv_dialect
from shared.formats.errors import BadOptions, UnfitRows
from shared.formats.options import check_options
from shared.formats.packing import rewrite
from shared.formats.types import ours

BLOCK_BYTES = 1 << 20
MOST_PARTITIONS = 1_000
_AS_TEXT = ("UHUGEINT", "INTERVAL", "BIT", "UUID", "TIME WITH TIME ZONE", "TIME_NS", "TIMESTAMP_NS", "BIGNUM", "JSON")
_DAYS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_FORMATS = {"csv": "csv", "tsv": "csv", "json": "json", "jsonl": "json", "parquet": "parquet"}
# What DuckDB does not write itself; each takes Arrow batches, a path and options.
_WRITERS = {"avro": "shared.formats.avro", "xlsx": "shared.formats.workbooks"}


class DuckRows:
    """One pass over `sql`. `columns` are what the relation really yields, in our spelling."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str, scratch: str) -> None:
        self._connection, self._sql, self._scratch = connection, sql, scratch
        self._count = 0

    @cached_property
    def _described(self) -> list[tuple[str, str]]:
        return [(str(column), str(kind)) for column, kind, *_ in self._connection.execute(f"DESCRIBE {self._sql}").fetchall()]

    @property
    def columns(self) -> Columns:
        return tuple(Column(column, ours(kind)) for column, kind in self._described)

    @property
    def count(self) -> int:
        return self._count

    def arrow(self) -> pa.RecordBatchReader:
        reader = self._connection.execute(self._sql).to_arrow_reader(100_000)

        def counted() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                self._count += batch.num_rows
                yield batch

        return pa.RecordBatchReader.from_batches(reader.schema, counted())

    def to_file(self, path: str, file_format: str, options: Mapping[str, Any]) -> None:
        check_options(file_format, {key: value for key, value in options.items() if key != "compression"})
        if file_format in _WRITERS:
            self._count = import_module(_WRITERS[file_format]).write(self._carried(), path, options)
            return
        if file_format not in _FORMATS:
            raise BadOptions(f"{file_format} can be read but not written; write one of {', '.join((*_FORMATS, *_WRITERS))}")
        # Whoever names the path reads it only once it is whole, so the engine need not write beside it and rename.
        said: dict[str, Any] = {"format": _FORMATS[file_format], "use_tmp_file": False}
        sql, encoding, compression = self._sql, "utf-8", options.get("compression")
        if file_format in {"csv", "tsv"}:
            dialect = csv_dialect(file_format, options)
            said |= _dialect(dialect)
            encoding = dialect.encoding
            if len(self._described) == 1 and dialect.quote and said["nullstr"]:
                # An empty text alone on its line would be a blank line, which is no record.
                said["force_quote"] = exp.Star()
            if dialect.decimal != ".":
                sql = self._picked(lambda column, kind: _with_mark(column, kind, dialect.decimal))
        if file_format in {"json", "jsonl"}:
            said["array"] = file_format == "json"
            if any(kind in FLOATS for _, kind in self._described):
                sql = self._picked(in_json)
        if encoding != "utf-8" or compression == "bz2":
            plain = Path(self._scratch) / f"plain-{uuid4().hex}"
            try:
                self._count = self._copy(sql, str(plain), said)
                rewrite(plain, Path(path), encoding, compression)
            finally:
                plain.unlink(missing_ok=True)
            return
        if compression:
            said["compression"] = compression
        self._count = self._copy(sql, path, said)

    def to_partitions(self, folder: str, file_format: str, partition_by: Sequence[str], options: Mapping[str, Any]) -> None:
        if file_format == "parquet":
            columns = ", ".join(map(name, partition_by))
            said = f"FORMAT parquet, PARTITION_BY ({columns}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true"
            check_options(file_format, {key: value for key, value in options.items() if key != "compression"})
            copied = self._connection.execute(f"COPY ({self._sql}) TO {text(folder)} ({said})").fetchone()
            self._count = int(copied[0]) if copied else 0
            return
        # The engine divides no other format by itself: the rows are kept, and each part of them is written as a file of its own.
        kept = name(f"partitions_{uuid4().hex}")
        self._connection.execute(f"CREATE TEMP TABLE {kept} AS {self._sql}")
        try:
            names = [name(column) for column in partition_by]
            found = self._connection.execute(
                f"SELECT DISTINCT {', '.join(f'CAST({c} AS VARCHAR)' for c in names)} FROM {kept} LIMIT {MOST_PARTITIONS + 1}"  # noqa: S608
            ).fetchall()
            if len(found) > MOST_PARTITIONS:
                raise UnfitRows(
                    f"{', '.join(partition_by)} has more than {MOST_PARTITIONS} values; partition {file_format} by something coarser"
                )
            for number, values in enumerate(found):
                own = Path(folder).joinpath(*(partition_name(column, value) for column, value in zip(partition_by, values, strict=True)))
                own.mkdir(parents=True, exist_ok=True)
                of = " AND ".join(
                    f"CAST({c} AS VARCHAR) IS NOT DISTINCT FROM {'NULL' if value is None else text(value)}"
                    for c, value in zip(names, values, strict=True)
                )
                rows = DuckRows(self._connection, f"SELECT * FROM {kept} WHERE {of}", self._scratch)  # noqa: S608 (quoted names and texts)
                rows.to_file(str(own / f"{number}"), file_format, options)
                self._count += rows.count
        finally:
            self._connection.execute(f"DROP TABLE IF EXISTS {kept}")

    def _picked(self, spell: Callable[[str, str], str]) -> str:
        """The relation with its columns spelled anew, under their own names. By position, since two columns may have one name."""
        columns = [f"c{at}" for at in range(len(self._described))]
        told = ", ".join(f"{spell(c, kind)} AS {name(own)}" for c, (own, kind) in zip(columns, self._described, strict=True))
        return f"SELECT {told} FROM ({self._sql}) AS r ({', '.join(columns)})"  # noqa: S608 (the planner's SQL, and quoted names)

    def _carried(self) -> pa.RecordBatchReader:
        """The rows as the types that formats without DuckDB's have."""
        columns = [f"c{at}" for at in range(len(self._described))]
        picked = ", ".join(f"{_plain(c, kind)} AS {c}" for c, (_, kind) in zip(columns, self._described, strict=True))
        sql = f"SELECT {picked} FROM ({self._sql}) AS r ({', '.join(columns)})"  # noqa: S608 (the planner's SQL, and our own names)
        reader = self._connection.execute(sql).to_arrow_reader(20_000)
        schema = pa.schema([field.with_name(own) for field, (own, _) in zip(reader.schema, self._described, strict=True)])
        batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def csv_blocks(self, arrays: Collection[str] = ()) -> Iterator[bytes]:
        """Closing the iterator early ends the engine's side too; an error of the engine is raised here."""
        pipe = Path(self._scratch) / f"pipe-{uuid4().hex}"
        os.mkfifo(pipe, 0o600)
        failure: list[BaseException] = []

        def produce() -> None:
            try:
                options = {"format": "csv", "header": False, "nullstr": "\\N", "use_tmp_file": False}
                self._count = self._copy(self._textual(arrays), str(pipe), options)
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

    def _textual(self, arrays: Collection[str]) -> str:
        """The relation with the types that CSV would spell differently from PostgreSQL written out."""
        # By position, since two columns may have one name.
        columns = [f"c{at}" for at in range(len(self._described))]
        picked = ", ".join(
            _array(column, kind) if own in arrays and kind.endswith("]") else _for_copy(column, kind)
            for column, (own, kind) in zip(columns, self._described, strict=True)
        )
        return f"SELECT {picked} FROM ({self._sql}) AS r ({', '.join(columns)})"  # noqa: S608 (the planner's SQL, and our own names)


def partition_name(column: str, value: str | None) -> str:
    """As Hive names it, and everyone since."""
    return f"{quote(column, safe='')}={'__HIVE_DEFAULT_PARTITION__' if value is None else quote(value, safe='')}"


def _with_mark(column: str, kind: str, mark: str) -> str:
    return f"replace(CAST({column} AS VARCHAR), '.', {text(mark)})" if kind in FLOATS or kind.startswith("DECIMAL") else column


def _plain(column: str, kind: str) -> str:
    """With whole numbers wider than 64 bits as decimals, structures as JSON, and what else Arrow has no plain type for as text."""
    if kind in ("UBIGINT", "HUGEINT"):
        return f"CAST({column} AS DECIMAL(38, 0))"
    if kind.startswith(("STRUCT", "MAP", "UNION")) or (
        kind.endswith("]") and not re.fullmatch(r"(VARCHAR|\w*INTEGER|BIGINT|DOUBLE|BOOLEAN)\[\]", kind)
    ):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind in _AS_TEXT or kind.startswith("ENUM"):
        return f"CAST({column} AS VARCHAR)"
    return column


def _for_copy(column: str, kind: str) -> str:
    if kind == "BLOB":
        return f"'\\x' || hex({column})"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind in _DAYS:
        # DuckDB writes "0045-03-15 (BC) 00:00:00" where PostgreSQL reads "0045-03-15 00:00:00 BC".
        before_christ = f"regexp_replace(CAST({column} AS VARCHAR), '^(\\S+) \\(BC\\)(.*)$', '\\1\\2 BC')"
        return f"CASE WHEN {column} < CAST('0001-01-01' AS {kind}) THEN {before_christ} ELSE CAST({column} AS VARCHAR) END"
    return column


def _array(column: str, kind: str, depth: int = 0) -> str:
    """A list as PostgreSQL reads an array; one of structures is an array of JSON texts."""
    of, element = kind[: kind.rindex("[")], f"e{depth}"
    if of.endswith("]"):
        told = _array(element, of, depth + 1)
    else:
        told = f"CAST({_for_copy(element, of)} AS VARCHAR)"
        # In quotes, so that a text that reads NULL, is empty or holds a comma is that text.
        told = f"""'"' || replace(replace({told}, '\\', '\\\\'), '"', '\\"') || '"'"""
    elements = f"list_transform(CAST({column} AS {of}[]), lambda {element}: coalesce({told}, 'NULL'))"
    return f"'{{' || array_to_string({elements}, ',') || '}}'"


def _dialect(dialect: CsvDialect) -> dict[str, Any]:
    """How DuckDB's COPY writes it. Raises BadOptions for what it cannot write, rather than writing something else."""
    if dialect.skip_rows:
        raise BadOptions("a file is written with no rows before its header; leave skipRows out")
    if len(dialect.delimiter) > 1:
        raise BadOptions(f"a file is written with a delimiter of one character, and '{dialect.delimiter}' has more; choose another one")
    said: dict[str, Any] = {
        "header": dialect.header,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "nullstr": dialect.null_values[0] if dialect.null_values else "",
    }
    formats = {"dateformat": dialect.date_format, "timestampformat": dialect.timestamp_format}
    return said | {option: written for option, written in formats.items() if written}
