"""Rows under names: an Arrow table whose columns are found by table and name, as a SELECT names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

Table = Any


@dataclass(frozen=True, slots=True)
class Named:
    """`names`: for each column of `table`, the alias of the table it is from and its own name."""

    table: Table
    names: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        return int(self.table.num_rows)

    def place(self, table: str, name: str) -> int:
        """The column's position; without a table, the first of that name."""
        for at, (of, own) in enumerate(self.names):
            if own == name and table in {"", of}:
                return at
        raise LookupError(f"no column {table}.{name} among {self.names}")

    def column(self, table: str, name: str) -> Any:
        return self.table.column(self.place(table, name))

    def take(self, positions: np.ndarray) -> Named:
        """The rows at those positions; a position of -1 is a row of NULLs."""
        if len(positions) == self.count and (not len(positions) or bool((positions == np.arange(self.count)).all())):
            return self
        return Named(taken(self.table, positions), self.names)


def taken(table: Table, positions: np.ndarray) -> Table:
    missing = positions < 0
    # Without columns there is nothing to take from, and Arrow forgets how many rows there are.
    return table.take(pa.array(positions, pa.int64(), mask=missing if missing.any() else None))


def table_of(columns: Sequence[Any], fields: Sequence[Any]) -> Table:
    """Columns may share a name: they are told apart by position."""
    return pa.Table.from_arrays(list(columns), schema=pa.schema(list(fields)))


def plain_names(table: Table) -> Table:
    """Columns by position, since two may have one name; what their fields say beside the type is left out."""
    return table_of(table.columns, [pa.field(f"c{at}", field.type) for at, field in enumerate(table.schema)])
