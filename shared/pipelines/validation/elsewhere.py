"""What a document names in other namespaces, for whoever decides whether the person who saves it may.

Pipelines that run after one another are not here: `order` has those, with their direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.pipelines.fields import NAME
from shared.pipelines.model import Document

_FULL = re.compile(rf"({NAME})/{NAME}\Z")
# Settings whose value is the name of a resource.
_NAMING = frozenset({"connector", "calendar", "quality"})


def elsewhere(document: Document) -> list[str]:
    """The other namespaces whose connectors, calendars, rule sets, or pipelines under rules and tests it names, in order of name."""
    spec = document.tree.get("spec")
    found = {namespace for reference in _named(spec, document.kind) if (namespace := _namespace(reference)) is not None}
    return sorted(found - {document.namespace})


def reached_by_values(document: Document, filled: Document) -> list[str]:
    """Namespaces that only the values of a run name, in place of templates. Nobody was asked whether they may be, when it was saved."""
    return sorted(set(elsewhere(filled)) - set(elsewhere(document)))


def can_be_named_by_values(path: str) -> bool:
    """Whether the template at that place of a Pipeline document may become the name of a resource."""
    return "/rules" in path or path.rpartition("/")[2] in _NAMING


def _namespace(reference: Any) -> str | None:
    match = _FULL.match(reference) if isinstance(reference, str) else None
    return match[1] if match else None


def _named(spec: Any, kind: str) -> Iterator[Any]:
    if not isinstance(spec, Mapping):
        return
    for name, value in spec.items():
        if name == "nodes" and isinstance(value, list):
            # Within a node's settings a name may also be that of a column.
            for node in value:
                config = node.get("config") if isinstance(node, Mapping) else None
                if isinstance(config, Mapping):
                    yield config.get("connector")
                    yield from _below("rules", config.get("rules"))
        elif kind == "DataQualityRuleSet" and name == "dataset" and isinstance(value, Mapping):
            yield from (value.get("connector"), value.get("pipeline"))
        elif kind == "PipelineTest" and name == "pipeline":
            yield value
        else:
            yield from _below(name, value)


def _below(name: Any, value: Any) -> Iterator[Any]:
    if name in _NAMING and isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner, part in value.items():
            yield from _below(inner, part)
    elif isinstance(value, list):
        for part in value:
            yield from _below(name, part)
