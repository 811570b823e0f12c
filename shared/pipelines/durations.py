"""Durations as recipes write them: a number of seconds, "90m", "24h", or ISO 8601's "PT2H" (`fields.duration` says what is one)."""

from __future__ import annotations

import re

_SHORT = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)([DHMS])")


def microseconds(value: float | str) -> int:
    """Raises KeyError for text that is no duration; a schema has refused it before."""
    if isinstance(value, int | float):
        return round(value * 1_000_000)
    if value.startswith("P"):
        # M is minutes: a duration that is counted in seconds has no months.
        return sum(round(float(number) * _SHORT[unit.lower()]) for number, unit in _PART.findall(value))
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]*)", value).groups()  # type: ignore[union-attr]
    return round(float(number) * _SHORT[unit])
