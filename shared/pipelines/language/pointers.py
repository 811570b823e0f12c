"""JSON pointers (RFC 6901), which name the places of a document."""

from __future__ import annotations


def below(path: str, key: str | int) -> str:
    """The pointer of an entry of what `path` points at."""
    return f"{path}/{key.replace('~', '~0').replace('/', '~1')}" if isinstance(key, str) else f"{path}/{key}"


def parent(path: str) -> str:
    return path.rpartition("/")[0]
