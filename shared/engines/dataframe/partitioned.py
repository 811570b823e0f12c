"""A frame on disk, in parts that fit into memory each: what the Dask engine works on. Dask runs what is to be done for each part, on the
threads of this process or on its cluster; nothing but names of files passes through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from shared.engines.dataframe.codes import hashes
from shared.engines.dataframe.expressions import Draw
from shared.engines.dataframe.frame import Frame, Keys, Pairing, Step, draws_nothing
from shared.engines.dataframe.order import Key, places
from shared.engines.dataframe.parts import Between, Kept, Paired, Part, Share, Stepped, Together, Written, divide, keep, sample
from shared.engines.dataframe.table import Named

_MOST_SHARES = 256
# Keys looked at in each part to find where to divide an order.
_SAMPLED = 2_000


@dataclass(frozen=True)
class Place:
    """Where parts are written, how many rows are a part, and who does the work: `do(function, arguments of each)`, results in order."""

    folder: str
    part_rows: int
    do: Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]
    draw: Draw


@dataclass(frozen=True)
class Partitioned:
    """`rows`: of each part, where they are known."""

    place: Place
    parts: tuple[Part, ...]
    none: Named
    rows: tuple[int, ...] | None = None

    @property
    def count(self) -> int:
        assert self.rows is not None
        return sum(self.rows)

    def map(self, step: Step) -> Partitioned:
        none = step(self.none, draws_nothing)
        return Partitioned(self.place, tuple(Stepped(part, step) for part in self.parts), none)

    def kept(self) -> Partitioned:
        if self.rows is not None:
            return self
        return self._of(self.place.do(keep, [(part, self.place.folder) for part in self.parts]))

    def whole(self) -> Partitioned:
        return self._as((Together(self.parts),)) if len(self.parts) != 1 else self

    def together(self, keys: Keys) -> Partitioned:
        return self._divided(partial(_share, keys, self._shares()), self._shares()) if len(self.parts) > 1 else self

    def paired(self, other: Frame, keys: tuple[Keys, Keys] | None, pairing: Pairing, *, keeps_other: bool) -> Partitioned:
        assert isinstance(other, Partitioned)
        none = pairing(self.none, other.none)
        small = other.kept()
        # What fits into a part is given whole to every part of the other side.
        if not keeps_other and (keys is None or small.count <= self.place.part_rows):
            (right,) = small.whole().parts
            return Partitioned(self.place, tuple(Paired(part, right, pairing) for part in self.parts), none)
        if keys is None:
            return Partitioned(self.place, (Paired(self.whole().parts[0], small.whole().parts[0], pairing),), none)
        shares = max(self._shares(), small._shares())
        left, right_side = (side._divided(partial(_share, by, shares), shares) for side, by in zip((self, small), keys, strict=True))
        pairs = zip(left.parts, right_side.parts, strict=True)
        return Partitioned(self.place, tuple(Paired(one, two, pairing) for one, two in pairs), none)

    def sorted(self, columns: Keys, keys: Sequence[Key], limit: int | None = None) -> Partitioned:
        in_order = partial(_in_order, columns, tuple(keys), limit)
        if limit is not None and limit <= self.place.part_rows:
            # The first of all are among the first of each part.
            return self.map(in_order).whole().map(in_order)
        kept = self.kept()
        shares = -(-kept.count // self.place.part_rows)
        if shares > 1:
            sampled = pa.concat_tables(self.place.do(sample, [(part, columns, _SAMPLED) for part in kept.parts]))
            order = places(sampled.columns, keys, sampled.num_rows)
            bounds = sampled.take(pa.array(order[np.linspace(0, len(order), shares + 1).astype("int64")[1:-1]]))
            kept = kept._divided(Between(columns, tuple(keys), bounds), shares)
        else:
            kept = kept.whole()
        done = kept.map(in_order)
        return done.limited(limit) if limit is not None else done

    def limited(self, limit: int) -> Partitioned:
        kept = self.kept()
        assert kept.rows is not None
        before = [0, *accumulate(kept.rows)]
        parts = [Stepped(part, partial(_first, limit - start)) for part, start in zip(kept.parts, before, strict=False) if start < limit]
        return kept._as(tuple(parts) or (Stepped(kept.parts[0], partial(_first, 0)),))

    def numbered(self, number: Callable[[Named, int], Named]) -> Partitioned:
        kept = self.kept()
        assert kept.rows is not None
        before = [0, *accumulate(kept.rows)]
        parts = tuple(Stepped(part, partial(_numbered, number, start)) for part, start in zip(kept.parts, before, strict=False))
        return Partitioned(self.place, parts, number(self.none, 0))

    def stacked(self, others: Sequence[Frame]) -> Partitioned:
        parts = list(self.parts)
        for other in others:
            assert isinstance(other, Partitioned)
            parts += other.parts
        return self._as(tuple(parts))

    def _shares(self) -> int:
        rows = -(-sum(self.rows) // self.place.part_rows) if self.rows is not None else len(self.parts)
        return max(1, min(_MOST_SHARES, rows))

    def _divided(self, share: Callable[[Named], np.ndarray], shares: int) -> Partitioned:
        written = self._note(self.place.do(divide, [(part, share, shares, self.place.folder) for part in self.parts]))
        paths = tuple(one.path for one in written)
        schema = self.none.table.schema
        return self._as(tuple(Share(paths, number, schema, self.none.names) for number in range(shares)))

    def _of(self, written: Sequence[Written]) -> Partitioned:
        schema = self.none.table.schema
        parts = tuple(Kept((one.path,), schema, self.none.names) for one in self._note(written))
        return Partitioned(self.place, parts, self.none, tuple(one.rows for one in written))

    def _note(self, written: Sequence[Written]) -> Sequence[Written]:
        for one in written:
            for counter, rows in one.drawn.items():
                self.place.draw(counter, rows)
        return written

    def _as(self, parts: tuple[Part, ...]) -> Partitioned:
        return replace(self, parts=parts, rows=None)


def _share(keys: Keys, shares: int, rows: Named) -> np.ndarray:
    found: np.ndarray = (hashes(keys(rows), rows.count) >> np.uint64(16)) % np.uint64(shares)
    return found.astype("int64")


def _in_order(columns: Keys, keys: Sequence[Key], limit: int | None, rows: Named, draw: Draw) -> Named:
    return rows.take(places(columns(rows), keys, rows.count)[:limit])


def _first(limit: int, rows: Named, draw: Draw) -> Named:
    return rows.take(np.arange(min(limit, rows.count)))


def _numbered(number: Callable[[Named, int], Named], before: int, rows: Named, draw: Draw) -> Named:
    return number(rows, before)
