"""How DuckDB reads the files of a connector. What it reads itself is read where it lies; the rest is first made, a record at a time, into
a file of the stage's own scratch folder that it can read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
from sqlglot import exp

from shared.connectors.errors import SourceChanged
from shared.connectors.files.roots import Root, readable, root_of
from shared.datasets import Columns
from shared.datasets.columns import columns_from_json
from shared.engines.duckdb.rejected import Lines
from shared.engines.duckdb.rejected_records import Records, keep_long_numbers
from shared.engines.duckdb.scanned import Scan
from shared.engines.duckdb.whole_numbers import WholeNumbers, strict, whole
from shared.engines.program import Read
from shared.engines.work import Job, ResolvedConnector
from shared.formats import calls, csv_dialect, file_format, json_sql
from shared.formats.errors import UnreadableFile, reading
from shared.formats.header import FirstRecord, check_columns, column_names, first_record
from shared.formats.json_records import shape
from shared.formats.line_ends import made_alike, may_differ
from shared.formats.names import FileFormat
from shared.formats.options import NATIVE_ENCODINGS, CsvDialect, check_options, texts_of
from shared.formats.packing import copy_as_utf8
from shared.formats.parquet import missing_folders
from shared.formats.records import converted, is_converted
from shared.formats.types import duckdb as in_duckdb
from shared.formats.types import ours
from shared.formats.unpacking import check_whole, unpacked


@dataclass(frozen=True, slots=True)
class Source:
    """`files`: what is read, at least one. `scratch`: a folder that goes with the stage. `label`: a plain identifier of the read's."""

    root: Root
    files: list[str]
    format: FileFormat
    options: Mapping[str, Any]
    columns: Columns
    read: Read
    scratch: Path
    label: str


@contextmanager
def files(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector) -> Iterator[Scan]:
    root = root_of(connector.config)
    found = root.matching(str(read.options["path"]))
    before = root.marker(found)
    settled = before if root.settled(found) else None
    file = file_format(found[0], read.options.get("format"))
    options = read.options.get("options") or {}
    check_options(file.name, options)
    scratch = Path(job.limits.scratch) / f"read-{uuid4().hex}"
    # DuckDB takes plain identifiers only for some names; a table's name may hold anything.
    source = Source(root, found, file, options, columns_from_json(read.options["surveyed"]), read, scratch, read.table.encode().hex())
    scratch.mkdir()
    try:
        with root.reached_by(connection):
            try:
                yield replace(_reader(file, options)(connection, source), marker=settled)
            except duckdb.Error:
                _check_whole(source)
                raise
            if job.kind == "work":
                _check_whole(source)
        # Half of an old file and half of a new one is no file that anybody ever wrote. Nothing is committed yet, so it is read again.
        if root.marker(found) != before:
            raise SourceChanged(f"{read.options['path']} was changed while it was being read; it is read again", node=read.node)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_whole(source: Source) -> None:
    """Files that the engine unpacked by itself; all others were unpacked here, and said so if they could not be."""
    if source.format.compression is not None and source.root.in_place:
        for path in source.files:
            with source.root.open(path) as stream, reading(path):
                check_whole(stream, source.format)


_Reader = Callable[[duckdb.DuckDBPyConnection, Source], Scan]


def _reader(file: FileFormat, options: Mapping[str, Any]) -> _Reader:
    if file.name == "parquet":
        return _parquet
    if file.name == "avro":
        return _avro
    if file.delimited:
        return _delimited
    return _converted if is_converted(file, options) else _json


def _delimited(connection: duckdb.DuckDBPyConnection, source: Source) -> Scan:
    root, file = source.root, source.format
    types = {column.name: in_duckdb(column.type) for column in source.columns}
    dialect = csv_dialect(file.name, source.options)
    firsts: dict[str, FirstRecord] = {}
    mixed: set[str] = set()
    orders: dict[str, tuple[str, ...]] = {}
    for path in source.files:
        with root.open(path) as stream, reading(path):
            first = firsts[path] = first_record(unpacked(stream, file), dialect)
        orders[path] = tuple(types)
        if first.texts and dialect.header and (names := column_names(first.texts, dialect)) != tuple(types):
            if len(source.files) == 1:
                raise SourceChanged(f"the columns of {path} are not those it had when it was surveyed", node=source.read.node)
            check_columns(path, names, "the files that were surveyed", tuple(types))
            orders[path] = names
        with root.open(path) as stream, reading(path):
            if may_differ(unpacked(stream, file), dialect.encoding):
                mixed.add(path)
                firsts[path] = replace(first, line_end=first.line_end and "\n")
    readable = _alike(source, dialect) if mixed else _readable(source, dialect.encoding)
    orders_of = [orders[of] for of in readable.values()]
    plain, read_as = file, dialect
    if any(path != of for path, of in readable.items()):
        plain, read_as = FileFormat(file.name), replace(dialect, encoding="utf-8")
    line_end = _one_end(firsts)

    def reading_as(label: str, said: CsvDialect, kinds: Mapping[str, str]) -> tuple[Lines, str]:
        lines = Lines(f"rejects_{label}", f"scans_{label}", root, readable, file, dialect, copied=bool(mixed))

        def call(order: tuple[str, ...]) -> str:
            paths = [path for path, of in readable.items() if orders[of] == order]
            kept = {name: kinds[name] for name in order}
            return calls.read_csv(paths, plain, said, kept, rejects=(lines.errors, lines.scans), line_end=line_end).sql("duckdb")

        # Columns go by name; the engine takes them by place, so files in another order are a read of their own.
        alike = [call(order) for order in dict.fromkeys(orders_of)]
        return lines, alike[0] if len(alike) == 1 else f"({' UNION ALL BY NAME '.join(f'FROM {one}' for one in alike)})"

    texts = whole(source.columns, source.read.keep or types)
    lines, sql = reading_as(source.label, read_as, types | {column.name: "VARCHAR" for column in texts})
    if not texts:
        return Scan(sql, lines=lines)
    only = dict.fromkeys(types, "VARCHAR") | strict(texts)
    # A fraction is refused where the mark in it is not the separator; whichever it has, one of the two finds it.
    again = [reading_as(f"{source.label}_{at}", replace(read_as, decimal=mark), only) for at, mark in enumerate(",.")]
    numbers = WholeNumbers(lines, f"whole_{source.label}", source.columns, texts, orders_of, again)
    return Scan(numbers.read(connection, sql), lines=numbers)


def _one_end(firsts: dict[str, FirstRecord]) -> str | None:
    """The line end to say, where a first record holds a line break of its own; None where the engine finds it by itself."""
    if not any(first.broken for first in firsts.values()):
        return None
    found = {first.line_end: path for path, first in firsts.items() if first.line_end}
    if len(found) > 1:
        raise UnreadableFile(
            f"a header holds a line break, and {' and '.join(found.values())} end their lines differently; read them apart"
        )
    return next(iter(found), None)


def _readable(source: Source, encoding: str = "utf-8") -> dict[str, str]:
    """The files as DuckDB can open them, each with the file it stands for: themselves, or, where it cannot reach or unpack them or does
    not know their encoding, plain ones in utf-8.
    """
    if source.root.in_place and source.format.compression != "bz2" and encoding in NATIVE_ENCODINGS:
        return {path: path for path in source.files}
    made: dict[str, str] = {}
    for number, path in enumerate(source.files):
        target = source.scratch / f"{number}"
        with source.root.open(path) as stream, target.open("wb") as plain, reading(path):
            copy_as_utf8(unpacked(stream, source.format), plain, encoding, path)
        made[str(target)] = path
    return made


def _alike(source: Source, dialect: CsvDialect) -> dict[str, str]:
    """Copies of all files in utf-8, each with one kind of line end."""
    made: dict[str, str] = {}
    for number, path in enumerate(source.files):
        plain, target = source.scratch / f"{number}.plain", source.scratch / f"{number}"
        with source.root.open(path) as stream, plain.open("wb") as unpackaged, reading(path):
            copy_as_utf8(unpacked(stream, source.format), unpackaged, dialect.encoding, path)
        with target.open("wb") as alike:
            made_alike(plain, alike, dialect)
        plain.unlink()
        made[str(target)] = path
    return made


def _json(connection: duckdb.DuckDBPyConnection, source: Source) -> Scan:
    shapes: dict[str, str] = {}
    for path in source.files:
        with source.root.open(path) as stream, reading(path):
            shapes[path] = "newline_delimited" if source.format.name == "jsonl" else shape(unpacked(stream, source.format))
    if len(set(shapes.values())) > 1:
        one, other = (next(path for path, how in shapes.items() if how == kind) for kind in sorted(set(shapes.values()))[:2])
        raise UnreadableFile(
            f"{one} and {other} hold their records differently, one as an array or document and one as lines; read them apart"
        )
    return _records(connection, source, _readable(source), shapes[source.files[0]])


def _converted(connection: duckdb.DuckDBPyConnection, source: Source) -> Scan:
    made: dict[str, str] = {}
    for number, path in enumerate(source.files):
        target = source.scratch / f"{number}.jsonl"
        with source.root.open(path) as stream, target.open("w", encoding="utf-8") as lines, reading(path):
            for record in converted(stream, source.format, source.options):
                # What holds no record is an empty line: so a record's line is its row.
                lines.write(f"{record or ''}\n")
        made[str(target)] = path
    return _records(connection, source, made, "newline_delimited", packed=False)


def _records(connection: duckdb.DuckDBPyConnection, source: Source, readable: dict[str, str], how: str, *, packed: bool = True) -> Scan:
    keep_long_numbers(connection)
    compression = source.format.compression if packed and source.root.in_place and source.format.compression != "bz2" else None
    texts = texts_of(source.format.name, source.options)
    of_lines = packed and how == "newline_delimited"
    records = Records(f"rejects_{source.label}", source.root, readable, source.columns, texts, how, compression, source.format, of_lines)
    connection.execute(f"CREATE OR REPLACE TEMP SEQUENCE {records.counter}")
    found = f"SELECT json FROM {calls.read_json_values(list(readable), how, compression).sql('duckdb')}"  # noqa: S608 (a call made as a tree)
    return Scan(f"({json_sql.rows(found, source.columns, texts, records.counter)})", lines=records)


def _avro(connection: duckdb.DuckDBPyConnection, source: Source) -> Scan:
    # Heavy, and most workers never see the format.
    import pyarrow.parquet as pq

    from shared.formats import avro

    made = []
    for number, path in enumerate(source.files):
        target = source.scratch / f"{number}.parquet"
        with source.root.open(path) as stream, reading(path):
            batches = avro.batches(stream)
            with pq.ParquetWriter(target, batches.schema, compression="lz4") as writer:
                for batch in batches:
                    writer.write_batch(batch)
        made.append(str(target))
    return _typed(connection, source, made)


def _parquet(connection: duckdb.DuckDBPyConnection, source: Source) -> Scan:
    return _typed(connection, source, readable(source.root, source.files))


def _typed(connection: duckdb.DuckDBPyConnection, source: Source, paths: list[str]) -> Scan:
    """Columns that our types name otherwise (structures, unsigned integers) are cast; all others are handed on as they are."""
    call, where = calls.read_parquet(paths, missing_folders(connection, paths)), source.read.options["path"]
    described = {
        str(column): str(kind)
        for column, kind, *_ in connection.execute(f"DESCRIBE {exp.select('*').from_(call).sql('duckdb')}").fetchall()
    }
    changed = [column.name for column in source.columns if column.name not in described or ours(described[column.name]) != column.type]
    if changed:
        raise SourceChanged(f"column {changed[0]} of {where} is not what it was when it was surveyed", node=source.read.node)
    picked: list[exp.Expr] = []
    for column in source.columns:
        value: exp.Expr = exp.column(column.name, quoted=True)
        if described[column.name] != in_duckdb(column.type):
            plain = exp.DataType.build(in_duckdb(column.type), dialect="duckdb")
            value = exp.Anonymous(this="to_json", expressions=[value]) if column.type == "JSON" else exp.cast(value, plain)
            value = exp.alias_(value, column.name, quoted=True)
        picked.append(value)
    counted = exp.select(exp.Sum(this=exp.column("num_rows"))).from_(calls.parquet_footers(paths))
    (rows,) = connection.execute(counted.sql("duckdb")).fetchone() or (None,)
    return Scan(exp.select(*picked).from_(call).subquery().sql("duckdb"), rows=int(rows))
