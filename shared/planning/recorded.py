"""What of a stage's program is for whoever records its end, whatever the engine: sequences, cursors, and how many rows a
node may reject.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shared.pipelines.model import Node, Pipeline
from shared.planning import cursors
from shared.planning.sequences import of_stage


def recorded(pipeline: Pipeline, nodes: Collection[str], sinks: Collection[str]) -> dict[str, Any]:
    """Fields of `Program`."""
    own = [node for node in nodes if node in sinks]
    return {
        "sequences": of_stage(pipeline, nodes, own),
        "cursors": cursors.of_stage(pipeline, nodes, own),
        "published_as": cursors.published_as(pipeline, nodes, own),
        "limits": {node: limit for node in nodes if (limit := _limit(pipeline.node(node)))},
    }


def _limit(node: Node) -> dict[str, Any]:
    """How many rows it may reject; nothing where it may reject any."""
    return dict(node.reject_limit or {}) | ({"fail": True} if node.on_error == "fail" else {})
