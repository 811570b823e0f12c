"""Rows of a window told from those of the last one, and what the next window has to know of these (`shared.planning.cursors`).

A row is known by 16 bytes of its columns' texts. The source is read once: what is handed on and what is remembered are the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from shared.connectors.errors import Misconfigured
from shared.datasets.staging import StagingFolder
from shared.engines.duckdb.connection import name
from shared.engines.program import Read
from shared.engines.remembering import WIDTH, stored
from shared.engines.work import Remembered

# 16 MB in the store. A window that holds more of them wants a shorter lag, or a finer column.
MOST_REMEMBERED = 1_000_000


class Window:
    """Of one read, kept in a temporary table for as long as the attempt's connection lasts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, read: Read, remembered: bytes) -> None:
        assert read.window is not None
        self._connection, self._read, self._said, self._remembered = connection, read, read.window, remembered
        # No relation's name begins so.
        self._rows, self._known = name(f"window {read.table}"), name(f"known {read.table}")

    @property
    def handed(self) -> list[str]:
        """The columns that are used."""
        return list(self._read.keep or [column.name for column in self._read.columns])

    @property
    def columns(self) -> list[str]:
        """What is read: the columns that are used, and those by which rows are told apart."""
        return list(dict.fromkeys([*self.handed, *columns_of(self._said)]))

    def new(self, source: str) -> str:
        """The rows to hand on, of a source with its condition (`FROM …`), as a query over what is now kept here."""
        cursor = name(self._said["cursor"])
        since, match, start = self._said["since"], self._said["match"], self._said["from"]
        before = f"CASE WHEN {cursor} <= {since} THEN {_digest(match)} END" if since is not None and match else "CAST(NULL AS BLOB)"
        kept = f"CASE WHEN {cursor} >= {start} THEN {_digest([c for c, _ in self._said['keep']])} END" if start else "CAST(NULL AS BLOB)"
        picked = ", ".join(name(column) for column in self.columns)
        # S608: quoted names, and literals made by the planner.
        self._connection.execute(
            f"CREATE TEMP TABLE {self._rows} AS SELECT {picked}, {before} AS {name('before ')}, {kept} AS {name('kept ')} {source}"
        )
        digests = pa.array([self._remembered[at : at + WIDTH] for at in range(0, len(self._remembered), WIDTH)], pa.binary())
        self._connection.register("remembered rows", pa.table({"digest": digests}))
        self._connection.execute(
            f'CREATE TEMP TABLE {self._known} AS SELECT digest, count(*) AS n FROM "remembered rows" GROUP BY digest'  # noqa: S608
        )
        self._connection.unregister("remembered rows")
        handed = ", ".join(name(column) for column in self.handed)
        # Where nothing is known of the rows of the last window, all of them were taken over. They are remembered all the same: the next
        # window reads them again.
        after = f" AND {cursor} > {since}" if since is not None and not match else ""
        told = ", ".join(f"w.{name(column)}" for column in self.handed)
        return (
            f"SELECT {handed} FROM {self._rows} WHERE {name('before ')} IS NULL{after} UNION ALL "  # noqa: S608
            f"SELECT {told} FROM (SELECT *, row_number() OVER (PARTITION BY {name('before ')}) AS {name('nth ')} FROM {self._rows}"
            f" WHERE {name('before ')} IS NOT NULL) AS w LEFT JOIN {self._known} AS k ON k.digest = w.{name('before ')}"
            f" WHERE w.{name('nth ')} > coalesce(k.n, 0)"
        )

    def remembered(self, folder: StagingFolder) -> Remembered:
        """What is to be known of the rows that the next window will hold again. Raises Misconfigured where they are too many."""
        kept = name("kept ")
        ((rows,),) = self._connection.execute(f"SELECT count({kept}) FROM {self._rows}").fetchall()  # noqa: S608
        if rows > MOST_REMEMBERED:
            raise Misconfigured(
                f"{rows} rows of {self._read.node} lie within the lag or have the last value of {self._said['cursor']}, and at most"
                f" {MOST_REMEMBERED} can be remembered; shorten the lag, take a finer cursorColumn, or write with UPSERT",
                node=self._read.node,
            )
        found = self._connection.execute(f"SELECT {kept} FROM {self._rows} WHERE {kept} IS NOT NULL").fetchall()  # noqa: S608
        remembered = Remembered(self._said["keep"], b"".join(digest for (digest,) in found), floor=self._said.get("floor"))
        return stored(self._read.node, remembered, folder)


def columns_of(window: Mapping[str, Any]) -> list[str]:
    """What a read's window looks at (`Read.window`)."""
    return [window["cursor"], *window["match"], *(column for column, _ in window["keep"])]


def _digest(columns: Sequence[str]) -> str:
    """Each text with its length before it, so that two rows never read alike."""
    texts = (
        f"coalesce(CAST(length(CAST({name(column)} AS VARCHAR)) AS VARCHAR) || ':' || CAST({name(column)} AS VARCHAR), '-')"
        for column in columns
    )
    return f"unhex(md5({' || '.join(texts)}))"
