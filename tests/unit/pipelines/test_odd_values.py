"""An odd value in any setting of any kind and node type gives problems, never an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.pipelines.json_schema import kind_schema, node_schema
from shared.pipelines.kinds import KINDS
from shared.pipelines.language import read_documents
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import Known, validate

ODD: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", "{{x}}", [], [1], [None], ["x"], {}, {"a": 1}, [[]], [{}], {"type": "filter"})


def judged(kind: str, spec: dict[str, Any]) -> list[str]:
    document = {"apiVersion": "penstock/v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    return [problem.code for problem in validate(read_documents(json.dumps(document)), Known(require_connectors=True))]


@pytest.mark.parametrize("name", NODE_TYPES)
def test_any_value_in_a_nodes_config_is_judged(name: str) -> None:
    source = {"id": "s", "type": "connector_source", "config": {"connector": "c", "path": "p", "columns": ["a", "b"]}}
    for setting in node_schema(name)["properties"]:
        for value in ODD:
            node = {"id": "n", "type": name, "config": {setting: value}}
            assert judged("Pipeline", {"nodes": [source, node], "edges": [{"from": "s", "to": "n"}]})


@pytest.mark.parametrize("kind", KINDS)
def test_any_value_in_a_spec_is_judged(kind: str) -> None:
    for setting in kind_schema(kind)["properties"]["spec"]["properties"]:
        for value in ODD:
            assert judged(kind, {setting: value})
            assert judged(kind, {setting: {"x": value}})
