"""JSON whose numbers keep all their digits: read as Decimal, and written as they are. For rows of people's data, which floats would round.

NaN and the infinities are no JSON, and are refused when read.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

# Around a number while the library, which knows only floats, writes it as a text. No text of ours holds NUL.
_MARK = "\0"
_MARKED = re.compile(r'"\\u0000([^"\\]*)\\u0000"')


class NoNumber(ValueError):
    """NaN or an infinity."""


def loads(text: str) -> Any:
    """Raises ValueError, as `json.loads` does."""
    return json.loads(text, parse_float=Decimal, parse_constant=refuse)


def dumps(value: Any, *, indent: int | None = None, ensure_ascii: bool = False) -> str:
    return _MARKED.sub(r"\1", json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, default=_marked))


def refuse(constant: str) -> NoReturn:
    raise NoNumber(f"{constant} is no JSON; write it as a text")


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}{_MARK}"
    raise TypeError(f"{type(value).__name__} has no JSON")
