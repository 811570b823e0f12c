"""Rows as people may see them: values that JSON can hold, secret-looking columns masked."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

MASK = "***"
_LONGEST = 200
_SECRET = re.compile(
    r"(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|private_?key|credential|pin|ssn|pesel|iban|card_?(?:no|number)|cvv|cvc)(?:[^a-z]|$)"
)


@lru_cache(maxsize=10_000)
def looks_secret(column: str) -> bool:
    """By its name: words divided by anything that is no letter, or by a capital."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    return _SECRET.search(words) is not None


def shown(value: Any, column: str = "") -> Any:
    """Whole numbers stay numbers; decimals, times and what JSON has no form for become text; long text is cut."""
    if value is None:
        return None
    if looks_secret(column):
        return MASK
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        value = value.hex()
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
