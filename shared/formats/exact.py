"""JSON whose numbers keep their digits. Engines and Python alike make a double of a number with a point, which holds 15 digits of it; one
that has more becomes text here, so that the digits are still there when it gets its own type.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

# What a line must match for any of its numbers to be at risk; integers are not: they are read exactly, whatever their length.
AT_RISK = r"[0-9.]{17}"


def number(digits: str) -> float | str:
    """A number with a point or an exponent, as it is written: itself where a double says the same, else its text."""
    made = float(digits)
    return made if Decimal(repr(made)) == Decimal(digits) else digits


def rewritten(line: str) -> str:
    """The same JSON, its long numbers quoted. What is no JSON comes back as it is."""
    try:
        return json.dumps(json.loads(line, parse_float=number), ensure_ascii=False)
    except ValueError:
        return line


def dumped(record: Any) -> str:
    """A record with Decimals in it as one line of JSON."""
    return json.dumps(record, ensure_ascii=False, default=_decimal)


def _decimal(value: Any) -> Any:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return number(str(value))
