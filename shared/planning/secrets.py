"""Which secrets a stage needs: those whose tokens stand in its program. A worker puts the values there when it takes the stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def marked(program: dict[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """The program with `secrets`, token -> store:path#field, of those it holds; as it was where it holds none."""
    found = {token: secrets[token] for text in _texts(program) for token in secrets if token in text} if secrets else {}
    return {**program, "secrets": dict(sorted(found.items()))} if found else program


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(entry)
