"""Whether two answers to one query are the same: rows in order, exact but for doubles."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from tests.tpch.data import Rows

# DuckDB answers averages and quotients of decimals in doubles, whose last digits depend on the order of summing.
RELATIVE = 1e-9


def difference(found: Rows, expected: Rows) -> str | None:
    """What differs first, in words; None where nothing does."""
    if len(found) != len(expected):
        return f"{len(found)} rows instead of {len(expected)}"
    for number, (row, wanted) in enumerate(zip(found, expected, strict=True), 1):
        if len(row) != len(wanted):
            return f"{len(row)} columns instead of {len(wanted)}"
        if not all(_same(a, b) for a, b in zip(row, wanted, strict=True)):
            return f"row {number} is {row} instead of {wanted}"
    return None


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        # A quotient of decimals is a decimal in PostgreSQL's meaning; it has at least sixteen significant digits there.
        return isinstance(found, float | Decimal | int) and math.isclose(float(found), expected, rel_tol=RELATIVE)
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)
