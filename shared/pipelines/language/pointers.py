"""JSON pointers (RFC 6901), which name the places of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def below(path: str, key: str | int) -> str:
    """The pointer of an entry of what `path` points at."""
    return f"{path}/{key.replace('~', '~0').replace('/', '~1')}" if isinstance(key, str) else f"{path}/{key}"


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def found(tree: Any, pointer: str) -> Any:
    """What stands at a pointer; None where nothing does."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(tree, Mapping):
            tree = tree.get(key)
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return None
    return tree
