"""What came out, held against what a PipelineTest expects.

Only the columns that the expected rows name are compared, and a row that does not name one of them expects NULL there. Numbers are equal
by value, those with a binary fraction to nine digits; a date or a time is equal to its text as in RFC 3339. Without `inOrder` rows are
compared as a bag: each expected row takes one of those that came out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
_RELATIVE = 1e-9
# So many differing rows are told; pairing those that belong together looks at each with each.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was expected and did not come, one that came and was not expected, or both where they are nearly the same.

    `columns`: of a pair, those that differ.
    """

    expected: Row | None
    found: Row | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """`columns`: those that were compared. `differences`: at most MOST_TOLD; `left_out`: how many more there are. `problem`: a sentence of
    what is wrong beside them.
    """

    wanted: int | None
    found: int
    columns: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    left_out: int = 0
    problem: str | None = None

    @property
    def good(self) -> bool:
        return self.problem is None and not self.differences


def compared(expected: Mapping[str, Any], columns: Sequence[str], rows: Sequence[Row]) -> Compared:
    """`expected`: as a PipelineTest says it of one place, loaded. `columns`: those that came out; `rows`: with Python's own values."""
    wanted = expected.get("count")
    if wanted is not None and wanted != len(rows):
        told = f"{len(rows)} row{'s' * (len(rows) != 1)} came out instead of {wanted}"
    else:
        told = None
    if "rows" not in expected:
        return Compared(wanted, len(rows), problem=told)
    named = tuple(dict.fromkeys(name for row in expected["rows"] for name in row))
    if missing := [name for name in named if name not in columns]:
        return Compared(len(expected["rows"]), len(rows), named, problem=f"there is no column {missing[0]}; there is {', '.join(columns)}")
    told_of = [{name: row.get(name) for name in named} for row in rows]
    wanted_rows = [{name: row.get(name) for name in named} for row in expected["rows"]]
    if not named:
        # `rows: []`, or rows that name nothing: only how many there are can differ, and all of each is told.
        told_of = [dict(row) for row in rows]
    found = _in_order(wanted_rows, told_of, named) if expected.get("inOrder") else _as_bag(wanted_rows, told_of, named)
    return Compared(len(wanted_rows), len(rows), named, tuple(found[:MOST_TOLD]), max(0, len(found) - MOST_TOLD), told)


def _in_order(wanted: Sequence[Row], found: Sequence[Row], names: Sequence[str]) -> list[Difference]:
    differences = []
    for at in range(max(len(wanted), len(found))):
        one, two = (rows[at] if at < len(rows) else None for rows in (wanted, found))
        columns = _differing(one, two, names) if one is not None and two is not None else ()
        if columns or one is None or two is None:
            differences.append(Difference(one, two, columns))
    return differences


def _as_bag(wanted: Sequence[Row], found: Sequence[Row], names: Sequence[str]) -> list[Difference]:
    left = list(found)
    missing = []
    for row in wanted:
        at = next((at for at, other in enumerate(left) if not _differing(row, other, names)), None)
        if at is None:
            missing.append(row)
        else:
            del left[at]
    differences = []
    for number, row in enumerate(missing):
        near = _nearest(row, left, names) if number < MOST_TOLD else None
        if near is None:
            differences.append(Difference(row, None))
        else:
            differences.append(Difference(row, left[near], _differing(row, left[near], names)))
            del left[near]
    return [*differences, *(Difference(None, row) for row in left)]


def _nearest(row: Row, others: Sequence[Row], names: Sequence[str]) -> int | None:
    """The one with the fewest differing columns, where at least one is the same."""
    ranked = sorted((len(_differing(row, other, names)), at) for at, other in enumerate(others[:1000]))
    return ranked[0][1] if ranked and ranked[0][0] < len(names) else None


def _differing(wanted: Row, found: Row, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not same(wanted.get(name), found.get(name)))


def same(wanted: Any, found: Any) -> bool:
    """`wanted`: as YAML says it; `found`: as it came out."""
    if wanted is None or found is None:
        return wanted is None and found is None
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(found, int | float | Decimal):
        return isinstance(wanted, int | float | Decimal) and _equal(wanted, found)
    if isinstance(found, datetime):
        return _instant(wanted) == _instant(found)
    if isinstance(found, date | time):
        return str(wanted) == found.isoformat()
    if isinstance(found, bytes | bytearray):
        return isinstance(wanted, str) and wanted == bytes(found).hex()
    if isinstance(wanted, dict | list) and isinstance(found, str):
        try:
            return bool(json.loads(found) == wanted)
        except ValueError:
            return False
    return bool(wanted == found)


def _equal(wanted: float | Decimal, found: float | Decimal) -> bool:
    if isinstance(found, float):
        return math.isclose(float(wanted), found, rel_tol=_RELATIVE, abs_tol=1e-12) or (math.isnan(float(wanted)) and math.isnan(found))
    return Decimal(str(wanted)) == Decimal(found)


def _instant(value: Any) -> datetime | None:
    """Without a zone it is UTC."""
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(str(value))
        except ValueError:
            return None
    made: datetime = value
    return made if made.tzinfo else made.replace(tzinfo=UTC)
