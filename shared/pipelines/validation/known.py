"""What exists beside the documents that are checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """Names are full ("namespace/name"). `connectors`: name -> (type, config). What is in the documents themselves need not be here.

    `require_connectors`: a connector that does not exist is an error, since a run is asked for; else it is a warning.
    """

    connectors: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    rule_sets: Collection[str] = frozenset()
    require_connectors: bool = False


def full_name(reference: str, namespace: str) -> str:
    """A recipe's `name` means its own namespace, `ns/name` another one."""
    return reference if "/" in reference else f"{namespace}/{reference}"
