"""What a part of a frame on disk is made from: a file, a share of several files, or two parts side by side, and the steps on its way.

A part is a recipe, a plain value: it is loaded where it is needed, in any process that sees the folder, and gives the same rows each
time. Loading draws from counters, so a part is loaded for good once only; whoever needs it twice keeps it first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shared.engines.dataframe.expressions import Draw
from shared.engines.dataframe.frame import Keys, Pairing, Step, draws_nothing
from shared.engines.dataframe.order import Key, places
from shared.engines.dataframe.table import Named, plain_names

Names = tuple[tuple[str, str], ...]


class Part(Protocol):
    def load(self, draw: Draw) -> Named: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Whole files, one after the other; `schema` has the columns' own fields, since files know them by position."""

    paths: tuple[str, ...]
    schema: pa.Schema
    names: Names

    def load(self, draw: Draw) -> Named:
        return Named(_read(self.paths, self.schema, None), self.names)


@dataclass(frozen=True, slots=True)
class Share:
    """The row group of one number of each file."""

    paths: tuple[str, ...]
    number: int
    schema: pa.Schema
    names: Names

    def load(self, draw: Draw) -> Named:
        return Named(_read(self.paths, self.schema, self.number), self.names)


@dataclass(frozen=True, slots=True)
class Stepped:
    part: Part
    step: Step

    def load(self, draw: Draw) -> Named:
        return self.step(self.part.load(draw), draw)


@dataclass(frozen=True, slots=True)
class Paired:
    left: Part
    right: Part
    pairing: Pairing

    def load(self, draw: Draw) -> Named:
        return self.pairing(self.left.load(draw), self.right.load(draw))


@dataclass(frozen=True, slots=True)
class Together:
    """Several parts as one."""

    parts: tuple[Part, ...]

    def load(self, draw: Draw) -> Named:
        loaded = [part.load(draw) for part in self.parts]
        return Named(pa.concat_tables([one.table for one in loaded]), loaded[0].names)


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a part was written to. `drawn`: what its loading drew from each counter."""

    path: str
    rows: int
    drawn: dict[str, int]


def keep(part: Part, folder: str) -> Written:
    """The part's rows as one file."""
    rows, drawn = _loaded(part)
    path = _new(folder)
    with _writer(path, rows) as writer:
        writer.write_table(plain_names(rows.table), row_group_size=max(1, rows.count))
    return Written(path, rows.count, drawn)


def divide(part: Part, keys: Callable[[Named], np.ndarray], shares: int, folder: str) -> Written:
    """The part's rows as one file with a row group for each share; `keys` says which share each row is of."""
    rows, drawn = _loaded(part)
    share = keys(rows)
    order = np.argsort(share, kind="stable")
    ends = np.searchsorted(share[order], np.arange(shares), side="right")
    table = plain_names(rows.take(order).table)
    path = _new(folder)
    with _writer(path, rows) as writer:
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            writer.write_table(table.slice(start, end - start), row_group_size=max(1, end - start))
    return Written(path, rows.count, drawn)


def sample(part: Part, columns: Keys, most: int) -> Any:
    """Some rows' keys, evenly spaced, as a table."""
    rows = part.load(draws_nothing)
    some = rows.take(np.unique(np.linspace(0, max(0, rows.count - 1), min(most, rows.count)).astype("int64")))
    return pa.table({str(at): column for at, column in enumerate(columns(some))})


@dataclass(frozen=True, slots=True)
class Between:
    """Which stretch of an order each row is in, between rows that bound them."""

    columns: Keys
    keys: tuple[Key, ...]
    bounds: Any

    def __call__(self, rows: Named) -> np.ndarray:
        own = pa.table({str(at): column for at, column in enumerate(self.columns(rows))})
        both = pa.concat_tables([own, self.bounds.cast(own.schema)])
        order = places(both.columns, self.keys, both.num_rows)
        bound = order >= rows.count
        share = np.empty(both.num_rows, dtype="int64")
        share[order] = np.cumsum(bound)
        return share[: rows.count]


def _loaded(part: Part) -> tuple[Named, dict[str, int]]:
    drawn: dict[str, int] = {}

    def draw(counter: str, rows: int) -> None:
        drawn[counter] = drawn.get(counter, 0) + rows

    return part.load(draw), drawn


def _new(folder: str) -> str:
    return str(Path(folder) / f"{uuid4().hex}.parquet")


def _writer(path: str, rows: Named) -> pq.ParquetWriter:
    # Read back once and at once: what a dictionary or a statistic would save is not worth making it.
    return pq.ParquetWriter(path, plain_names(rows.table).schema, compression="lz4", use_dictionary=False, write_statistics=False)


def _read(paths: Sequence[str], schema: pa.Schema, number: int | None) -> Any:
    tables = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            tables.append(file.read(use_threads=False) if number is None else file.read_row_group(number, use_threads=False))
    columns = [
        pa.chunked_array(
            [chunk for table in tables for chunk in table.column(at).chunks], tables[0].column(at).type if tables else field.type
        )
        for at, field in enumerate(schema)
    ]
    return pa.Table.from_arrays([column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)
