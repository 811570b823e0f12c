"""How much work a JSON Schema can make of a small document: references that double, and double again, are refused before they are used.

Twenty definitions that each say the next one twice are a million looks at one number, and each look is the API's time, which everybody
shares. What is counted is an upper bound: the ways through the references, and whether a recursion comes back in more than one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Ways through the references; a second of work for a small document, and no schema that people write has as many.
MOST_WAYS = 1000
_REFERENCES = ("$ref", "$dynamicRef")
_KEPT = ("$defs", "definitions")
# What looks at a value that something beside it looks at, too.
_TWICE = frozenset(
    {
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "patternProperties", "contains", "unevaluatedItems",
        "unevaluatedProperties",
    }
)  # fmt: skip


def too_much(schema: Any) -> str | None:
    """Why a schema is refused; None where it may be used."""
    graph = _graph(schema)
    ways: dict[str, int] = {}
    # Each definition after those it refers to; one that is met again on its own way is recursive.
    waiting: list[tuple[str, bool]] = [("#", False)]
    on_way: set[str] = set()
    recursive = False
    while waiting:
        name, done = waiting.pop()
        if done:
            on_way.discard(name)
            ways[name] = 1 + sum(ways.get(other, 1) for other in graph[name])
        elif name in on_way:
            recursive = True
        elif name not in ways:
            on_way.add(name)
            waiting += [(name, True), *((other, False) for other in graph[name])]
    if ways["#"] > MOST_WAYS:
        return f"its references unfold to more than {MOST_WAYS} schemas; let definitions refer to each other less often"
    if recursive and _looks_twice(schema) and any(sum(name in _reached(graph, other) for other in graph[name]) > 1 for name in graph):
        return "a recursion in it may come back several times for one value; let each definition name another only once"
    return None


def _graph(schema: Any) -> dict[str, list[str]]:
    """Definition -> those that it refers to, each as often as it does; `#` is the whole. What is no pointer counts as the whole."""
    graph: dict[str, list[str]] = {}
    waiting = ["#"]
    while waiting:
        name = waiting.pop()
        if name not in graph:
            found = _at(schema, name)
            graph[name] = [_pointer(schema, said) for said in _references(found)]
            waiting += graph[name]
    return graph


def _reached(graph: Mapping[str, list[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += graph[name]
    return found


def _pointer(schema: Any, said: str) -> str:
    return said if said.startswith("#/") and _at(schema, said) is not None else "#"


def _at(schema: Any, pointer: str) -> Any:
    found = schema
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isascii() and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, Mapping) and key in found:
            found = found[key]
        else:
            return None
    return found


def _references(schema: Any) -> Iterator[str]:
    for one in _parts(schema):
        for key in _REFERENCES:
            if isinstance(said := one.get(key), str):
                yield said


def _looks_twice(schema: Any) -> bool:
    return any(_TWICE & one.keys() for one in _parts(schema, kept=()))


def _parts(schema: Any, kept: tuple[str, ...] = _KEPT) -> Iterator[Mapping[str, Any]]:
    """All objects in it, but for what is only `kept` there to be referred to."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            waiting += [value for key, value in one.items() if key not in kept]
        elif isinstance(one, list):
            waiting += one
