"""The DuckDB table functions that read files, as sqlglot trees: identifiers and values are never put into text by hand.

Everything is said explicitly and nothing is detected, so that a read cannot differ from what was surveyed.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sqlglot import exp

from shared.formats.names import FileFormat
from shared.formats.options import CsvDialect

# A record longer than this is a rejected line; it also bounds what a reading thread holds in memory (16 lines of it per buffer).
MAX_LINE_BYTES = 2_000_000
# As DuckDB wants them to be written.
_LINE_ENDS = {"\n": r"\n", "\r\n": r"\r\n", "\r": r"\r"}


def call(function: str, paths: Sequence[str], **arguments: Any) -> exp.Anonymous:
    """`function([paths], name = value, …)`. Paths are those of files, not patterns. Arguments that are None are left out."""
    named = [
        exp.EQ(this=exp.to_identifier(name), expression=value if isinstance(value, exp.Expr) else exp.convert(value))
        for name, value in arguments.items()
        if value is not None
    ]
    # A file may be called a*b.csv; to DuckDB that would be all files that begin with a and end with b.
    return exp.Anonymous(this=function, expressions=[exp.convert([glob.escape(path) for path in paths]), *named])


def struct(values: Mapping[str, str]) -> exp.Struct:
    """A DuckDB struct of texts, keys in order."""
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.Literal.string(key), expression=exp.Literal.string(value)) for key, value in values.items()]
    )


def read_csv(
    paths: Sequence[str],
    file: FileFormat,
    dialect: CsvDialect,
    columns: Mapping[str, str],
    *,
    rejects: tuple[str, str] | None = None,
    line_end: str | None = None,
) -> exp.Anonymous:
    """`columns`: every column of the file in the file's order, name -> DuckDB type. `rejects`: names of the temporary tables
    (errors, scans) in which DuckDB notes the lines that it could not read; without them a bad line is an error. `line_end`: where the
    first line break of a file is not the end of its lines.
    """
    return call(
        "read_csv",
        paths,
        auto_detect=False,
        header=dialect.header,
        delim=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        columns=struct(columns),
        nullstr=list(dialect.null_values) or None,
        allow_quoted_nulls=dialect.quoted_nulls,
        encoding=dialect.encoding,
        compression=file.compression or "none",
        hive_partitioning=False,
        decimal_separator=dialect.decimal if dialect.decimal != "." else None,
        dateformat=dialect.date_format,
        timestampformat=dialect.timestamp_format,
        skip=dialect.skip_rows or None,
        max_line_size=MAX_LINE_BYTES,
        new_line=_LINE_ENDS[line_end] if line_end else None,
        store_rejects=True if rejects else None,
        rejects_table=rejects[0] if rejects else None,
        rejects_scan=rejects[1] if rejects else None,
        rejects_limit=0 if rejects else None,
    )


def read_json_values(paths: Sequence[str], shape: str, compression: str | None) -> exp.Anonymous:
    """Each record as JSON text, in a column named json, in the order of the files. `shape` as `json_records.shape`: of lines, one that is
    no JSON is NULL; in an array it is an error.
    """
    return call(
        "read_json_objects",
        paths,
        format=shape,
        ignore_errors=True if shape == "newline_delimited" else None,
        compression=compression or "uncompressed",
        hive_partitioning=False,
    )


def read_parquet(paths: Sequence[str], folders: Sequence[str] = ()) -> exp.Anonymous:
    """`folders`: columns that are in the names of folders only (`column=value`); they are texts, so that 007 stays 007."""
    return call(
        "read_parquet",
        paths,
        union_by_name=True if len(paths) > 1 else None,
        hive_partitioning=bool(folders),
        hive_types=struct(dict.fromkeys(folders, "VARCHAR")) if folders else None,
    )


def parquet_footers(paths: Sequence[str]) -> exp.Anonymous:
    """A row for each file: `file_name`, and `num_rows` by its own count."""
    return call("parquet_file_metadata", paths)


def folder_columns(paths: Sequence[str]) -> tuple[str, ...]:
    """The columns that the folders of all paths name, as Hive does."""
    named = [
        tuple(unquote(key) for key, sign, _ in (step.partition("=") for step in path.split("/")[:-1]) if key and sign) for path in paths
    ]
    return named[0] if named and len(set(named)) == 1 else ()
