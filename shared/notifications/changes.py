"""What changed between two versions of a table's or file's columns, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 20


def changes(dataset: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns as {name, type, nullable}. Lost ones first, since they break most."""
    old, new = ({str(column["name"]): column for column in columns} for columns in (before, after))
    found = [f"{dataset}: column {name} ({old[name]['type']}) is gone" for name in old if name not in new]
    found += [f"{dataset}: column {name} ({new[name]['type']}) is new" for name in new if name not in old]
    for name in old:
        if name in new and old[name]["type"] != new[name]["type"]:
            found.append(f"{dataset}: column {name} was {old[name]['type']} and is {new[name]['type']}")
        elif name in new and old[name].get("nullable") != new[name].get("nullable"):
            found.append(f"{dataset}: column {name} {'may be null now' if new[name].get('nullable') else 'is never null now'}")
    if not found and list(old) != list(new):
        found = [f"{dataset}: the columns stand in another order"]
    return found if len(found) <= _MOST else [*found[:_MOST], f"{dataset}: and {len(found) - _MOST} changes more"]
