"""Columns of Parquet files that stand in the names of their folders, as Hive and Spark write them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from sqlglot import exp

from shared.formats.calls import folder_columns, read_parquet


def missing_folders(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> tuple[str, ...]:
    """Those that the files themselves do not have; what stands in the files is never taken from a folder's name."""
    named = folder_columns(paths)
    if not named:
        return ()
    described = connection.execute(f"DESCRIBE {exp.select('*').from_(read_parquet(paths)).sql('duckdb')}").fetchall()
    own = {str(column).lower() for column, *_ in described}
    return tuple(name for name in named if name.lower() not in own)
