"""Texts that PostgreSQL can hold: its text and jsonb have neither NUL nor half a surrogate pair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_UNFIT = re.compile("[\x00\ud800-\udfff]")


def unfit(text: str) -> str | None:
    """What the store cannot hold in a text, in words; None where it can hold all of it."""
    found = _UNFIT.search(text)
    if found is None:
        return None
    return "a NUL character" if found[0] == "\x00" else "half a character (a lone surrogate)"


def fitting(value: Any) -> Any:
    """A JSON value with U+FFFD in the place of what the store cannot hold: for words that we say about somebody's text."""
    if isinstance(value, str):
        return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {fitting(key): fitting(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fitting(part) for part in value]
    return value
