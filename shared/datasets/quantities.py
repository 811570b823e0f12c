"""Durations and sizes as recipes write them; `fields.duration` and `fields.size` say what is one.

A duration is a number of seconds, "90m", "24h", or ISO 8601's "PT2H"; a size a number of bytes, "2GB" or "512MiB".
"""

from __future__ import annotations

import re

_SHORT = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)([DHMS])")

_CENTURY = 36_525 * 86_400 * 1_000_000


def microseconds(value: float | str) -> int:
    """At most a century, so that it can be counted with. Raises KeyError for text that is no duration; a schema has refused it before."""
    if isinstance(value, int | float):
        return round(min(value * 1_000_000, _CENTURY))
    if value.startswith("P"):
        # M is minutes: a duration that is counted in seconds has no months.
        return round(min(sum(float(number) * _SHORT[unit.lower()] for number, unit in _PART.findall(value)), _CENTURY))
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]*)", value).groups()  # type: ignore[union-attr]
    return round(min(float(number) * _SHORT[unit], _CENTURY))


_PREFIXES = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}


def size_bytes(value: float | str) -> int:
    """Raises KeyError for text that is no size."""
    if isinstance(value, int | float):
        return int(value)
    number, prefix, binary = re.fullmatch(r"([0-9.]+) ?([kMGT]?)(i?)B", value).groups()  # type: ignore[union-attr]
    return int(float(number) * (1024 if binary else 1000) ** _PREFIXES[prefix])
