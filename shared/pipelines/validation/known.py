"""What exists beside the documents that are checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """Names are full ("namespace/name"). `connectors`: name -> (type, config). What is in the documents themselves need not be here.

    `columns`: what surveys found: connector -> table, query or path -> names of columns. `require_connectors`: a run is asked for, so that
    a connector that does not exist is an error, and so is what this release cannot run; else these are warnings. `recipes`: the specs of
    pipelines as they are written, of those that are checked along.
    """

    connectors: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    rule_sets: Collection[str] = frozenset()
    require_connectors: bool = False
    calendars: Collection[str] = frozenset()
    columns: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    pipelines: Collection[str] = frozenset()
    order: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    recipes: Mapping[str, Any] = field(default_factory=dict)


def full_name(reference: str, namespace: str) -> str:
    """A recipe's `name` means its own namespace, `ns/name` another one."""
    return reference if "/" in reference else f"{namespace}/{reference}"
