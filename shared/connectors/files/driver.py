"""files: what a file holds, and publishing files. Reading them is the engine's (`shared.engines.duckdb.scans`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
from sqlglot import exp

from shared.connectors.errors import Misconfigured
from shared.connectors.files import looking
from shared.connectors.files.json_columns import columns as json_columns
from shared.connectors.files.object_publish import ObjectsSession
from shared.connectors.files.objects import Objects
from shared.connectors.files.publish import FilesSession
from shared.connectors.files.remote import Remote
from shared.connectors.files.roots import Root, readable, root_of
from shared.connectors.looking import Found, Tried
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Column, Columns
from shared.formats import csv_dialect, file_format
from shared.formats.calls import parquet_footers, read_parquet
from shared.formats.errors import UnreadableFile, reading
from shared.formats.header import check_columns, check_delimiter, column_names, records
from shared.formats.inference import looks
from shared.formats.names import FileFormat
from shared.formats.options import check_options, texts_of
from shared.formats.parquet import missing_folders
from shared.formats.records import sample
from shared.formats.types import ours
from shared.formats.unpacking import unpacked

# Records from which the types of text files are inferred, of all files of a glob together; a later value that does not fit is a rejected
# line.
SAMPLE = 5000
# Files of a glob that are looked into: the first, the last and others at even steps between them.
SAMPLED_FILES = 50
# Of a place whose files have to be fetched as a whole.
FETCHED_FILES = 5


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        if role != "source":
            raise Misconfigured("a file that is written has no columns to look at")
        root = root_of(self._config)
        files = root.matching(str(options["path"]))
        marker = root.marker(files)
        file = file_format(files[0], options.get("format"))
        said = options.get("options") or {}
        check_options(file.name, said)
        rows = inferred_from = None
        some = _some(files, SAMPLED_FILES if root.in_place else FETCHED_FILES)
        if file.delimited:
            columns, inferred_from = _delimited(root, some, file, said)
        elif file.name == "parquet":
            with reading(str(options["path"])):
                columns, rows = _parquet(root, readable(root, files))
        elif file.name == "avro":
            columns = _avro(root, some)
        else:
            columns, inferred_from = _records(root, some, file, said)
        return Survey(exists=True, columns=columns, rows=rows, marker=marker, inferred_from=inferred_from)

    def check(self) -> list[Tried]:
        return looking.check(self._config)

    def discover(self) -> tuple[list[Found], bool]:
        return looking.discover(self._config, self)

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        root = root_of(self._config)
        if isinstance(root, Remote):
            raise Misconfigured(f"{root.location} is only read in this release; write to a folder or to s3://bucket/prefix")
        return ObjectsSession(root, key) if isinstance(root, Objects) else FilesSession(root.location, key)


def _some(files: list[str], most: int) -> list[str]:
    return files if len(files) <= most else [files[at * (len(files) - 1) // (most - 1)] for at in range(most)]


def _delimited(root: Root, paths: list[str], file: FileFormat, options: Mapping[str, Any]) -> tuple[Columns, int]:
    """Columns, in the order of the first file that has any, and from how many records of the files their types were inferred."""
    dialect = csv_dialect(file.name, options)
    texts: dict[str, list[str]] = {}
    first, count = "", 0
    for path in paths:
        with root.open(path) as stream, reading(path):
            sampled = records(unpacked(stream, file), dialect, SAMPLE // len(paths) + 1)
        if not sampled:
            continue
        names = column_names([text or "" for text in sampled[0]], dialect)
        check_delimiter(path, names, dialect)
        if not texts:
            first, texts = path, {name: [] for name in names}
        if dialect.header:
            check_columns(path, names, first, tuple(texts))
        rows = [record for record in (sampled[1:] if dialect.header else sampled) if len(record) == len(texts)]
        count += len(rows)
        for at, name in enumerate(names if dialect.header else texts):
            texts[name] += [text for record in rows if (text := record[at]) is not None]
    if not texts:
        raise Misconfigured(f"{paths[0]} is empty: there is not even a header; write one, or leave the file out")

    def type_of(values: list[str]) -> str:
        found = looks(values, decimal=dialect.decimal, date_format=dialect.date_format, timestamp_format=dialect.timestamp_format)
        return found or "TEXT"

    return tuple(Column(name, type_of(values)) for name, values in texts.items()), count


def _records(root: Root, paths: list[str], file: FileFormat, options: Mapping[str, Any]) -> tuple[Columns, int]:
    """As `_delimited`, with the fields that any of the files has."""
    sampled: list[str] = []
    for path in paths:
        with root.open(path) as stream, reading(path):
            sampled += sample(stream, file, options, SAMPLE // len(paths))
    columns = json_columns(sampled, paths[0], texts_of(file.name, options))
    if not columns:
        raise Misconfigured(f"{paths[0]} holds no record from which to learn its columns; put one in, or leave the file out")
    return columns, len(sampled)


def _parquet(root: Root, files: list[str]) -> tuple[Columns, int | None]:
    with duckdb.connect() as connection, root.reached_by(connection):
        try:
            scan = read_parquet(files, missing_folders(connection, files)).sql("duckdb")
            footers = exp.select(exp.Sum(this=exp.column("num_rows"))).from_(parquet_footers(files))
            counted = connection.execute(footers.sql("duckdb")).fetchone()
            described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise UnreadableFile(f"not a Parquet file: {str(error).splitlines()[0]}") from error
    return tuple(Column(name, ours(kind)) for name, kind, *_ in described), int(counted[0]) if counted else None


def _avro(root: Root, paths: list[str]) -> Columns:
    """Those that any of the files has, of a type that holds the values of all."""
    from shared.formats import avro

    with duckdb.connect() as connection:
        for number, path in enumerate(paths):
            with root.open(path) as stream, reading(path):
                connection.register(f"file{number}", avro.schema(stream).empty_table())
        every = " UNION ALL BY NAME ".join(f"FROM file{number}" for number in range(len(paths)))
        described = connection.execute(f"DESCRIBE {every}").fetchall()
    return tuple(Column(name, ours(kind)) for name, kind, *_ in described)
