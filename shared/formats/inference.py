"""Which type the texts of a column have, such that no text is lost: writing the typed value again gives the text back, or one
that means the same.

Leading zeros, plus signs, more digits than the type holds and mixed types make a column TEXT. A column in
the recipe's own date or timestamp format has that type only where all its texts have the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_TIMESTAMP = re.compile(_CLOCK)
_TIMESTAMPTZ = re.compile(_CLOCK + r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)")
# A double keeps 15 significant digits whatever they are.
_DIGITS_OF_A_DOUBLE = 15


def _is_number(text: str) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    digits = re.sub(r"[eE].*|[^0-9]", "", text).lstrip("0")
    return len(digits) <= _DIGITS_OF_A_DOUBLE and abs(float(text)) != float("inf")


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_stamp(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return bool(pattern.fullmatch(text)) and bool(datetime.fromisoformat(text))
        except ValueError:
            return False

    return check


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text)) and int(text[:2]) < 24 and int(text[3:5]) < 60 and int(text[6:8]) < 60


# In the order in which they are tried; an integer column may widen to a number, nothing else widens but to TEXT.
_RULES: dict[str, Callable[[str], bool]] = {
    "BOOLEAN": lambda text: text.lower() in ("true", "false"),
    "BIGINT": lambda text: bool(_INTEGER.fullmatch(text)) and -(2**63) <= int(text) < 2**63,
    "DOUBLE PRECISION": _is_number,
    "DATE": _is_date,
    "TIMESTAMP": _is_stamp(_TIMESTAMP),
    "TIMESTAMPTZ": _is_stamp(_TIMESTAMPTZ),
    "TIME": _is_time,
}


def looks(texts: Iterable[str], *, decimal: str = ".", date_format: str | None = None, timestamp_format: str | None = None) -> str | None:
    """The narrowest type that all texts have, TEXT when they have none in common, None when there are none."""
    rules = dict(_RULES)
    # A file is read with one format per type, so an ISO date beside the recipe's own format would be a rejected line.
    if date_format:
        rules["DATE"] = _is_formatted(date_format)
    if timestamp_format:
        rules["TIMESTAMP"] = _is_formatted(timestamp_format)
        del rules["TIMESTAMPTZ"]
    if decimal == ",":
        rules |= {"DOUBLE PRECISION": lambda text: "." not in text and _is_number(text.replace(",", ".", 1))}
    # The recipe's own formats go first: 20240506 may be a date.
    candidates = sorted(rules, key=lambda name: not ((name == "DATE" and date_format) or (name == "TIMESTAMP" and timestamp_format)))
    seen = False
    for text in texts:
        seen = True
        candidates = [name for name in candidates if rules[name](text)]
        if not candidates:
            return "TEXT"
    return candidates[0] if seen else None


def _is_formatted(written: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return bool(datetime.strptime(text, written))
        except ValueError:
            return False

    return check
