"""A frame in memory, each step done at once: what the pandas engine works on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shared.engines.dataframe.expressions import Draw
from shared.engines.dataframe.frame import Frame, Keys, Pairing, Step
from shared.engines.dataframe.order import Key, places
from shared.engines.dataframe.table import Named


@dataclass(frozen=True, slots=True)
class Whole:
    rows: Named
    draw: Draw

    @property
    def none(self) -> Named:
        return Named(self.rows.table.slice(0, 0), self.rows.names)

    @property
    def count(self) -> int:
        return self.rows.count

    def map(self, step: Step) -> Whole:
        return Whole(step(self.rows, self.draw), self.draw)

    def together(self, keys: Keys) -> Whole:
        return self

    def whole(self) -> Whole:
        return self

    def kept(self) -> Whole:
        return self

    def paired(self, other: Frame, keys: tuple[Keys, Keys] | None, pairing: Pairing, *, keeps_other: bool) -> Whole:
        return Whole(pairing(self.rows, rows_of(other)), self.draw)

    def sorted(self, columns: Keys, keys: Sequence[Key], limit: int | None = None) -> Whole:
        return Whole(self.rows.take(places(columns(self.rows), keys, self.count)[:limit]), self.draw)

    def limited(self, limit: int) -> Whole:
        return Whole(self.rows.take(np.arange(min(limit, self.count))), self.draw)

    def numbered(self, number: Callable[[Named, int], Named]) -> Whole:
        return Whole(number(self.rows, 0), self.draw)

    def stacked(self, others: Sequence[Frame]) -> Whole:
        tables = [self.rows.table, *(rows_of(other).table for other in others)]
        return Whole(Named(pa.concat_tables(tables), self.rows.names), self.draw)


def rows_of(frame: Frame) -> Named:
    assert isinstance(frame, Whole)
    return frame.rows
