"""Which facts a pipeline needs before it can be planned, and the surveys that bring them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.connectors import CONNECTORS
from shared.engines.program import SurveyProgram
from shared.pipelines import graph
from shared.pipelines.model import Node, Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import full_name
from shared.planning.secrets import marked
from shared.planning.stages import Plan, PlannedNode, Stage, StageId

# What surveys found, by the key of a need, as `Survey.to_json`.
Facts = Mapping[str, Mapping[str, Any]]

# Settings of a source or sink that say which object it is and how its bytes become columns; others do not change its facts.
_IDENTIFY = ("table", "query", "path", "format", "options")


@dataclass(frozen=True, slots=True)
class Need:
    """`key` is where the facts are kept: the same object of the same connector, however many nodes use it."""

    key: str
    connector: str
    role: Literal["source", "sink", "bound"]
    options: dict[str, Any]
    nodes: tuple[str, ...]


def full_reference(pipeline: Pipeline, name: str) -> str:
    """A connector as plans write it: namespace/name."""
    return full_name(name, pipeline.namespace)


def need_of(pipeline: Pipeline, node: Node, connector_types: Mapping[str, str]) -> Need | None:
    """The facts one source or sink needs; None for transforms, and for sinks whose target has no columns of its own (files)."""
    role = NODE_TYPES[node.type].role
    if role == "transform" or not NODE_TYPES[node.type].runs:
        return None
    connector = full_reference(pipeline, node.config["connector"])
    if role == "sink" and CONNECTORS[connector_types[connector]].dialect is None:
        return None
    options = {key: node.config[key] for key in _IDENTIFY if node.config.get(key)}
    return Need(f"{connector}:{role}:{json.dumps(options, sort_keys=True)}", connector, role, options, (node.id,))


def needs(pipeline: Pipeline, connector_types: Mapping[str, str]) -> tuple[Need, ...]:
    """All facts, each once, in recipe order. `connector_types`: namespace/name -> type, for every connector the pipeline names."""
    found: dict[str, Need] = {}
    for node in pipeline.nodes:
        need = need_of(pipeline, node, connector_types)
        if need is not None:
            earlier = found.get(need.key)
            found[need.key] = Need(need.key, need.connector, need.role, need.options, (*(earlier.nodes if earlier else ()), node.id))
    return tuple(found.values())


def survey(pipeline: Pipeline, missing: Sequence[Need], first_stage: int = 1) -> Plan:
    """One survey stage for each missing fact, all at once, charged to the nodes that need it."""
    stages = tuple(
        Stage(
            id=StageId(first_stage + number),
            kind="survey",
            nodes=need.nodes,
            inputs=(),
            generation=0,
            engine="duckdb",
            program=marked(SurveyProgram(need.key, need.connector, need.role, need.options).to_json(), pipeline.secrets),
            why=(f"what {need.connector} holds is not known, or not recently",),
            policy=retry_settings(pipeline),
        )
        for number, need in enumerate(missing)
    )
    level = generations(pipeline)
    return Plan(stages, tuple(PlannedNode(node.id, node.type, level[node.id], StageId(0)) for node in pipeline.nodes))


def generations(pipeline: Pipeline) -> dict[str, int]:
    """Kahn level by node id; sources are 1."""
    levels = graph.generations([n.id for n in pipeline.nodes], [(e.source, e.target) for e in pipeline.edges])
    return {node: number for number, nodes in enumerate(levels, start=1) for node in nodes}


_RETRY = ("retries", "retryDelay", "retryBackoffMultiplier", "retryMaxDelay", "retryOn")


def retry_settings(pipeline: Pipeline, nodes: Sequence[Node] = ()) -> dict[str, Any]:
    """The retry policy of a stage: the pipeline's, with the most patient of its nodes' own where they say otherwise."""
    policy = {key: pipeline.settings[key] for key in _RETRY if key in pipeline.settings}
    for key in _RETRY[:-1]:
        own = [node.policy[key] for node in nodes if key in node.policy]
        if own:
            policy[key] = max(own)
    return policy
