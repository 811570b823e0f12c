"""SpEL text with templates in it, filled with literals of the Spring Expression Language. A parameter is better named there: #name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from shared.sql.errors import SqlProblem
from shared.sql.holes import Hole
from shared.sql.literals import Value

_TEXT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def filled(text: str, holes: Sequence[Hole]) -> str:
    """Alone a literal, inside a text a part of that text; nowhere else. Raises SqlProblem with the position."""
    quoted = [(found.start(), found.end(), found[0][0]) for found in _TEXT.finditer(_without(text, holes))]
    parts: list[str] = []
    done = 0
    for hole in holes:
        quote = next((sign for start, end, sign in quoted if start < hole.start and hole.end < end), None)
        if quote is None and _is_name(text[hole.start - 1 : hole.start] + text[hole.end : hole.end + 1]):
            raise SqlProblem("a template cannot be part of a name in SpEL; write SQL for that", hole.start)
        parts += [text[done : hole.start], hole.shown.replace(quote, quote * 2) if quote else f" {_literal(hole.value, hole.start)} "]
        done = hole.end
    return "".join([*parts, text[done:]])


def _without(text: str, holes: Sequence[Hole]) -> str:
    """With templates blotted out, so that a quote in one is none of the text's."""
    for hole in holes:
        text = text[: hole.start] + "_" * (hole.end - hole.start) + text[hole.end :]
    return text


def _is_name(beside: str) -> bool:
    return any(sign.isalnum() or sign in "_.#" for sign in beside)


def _literal(value: Value, at: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"({value!r})" if str(value).startswith("-") else repr(value)
    if isinstance(value, str):
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    if isinstance(value, datetime):
        raise SqlProblem("a timestamp has no literal in SpEL; name the parameter as #name, or write SQL", at)
    if isinstance(value, date):
        return f"T(java.time.LocalDate).parse('{value.isoformat()}')"
    return "{" + ", ".join(_literal(item, at) for item in value) + "}"
