"""What a plain YAML scalar means: the core schema of YAML 1.2, and nothing of 1.1.

`yes`, `no`, `on`, `off`, dates and times stay text; only null, true and false, whole numbers and decimal numbers are anything else.
"""

from __future__ import annotations

import math
import re
from typing import Any

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# Far more than any setting needs, and short enough that reading it costs nothing.
_LONGEST_NUMBER = 100


class NotANumber(ValueError):
    """A number that JSON and the store cannot hold: infinite, not a number, or absurdly long."""


def resolve(text: str) -> Any:
    """The value of a plain (unquoted) scalar: None, bool, int, float or the text itself. Raises NotANumber."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(_short(text))
    if _OCTAL.fullmatch(text):
        return int(_short(text)[2:], 8)
    if _HEX.fullmatch(text):
        return int(_short(text)[2:], 16)
    if _FLOAT.fullmatch(text):
        number = float(_short(text))
        if math.isinf(number):
            raise NotANumber(f"the number {text} is too large")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise NotANumber(f"{text} is no number that can be kept; write a finite one, or quote it to mean the text")
    return text


def _short(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise NotANumber(f"a number with {len(text)} digits is too long; quote it to mean the text")
    return text
