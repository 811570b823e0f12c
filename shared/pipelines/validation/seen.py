"""A pipeline's node as far as it could be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.pipelines.nodes.types import NodeType
from shared.pipelines.validation.report import Owner


@dataclass(frozen=True, slots=True)
class SeenNode:
    """`kind` None: of a type that is not known. `config` None: something is wrong with it, and is reported. `raw` is what was written."""

    id: str
    path: str
    owner: Owner
    kind: NodeType | None
    raw: Mapping[str, Any]
    config: Mapping[str, Any] | None
