"""Two versions of a document side by side: as text, and as what they say. Pure.

The structural comparison looks at the trees, so comments, order of keys and spelling make no difference. Entries of a list are matched by
what names them (`id`, `name`, an edge's ends), so that a node that was moved is not a change; lists of anything else are compared whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.pipelines.language import read_documents
from shared.pipelines.language.pointers import below

_NAMED_BY = (("id",), ("name",), ("from", "output", "to"))
_ABSENT = object()


def unified(before: str, after: str, from_name: str, to_name: str) -> str:
    """As `diff -u` writes it; empty where the texts are the same."""
    lines = difflib.unified_diff(_lines(before), _lines(after), from_name, to_name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    # Only line feeds end a line here, as in Git.
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.split("\n")[-1]) else [])


def structural(before: str, after: str) -> list[dict[str, Any]] | None:
    """{path, change, before, after, node} of each place that differs; None where one of the texts cannot be read as a document.

    `change` is added, removed or changed. `path` is a JSON pointer into the newer text, for what was removed into the older one. `node`
    is the id of the node it lies in.
    """
    older, newer = (read_documents(text)[-1] for text in (before, after))
    if not older.kind or not newer.kind:
        return None
    return list(_differences(older.tree, newer.tree, "", None))


def _differences(before: Any, after: Any, path: str, node: str | None) -> Iterator[dict[str, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            yield from _entry(before.get(key, _ABSENT), after.get(key, _ABSENT), below(path, str(key)), node)
    elif isinstance(before, list) and isinstance(after, list) and (fields := _naming(before, after)):
        yield from _named_entries(before, after, fields, path, node)
    elif type(before) is not type(after) or before != after:
        yield _told(path, "changed", before, after, node)


def _naming(*lists: Sequence[Any]) -> tuple[str, ...] | None:
    """The fields that tell all entries of each list apart; None where there are none."""
    for fields in _NAMED_BY:
        if all(all(isinstance(one, Mapping) and fields[0] in one for one in entries) for entries in lists) and all(
            len({_name(one, fields) for one in entries}) == len(entries) for entries in lists
        ):
            return fields
    return None


def _name(entry: Mapping[str, Any], fields: Sequence[str]) -> str:
    return repr([entry.get(field) for field in fields])


def _named_entries(
    before: Sequence[Any], after: Sequence[Any], fields: Sequence[str], path: str, node: str | None
) -> Iterator[dict[str, Any]]:
    older = {_name(entry, fields): (place, entry) for place, entry in enumerate(before)}
    newer = {_name(entry, fields): (place, entry) for place, entry in enumerate(after)}
    for name in [*newer, *(name for name in older if name not in newer)]:
        place, entry = newer.get(name) or older[name]
        owner = str(entry["id"]) if path == "/spec/nodes" else node
        was, now = (found[name][1] if name in found else _ABSENT for found in (older, newer))
        yield from _entry(was, now, below(path, place), owner)


def _entry(before: Any, after: Any, path: str, node: str | None) -> Iterator[dict[str, Any]]:
    if before is _ABSENT:
        yield _told(path, "added", None, after, node)
    elif after is _ABSENT:
        yield _told(path, "removed", before, None, node)
    else:
        yield from _differences(before, after, path, node)


def _told(path: str, change: str, before: Any, after: Any, node: str | None) -> dict[str, Any]:
    return {"path": path, "change": change, "before": before, "after": after, "node": node}
