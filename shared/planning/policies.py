"""What the recipe says of how a stage is to be run, beside what it does: retries, timeout, resources, and on which workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.datasets.quantities import size_bytes
from shared.pipelines.model import Node, Pipeline
from shared.planning.needs import retry_settings


def label_of(pipeline: Pipeline, node: str) -> str | None:
    """The label that a worker must carry to run the node. Nodes of one stage have the same."""
    return pipeline.node(node).worker or pipeline.settings.get("worker")


def policy_of(pipeline: Pipeline, nodes: Sequence[Node]) -> dict[str, Any]:
    """The retry policy (`needs.retry_settings`), and where the recipe says so `timeout` in seconds, the shortest of the nodes', with
    `timeoutNode`, whose it is; `memoryBytes` and `cpus`, the most that a node asks for.
    """
    policy = retry_settings(pipeline, nodes)
    timed = [(node.timeout, node.id) for node in nodes if node.timeout is not None]
    if timed:
        policy["timeout"], policy["timeoutNode"] = min(timed)
    asked = [resources for node in nodes if (resources := node.resources or pipeline.settings.get("resources"))]
    memory = [size_bytes(resources["memory"]) for resources in asked if "memory" in resources]
    cpus = [resources["cpus"] for resources in asked if "cpus" in resources]
    return policy | ({"memoryBytes": max(memory)} if memory else {}) | ({"cpus": max(cpus)} if cpus else {})
