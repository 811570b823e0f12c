"""A pipeline's nodes and edges as far as they could be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.pipelines.nodes.types import NodeType
from shared.pipelines.validation.report import Owner


@dataclass(frozen=True, slots=True)
class SeenNode:
    """`kind` None: of a type that is not known. `config` None: something is wrong with it, and is reported. `raw` is what was written.

    `master`: masterData, which need not be connected to anything.
    """

    id: str
    path: str
    owner: Owner
    kind: NodeType | None
    raw: Mapping[str, Any]
    config: Mapping[str, Any] | None
    master: bool = False


@dataclass(frozen=True, slots=True)
class SeenEdge:
    """An edge both of whose ends are known. `guessed`: one was misspelt, and is taken for the nearest. `columns` None: the entire
    record passes.
    """

    source: str
    port: str
    target: str
    path: str
    columns: tuple[str, ...] | None = None
    guessed: bool = False
