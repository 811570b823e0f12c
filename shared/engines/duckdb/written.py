"""What a sink wrote, staged for the nodes behind it.

The rows are staged before they are handed over and written from there, so that what is written and what is handed on are the same rows,
whatever computing them twice would give. Where the destination took all of them that file is what was written; else the session says
which rows are not in it, by their places, and the others are staged once more. Both are done before the commit, whose outcome names the
file: whoever adopts that outcome hands on the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import duckdb
import pyarrow as pa

from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import SinkSession, TellingSession
from shared.datasets import Dataset
from shared.datasets.columns import Columns
from shared.datasets.staging import StagingFolder
from shared.engines.duckdb.connection import name
from shared.engines.duckdb.rows import DuckRows
from shared.engines.program import Out
from shared.errors import bug
from shared.formats.calls import read_parquet

_GONE, _PLACE = "penstock_unwritten", "penstock_place"


@dataclass(frozen=True, slots=True)
class Handed:
    """The rows that a sink is given, in a staged file, in their order."""

    out: Out
    uri: str
    rows: int
    columns: Columns

    @property
    def query(self) -> str:
        return f"SELECT {_listed(self.columns)} FROM {_of(self.uri)}"  # noqa: S608 (quoted names, and a rendered tree)


def handed(connection: duckdb.DuckDBPyConnection, query: str, out: Out, columns: Columns, uri: str, scratch: str) -> Handed:
    rows = DuckRows(connection, query, scratch)
    rows.to_file(uri, "parquet", {})
    return Handed(out, uri, rows.count, columns)


def written(
    connection: duckdb.DuckDBPyConnection,
    of: Handed,
    session: SinkSession,
    figures: Mapping[str, int | None],
    folder: StagingFolder,
    file: str,
    scratch: str,
) -> Dataset:
    """`figures`: of the write that was just made of the rows. `file`: for those that were written, where they are not all."""
    gone = sum(figures.get(term) or 0 for term in ("rejected", "skipped", "merged"))
    if not gone:
        return Dataset(of.out.port, of.uri, of.out.columns, of.rows, folder.size_bytes(of.uri))
    if not hasattr(session, "unwritten"):
        raise Misconfigured("this connector does not say which rows it wrote, so no edge can lead on from its sink; lead it from before")
    told = _keep(connection, cast(TellingSession, session).unwritten())
    if told != gone:
        raise bug(ValueError(f"{gone} were left out, and the session told of {told}"), "the rows that a sink wrote could not be told")
    placed = f"SELECT *, row_number() OVER () AS {_PLACE} FROM {_of(of.uri)}"  # noqa: S608
    # In their order: of rows behind that have one key, the last that came may win.
    left = f"SELECT {_listed(of.out.columns)} FROM ({placed}) AS r ANTI JOIN {_GONE} AS g USING ({_PLACE}) ORDER BY r.{_PLACE}"  # noqa: S608
    rows = DuckRows(connection, left, scratch)
    uri = folder.uri(file)
    rows.to_file(uri, "parquet", {})
    connection.execute(f"DROP TABLE {_GONE}")
    folder.remove(of.uri)
    return Dataset(of.out.port, uri, of.out.columns, rows.count, folder.size_bytes(uri))


def _keep(connection: duckdb.DuckDBPyConnection, places: Iterator[Sequence[int]]) -> int:
    """In a temporary table, from where they can go to disk; how many."""
    connection.execute(f"CREATE TEMP TABLE {_GONE} ({_PLACE} BIGINT)")
    for batch in places:
        connection.register("penstock_told", pa.table({_PLACE: pa.array(batch, pa.int64())}))
        connection.execute(f"INSERT INTO {_GONE} FROM penstock_told")
        connection.unregister("penstock_told")
    row = connection.execute(f"SELECT count(DISTINCT {_PLACE}) FROM {_GONE}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _of(uri: str) -> str:
    return read_parquet([uri]).sql("duckdb")


def _listed(columns: Columns) -> str:
    return ", ".join(name(column.name) for column in columns)
