"""Persistent sequences in a plan: where they begin in this run, and whose recorded success gives their numbers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from shared.pipelines import graph
from shared.pipelines.model import Node, Pipeline


def starts(pipeline: Pipeline) -> dict[str, int]:
    """The nodes whose numbers go on from run to run, and where each begins the first time."""
    return {node.id: node.config["start"] for node in pipeline.nodes if _is_persistent(node)}


def continued(pipeline: Pipeline, begin: Mapping[str, int]) -> Pipeline:
    """The pipeline with its sequences beginning at those numbers."""
    if not begin:
        return pipeline
    nodes = (replace(n, config={**n.config, "start": begin[n.id]}) if n.id in begin else n for n in pipeline.nodes)
    return replace(pipeline, nodes=tuple(nodes))


def of_stage(pipeline: Pipeline, nodes: Iterable[str], sinks: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is to be recorded with a stage: for each sequence that it numbers or whose numbers reach its sinks {start, increment,
    writes}. `writes`: they are given out with the stage's success.
    """
    persistent = starts(pipeline)
    if not persistent:
        return {}
    ids = [node.id for node in pipeline.nodes]
    edges = [(edge.source, edge.target) for edge in pipeline.edges]
    reached = {above for sink in sinks for above in graph.ancestors(ids, edges, sink)}
    return {
        node: {"start": start, "increment": pipeline.node(node).config["increment"], "writes": node in reached}
        for node, start in persistent.items()
        if node in reached or node in set(nodes)
    }


def _is_persistent(node: Node) -> bool:
    return node.type == "sequence_generator" and bool(node.config["persistent"])
