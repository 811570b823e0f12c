"""A source as DuckDB reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import duckdb


class Noted(Protocol):
    """What of a file could not be made a row of, once it was read."""

    def any(self, connection: duckdb.DuckDBPyConnection) -> bool: ...

    def query(self, connection: duckdb.DuckDBPyConnection) -> str:
        """One row for each, in the shape of `RejectsFile`, in the order of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Scan:
    """`sql`: a relation that may stand after FROM. `lines`: where bad lines are noted, if they are. `rows`: how many there are to be
    read, where the files themselves say so. `marker`: of the version of the files that is read, where any other could be told from it.
    """

    sql: str
    lines: Noted | None = None
    rows: int | None = None
    marker: str | None = None
