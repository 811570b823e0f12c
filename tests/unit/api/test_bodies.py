"""What a body may hold is what the API's document says: nothing that it rules out is taken for something like it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from marshmallow import Schema, ValidationError, class_registry, fields

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: whole}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""
PROBES = (
    None, True, 0, 2.0, 1.5, "", "1", "true", "a", "2026-03-29T02:00:00Z", [], [1], ["a"], [["a"]], {}, {"a": 1}, {"a": "b"}, {"a": None},
)  # fmt: skip


def bodies(document: dict[str, Any]) -> set[str]:
    """The names of the schemas that bodies have."""
    calls = (call for path in document["paths"].values() for call in path.values() if isinstance(call, dict))
    said = (call["requestBody"]["content"].get("application/json", {}) for call in calls if "requestBody" in call)
    return {one["schema"]["$ref"].rpartition("/")[2] for one in said if "$ref" in one.get("schema", {})}


def taken(field: fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def schema_of(name: str) -> Schema:
    of = class_registry.get_class(name)
    assert isinstance(of, type) and issubclass(of, Schema)
    return of()


def within(document: dict[str, Any], name: str, schema: Schema) -> Iterator[tuple[str, fields.Field[Any], dict[str, Any]]]:
    """Name, field and description of each entry of a body, and of what lies in it."""
    described = document["components"]["schemas"][name]["properties"]
    for field in schema.fields.values():
        said = described[field.data_key or field.name]
        yield f"{name}.{field.name}", field, said
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            found = said.get("items", said)
            references = (one["$ref"] for one in (found, *found.get("allOf", ()), *found.get("anyOf", ())) if "$ref" in one)
            yield from within(document, next(references).rpartition("/")[2], inner.schema)


def test_nothing_is_taken_that_the_document_rules_out_and_whole_numbers_are_however_they_are_written(api: Api) -> None:
    document = api.call("GET", "/openapi.json").json
    names = bodies(document)
    assert {"StartRun", "StartBackfill", "ChosenRuns", "NewToken"} <= names
    entries = {name: (field, said) for body in names for name, field, said in within(document, body, schema_of(body))}
    assert {"RunFilters.label", "PatchOne.record"} <= entries.keys()
    for name, (field, said) in entries.items():
        judge = jsonschema.Draft202012Validator({**said, "components": document["components"]})
        lax = [json.dumps(value) for value in PROBES if not judge.is_valid(value) and taken(field, value)]
        assert (name, lax) == (name, [])
        assert not isinstance(field, fields.Integer) or taken(field, 2.0), f"{name}: 2.0 is 2 in JSON"


@pytest.mark.parametrize(("sent", "status"), [("1.5", 422), ('"1"', 422), ("true", 422), ("1.0", 202), ("1", 202)])
def test_a_whole_number_is_what_it_is_in_json(api: Api, sent: str, status: int) -> None:
    api.apply(PIPELINE)
    answered = api.call("POST", "/pipelines/default/whole/runs", text=f'{{"version": {sent}}}')
    assert answered.status_code == status, answered.text
