"""One recipe on several engines, in this process, and whether they give the same rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conformance import data
from tests.support.inprocess import Ran, make_pipeline, run

Rows = list[tuple[Any, ...]]
# Doubles are summed in another order.
_RELATIVE = 1e-9


def ran(folder: Path, mode: str, nodes: str, edges: str) -> Ran:
    folder = folder / mode
    folder.mkdir()
    data.written(folder)
    return run(folder, make_pipeline(nodes, edges, f"  processingMode: {mode}\n"))


def source(name: str, path: str) -> str:
    return f"    - {{id: {name}, type: connector_source, config: {{connector: files, path: {path}.parquet}}}}\n"


def sink(name: str) -> str:
    return f"    - {{id: {name}, type: connector_sink, config: {{connector: files, path: {name}.parquet, writeMode: OVERWRITE}}}}\n"


def difference(found: Rows, wanted: Rows, *, ordered: bool = False) -> str | None:
    """What differs first, in words; None where nothing does."""
    if len(found) != len(wanted):
        return f"{len(found)} rows instead of {len(wanted)}"
    if not ordered:
        found, wanted = sorted(found, key=_place), sorted(wanted, key=_place)
    for one, two in zip(found, wanted, strict=True):
        for at, (a, b) in enumerate(zip(one, two, strict=True)):
            if not _same(a, b):
                return f"column {at}: {a!r} instead of {b!r} in {two}"
    return None


def _place(row: Sequence[Any]) -> tuple[Any, ...]:
    # What is exact comes first, so that a last digit does not change the order.
    return tuple(repr(value) for value in row if not isinstance(value, float))


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, float | Decimal) and isinstance(two, float | Decimal) and isinstance(one, float) | isinstance(two, float):
        return math.isclose(one, two, rel_tol=_RELATIVE, abs_tol=1e-12) or (math.isnan(one) and math.isnan(two))
    return bool(one == two)
