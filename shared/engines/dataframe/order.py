"""The order of rows: NULLs where the tree says, NaN above all numbers, texts byte by byte. Equal rows keep the order they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.values import is_float

Array = Any


@dataclass(frozen=True, slots=True)
class Key:
    """How one column orders."""

    descending: bool
    nulls_first: bool


def places(columns: Sequence[Array], keys: Sequence[Key], rows: int) -> np.ndarray:
    """The positions of the rows in their order."""
    by: dict[str, Array] = {}
    orders: list[tuple[str, str]] = []

    def add(values: Array, descending: bool) -> None:
        label = str(len(by))
        by[label] = values
        orders.append((label, "descending" if descending else "ascending"))

    for column, key in zip(columns, keys, strict=True):
        if column.null_count:
            add(pc.cast(pc.is_null(column), pa.int8()), key.nulls_first)
        if is_float(column.type):
            # Arrow puts NaN with the NULLs, wherever those go.
            add(pc.cast(pc.fill_null(pc.is_nan(column), False), pa.int8()), key.descending)
        add(column, key.descending)
    if not orders:
        return np.arange(rows)
    return np.asarray(pc.sort_indices(pa.table(by), sort_keys=orders)).astype("int64")
