"""When two engines have given the same rows.

As multisets unless an order was asked for. Exact but for doubles, and for quotients of exact numbers, whose number of digits is no
part of the language: those agree to nine digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.differential.planned import Answer, Failed, Rows

RELATIVE = 1e-9


def difference(expected: Answer, found: Answer, ordered: Iterable[str] = ()) -> str | None:
    """The first difference in words, or None. `ordered`: sinks whose rows come in order."""
    if isinstance(expected, Failed) or isinstance(found, Failed):
        # Which of several failing rows is told first is not determined; that the node fails is.
        both = isinstance(expected, Failed) and isinstance(found, Failed)
        return None if both else f"{_short(expected)} on one, {_short(found)} on the other"
    for sink, rows in expected.items():
        if (why := _differs(rows, found[sink], sink in set(ordered))) is not None:
            return f"{sink}: {why}"
    return None


def _short(answer: Answer) -> str:
    return f"failed ({answer.why[:300]})" if isinstance(answer, Failed) else "rows"


def _differs(expected: Rows, found: Rows, in_order: bool) -> str | None:
    if len(expected) != len(found):
        return f"{len(expected)} rows on one, {len(found)} on the other"
    if not in_order:
        expected, found = sorted(expected, key=_rank), sorted(found, key=_rank)
    for row, other in zip(expected, found, strict=True):
        if len(row) != len(other):
            return f"{len(row)} columns on one, {len(other)} on the other"
        for at, (a, b) in enumerate(zip(row, other, strict=True)):
            if not same(a, b):
                return f"column {at}: {a!r} on one, {b!r} on the other, in {row}"
    return None


def same(a: Any, b: Any) -> bool:
    a, b = _plain(a), _plain(b)
    if a is None or b is None:
        return a is b
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, float | int | Decimal) and isinstance(b, float | int | Decimal) and _close(float(a), float(b))
    if isinstance(a, int | Decimal) and isinstance(b, int | Decimal):
        # Both exact; a quotient has as many digits as an engine gives it.
        return a == b or (_has_quotient_digits(a, b) and _close(float(a), float(b)))
    if isinstance(a, str) and isinstance(b, str):
        return a == b or ("cannot read '" in a and _without_value(a) == _without_value(b))
    return bool(type(a) is type(b) and a == b)


def _without_value(message: str) -> str:
    """A row's message quotes the value for people, a double as the engine spells it."""
    return re.sub(r"cannot read '.*' as", "cannot read '' as", message, flags=re.DOTALL)


def _has_quotient_digits(a: int | Decimal, b: int | Decimal) -> bool:
    return any(isinstance(v, Decimal) and -int(v.as_tuple().exponent) >= 12 for v in (a, b))


def _close(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=RELATIVE, abs_tol=1e-300)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo is not None else value
    return value


def _rank(row: tuple[Any, ...]) -> tuple[tuple[int, Any], ...]:
    return tuple(_key(_plain(value)) for value in row)


def _key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, int | float | Decimal):
        return (2, float(f"{float(value):.8g}"))
    if isinstance(value, datetime):
        return (3, value.isoformat())
    if isinstance(value, date):
        return (4, value.isoformat())
    return (5, repr(value))
