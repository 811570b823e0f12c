"""Which outputs later runs may reuse, and why others may not."""

from __future__ import annotations

import duckdb
import pytest

from shared.pipelines.language import pipeline
from shared.pipelines.validation import filled_document
from shared.planning.cached import UNSTEADY
from shared.planning.make import plan
from shared.planning.needs import needs
from shared.planning.stages import Plan

TYPES = {"default/files": "files", "default/db": "postgres"}
FOUND = {"exists": True, "columns": [["id", "BIGINT", True]], "rows": 5, "sizeBytes": 9, "keys": [], "marker": "m", "version": None}


def planned(read: str, keep: str) -> Plan:
    text = f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: cached}}
spec:
  nodes:
    - {{id: read, type: connector_source, config: {read}}}
    - {{id: keep, {keep}}}
    - {{id: one, type: connector_sink, config: {{connector: files, path: one.csv, writeMode: OVERWRITE}}}}
    - {{id: other, type: connector_sink, config: {{connector: files, path: other.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: keep}}, {{from: keep, to: one}}, {{from: read, to: other}}]
"""
    recipe = pipeline(filled_document(text, ""))
    return plan(recipe, {need.key: FOUND for need in needs(recipe, TYPES)}, TYPES)


FILE = "{connector: files, path: a.csv}"
WHERE = "{connector: files, path: a.csv, where: CURRENT_DATE IS NOT NULL}"


def test_what_is_kept_is_a_stage_of_its_own_with_all_that_it_needs() -> None:
    made = planned(FILE, "type: filter, cache: true, config: {condition: id > 0}")
    assert {stage.nodes: "cache" in stage.program for stage in made.stages} == {("read", "keep"): True, ("one",): False, ("other",): False}
    assert not made.warnings


@pytest.mark.parametrize(
    ("read", "keep", "why"),
    [
        ("{connector: db, table: t}", "type: filter, cache: true, config: {condition: id > 0}", "default/db (postgres), which read reads"),
        (FILE, "type: filter, cache: true, config: {condition: 'random() > id'}", "rand"),
        (FILE, "type: filter, cache: true, config: {condition: 'id > 0 AND CURRENT_TIMESTAMP IS NOT NULL'}", "current_timestamp"),
        (FILE, "type: sql, cache: true, config: {query: 'SELECT id FROM read WHERE now() IS NOT NULL'}", "keep may give something else"),
        (WHERE, "type: sorter, cache: true, config: {by: [{column: id}]}", "read may"),
        (FILE, "type: python, cache: true, config: {function: 'pack.age:name'}", "is in a package"),
    ],
)  # fmt: skip
def test_what_may_be_another_each_time_is_told_of_and_changes_no_stage(read: str, keep: str, why: str) -> None:
    made = planned(read, keep)
    (told,) = made.warnings
    assert told.startswith("keep: runs each time, although it says cache: true, since ") and why in told, told
    plain = planned(read, keep.replace("cache: true, ", ""))
    assert [stage.program for stage in made.stages] == [stage.program for stage in plain.stages]


def test_all_functions_are_known_of_which_duckdb_says_that_they_are_not_steady() -> None:
    unsteady = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'scalar' AND stability <> 'CONSISTENT'"
    assert {name for (name,) in duckdb.sql(unsteady).fetchall()} <= UNSTEADY
