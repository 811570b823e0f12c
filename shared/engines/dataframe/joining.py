"""Two tables side by side: pairs of positions by pandas, on codes; what a condition says beyond equal keys is asked of the pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shared.engines.dataframe.codes import codes_of_both
from shared.engines.dataframe.table import Named, Table, taken

# Which pairs of the rows joined so far hold, as a mask.
Holds = Callable[[Named], Any]
# Pairs looked at in one go, where every row meets every other.
_PAIRS = 2_000_000


def joined(left: Named, right: Named, keys: Sequence[tuple[Any, Any]], holds: Holds | None, how: str) -> Named:
    """`keys`: columns of the one and of the other that must be equal. `how`: INNER, LEFT, RIGHT or FULL."""
    if keys:
        one, two = codes_of_both([a for a, _ in keys], [b for _, b in keys], (left.count, right.count))
        lefts, rights = _matching(one, two)
        lefts, rights = _those_that(holds, left, right, lefts, rights)
    else:
        lefts, rights = _all_pairs(left, right, holds)
    if how in {"LEFT", "FULL"}:
        alone = np.setdiff1d(np.arange(left.count), lefts, assume_unique=False)
        lefts, rights = np.concatenate([lefts, alone]), np.concatenate([rights, np.full(len(alone), -1)])
    if how in {"RIGHT", "FULL"}:
        alone = np.setdiff1d(np.arange(right.count), rights)
        lefts, rights = np.concatenate([lefts, np.full(len(alone), -1)]), np.concatenate([rights, alone])
    return _side_by_side(left, right, lefts, rights)


def _matching(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    (here,), (there,) = np.nonzero(one >= 0), np.nonzero(two >= 0)
    pairs = pd.merge(
        pd.DataFrame({"code": one[here], "left": here}), pd.DataFrame({"code": two[there], "right": there}), on="code", how="inner"
    )
    return pairs["left"].to_numpy(), pairs["right"].to_numpy()


def _all_pairs(left: Named, right: Named, holds: Holds | None) -> tuple[np.ndarray, np.ndarray]:
    step = max(1, _PAIRS // max(1, right.count))
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, left.count, step):
        some = np.arange(start, min(start + step, left.count))
        pairs = np.repeat(some, right.count), np.tile(np.arange(right.count), len(some))
        found.append(_those_that(holds, left, right, *pairs))
    none = np.zeros(0, dtype="int64")
    return np.concatenate([none, *(one for one, _ in found)]), np.concatenate([none, *(two for _, two in found)])


def _those_that(holds: Holds | None, left: Named, right: Named, lefts: np.ndarray, rights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if holds is None:
        return lefts, rights
    mask = np.asarray(holds(_side_by_side(left, right, lefts, rights)))
    return lefts[mask], rights[mask]


def _side_by_side(left: Named, right: Named, lefts: np.ndarray, rights: np.ndarray) -> Named:
    one, two = taken(left.table, lefts), taken(right.table, rights)
    table: Table = pa.Table.from_arrays([*one.columns, *two.columns], schema=pa.schema([*one.schema, *two.schema]))
    return Named(table, (*left.names, *right.names))
