"""The Monitor in a real browser: log in, start a run and see it live to its end, open a node, read why a run failed, retry, correct."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import walked
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPES = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: watched}
spec:
  staging: all
  parameters: [{name: word, type: string, required: true, description: Stands in every row}]
  nodes:
    - {id: quick, type: connector_source, config: {connector: db, query: "SELECT 1 AS id, '{{word}}' AS word"}}
    - {id: slow, type: connector_source, config: {connector: db, query: "SELECT 2 AS id, '{{word}}' AS word FROM (SELECT pg_sleep(3)) s"}}
    - {id: more, type: connector_source, config: {connector: db, query: "SELECT 3 AS id, '{{word}}' AS word"}}
    - {id: both, type: union, config: {}}
    - {id: result, type: connector_sink, config: {connector: files, path: watched.csv, writeMode: OVERWRITE}}
  edges: [{from: quick, to: both}, {from: slow, to: both}, {from: more, to: both}, {from: both, to: result}]
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: watched}
spec:
  dataset: {connector: files, path: watched.csv}
  rules: [{name: there, type: NOT_NULL, column: id}, {name: short, type: RANGE, column: id, max: 2}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: broken}
spec:
  nodes:
    - {id: people, type: connector_source, config: {connector: files, path: brought-later.csv, schema: {id: BIGINT, age: BIGINT}}}
    - {id: adults, type: filter, config: {condition: age >= 18}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/adults.csv, writeMode: OVERWRITE}}
  edges: [{from: people, to: adults}, {from: adults, to: result}]
"""


def test_a_person_watches_runs_finds_what_is_wrong_and_mends_it(stack: Stack, tmp_path: Path) -> None:
    """The pictures stay in the test's folder."""
    stack.apply(RECIPES)
    walked(stack, "walk", tmp_path / "pictures")
