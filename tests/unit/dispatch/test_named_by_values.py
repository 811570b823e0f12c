"""What the values of a run may make a recipe name: things of its own namespace, and of others only what its text names, too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.dispatch.starting import values_of
from shared.pipelines.language import Unsettled

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def recipe(source: str, sink: str = "files") -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: p}}
spec:
  parameters: [{{name: where, type: string, default: db}}]
  nodes:
    - {{id: read, type: connector_source, config: {{connector: "{source}", table: orders}}}}
    - {{id: keep, type: connector_sink, config: {{connector: {sink}, path: kept.csv, writeMode: INSERT}}}}
  edges: [{{from: read, to: keep}}]
"""


def start(text: str, where: str) -> None:
    values_of(text, {"where": where}, run="r", logical_date=NOW, interval_start=NOW, environment={})


@pytest.mark.parametrize(("source", "where"), [("{{where}}", "finance/db"), ("{{where}}/db", "finance"), ("finance/{{where}}", "db")])
def test_a_value_does_not_lead_into_another_namespace(source: str, where: str) -> None:
    with pytest.raises(Unsettled, match="name things of namespace finance") as refused:
        start(recipe(source), where)
    (problem,) = refused.value.problems
    assert (problem.path, problem.line) == ("/spec/nodes/0/config/connector", 8)


def test_it_may_name_what_is_of_its_own_namespace_or_of_one_that_the_text_names() -> None:
    start(recipe("{{where}}"), "warehouse")
    start(recipe("{{where}}"), "default/warehouse")
    start(recipe("{{where}}", sink="finance/files"), "finance/db")
