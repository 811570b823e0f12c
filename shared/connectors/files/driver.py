"""files: what a file holds, and publishing files. Reading them is the engine's (`shared.engines.duckdb.scans`)."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from typing import Any

import duckdb
from sqlglot import exp

from shared.connectors.errors import Misconfigured
from shared.connectors.files.json_columns import columns as json_columns
from shared.connectors.files.paths import marker, matching
from shared.connectors.files.publish import FilesSession
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey
from shared.datasets import Column, Columns
from shared.formats import csv_dialect, file_format
from shared.formats.calls import read_json_values, read_parquet
from shared.formats.errors import UnreadableFile
from shared.formats.header import check_delimiter, column_names, opened, records
from shared.formats.inference import looks
from shared.formats.names import FileFormat
from shared.formats.types import ours

# Records from which the types of a text file are inferred; a later value that does not fit is a rejected line.
SAMPLE = 5000


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._root = str(config["root"])

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        if role != "source":
            raise Misconfigured("a file that is written has no columns to look at")
        paths = matching(self._root, str(options["path"]))
        file = file_format(paths[0], options.get("format"))
        if file.delimited:
            columns, rows = _delimited(paths[0], file, options.get("options") or {}), None
        else:
            columns, rows = _described(paths, file)
        return Survey(exists=True, columns=columns, rows=rows, marker=marker(paths))

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        return FilesSession(self._root, key)


def _delimited(path: str, file: FileFormat, options: Mapping[str, Any]) -> Columns:
    dialect = csv_dialect(file.name, options)
    with opened(path, file) as stream:
        sample = records(stream, dialect, SAMPLE + 1)
    if not sample:
        raise Misconfigured(f"{path} is empty: there is not even a header; write one, or leave the file out")
    names = column_names(sample[0], dialect)
    check_delimiter(path, names, dialect)
    rows = [record for record in (sample[1:] if dialect.header else sample) if len(record) == len(names)]
    texts = [[record[at] for record in rows if record[at] not in dialect.null_values] for at in range(len(names))]

    def type_of(values: list[str]) -> str:
        found = looks(values, decimal=dialect.decimal, date_format=dialect.date_format, timestamp_format=dialect.timestamp_format)
        return found or "TEXT"

    return tuple(Column(name, type_of(values)) for name, values in zip(names, texts, strict=True))


def _described(paths: list[str], file: FileFormat) -> tuple[Columns, int | None]:
    with duckdb.connect() as connection:
        if file.name != "parquet":
            sample = exp.select("json").from_(read_json_values(paths, file)).limit(SAMPLE).sql("duckdb")
            try:
                return json_columns(((text for (text,) in connection.execute(sample).fetchall())), paths[0]), None
            except duckdb.Error as error:
                raise UnreadableFile(f"{paths[0]} is not JSON: {str(error).splitlines()[0]}") from error
        scan = read_parquet(paths).sql("duckdb")
        try:
            counted = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({_list(paths)})").fetchone()  # noqa: S608
            described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise UnreadableFile(f"{paths[0]} is not a Parquet file: {str(error).splitlines()[0]}") from error
    return tuple(Column(name, ours(kind)) for name, kind, *_ in described), int(counted[0]) if counted else None


def _list(paths: list[str]) -> str:
    return exp.convert([glob.escape(path) for path in paths]).sql("duckdb")
