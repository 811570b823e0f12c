"""Parameters by JSON paths, and documents held against a JSON Schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.triggers.picking import MOST_VIOLATIONS, BadPath, BadSchema, Several, checker, picker

ORDER = {"id": 7, "price": Decimal("1.5"), "items": [{"id": 1}, {"id": 2}], "tags": ["a"]}


@pytest.mark.parametrize(
    ("path", "found"),
    [("$.id", {"x": 7}), ("$.price", {"x": 1.5}), ("$.none", {}), ("$.tags", {"x": ["a"]}), ("$.items[?@.id > 1].id", {"x": 2})],
)
def test_a_path_finds_a_value_or_leaves_the_parameter_out(path: str, found: dict[str, Any]) -> None:
    assert picker({"x": path})(ORDER) == found


def test_several_values_are_a_list_for_a_parameter_that_is_one() -> None:
    assert picker({"x": "$.items[*].id"}, {"x"})(ORDER) == {"x": [1, 2]}
    assert picker({"x": "$.none[*]"}, {"x"})(ORDER) == {"x": []}
    with pytest.raises(Several, match="finds 2 values for the parameter 'x'"):
        picker({"x": "$.items[*].id"})(ORDER)


@pytest.mark.parametrize("path", ["", "id", "$.", "$[", "$.a b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        picker({"x": path})


def test_all_that_is_wrong_is_told_each_at_its_place() -> None:
    check = checker({"type": "object", "required": ["a"], "properties": {"b": {"items": {"type": "integer"}}}})
    assert {one["path"] for one in check({"b": [1, "2", Decimal("1.5")]})} == {"", "/b/1", "/b/2"}
    assert check({"a": 1, "b": []}) == []
    assert len(checker({"items": {"type": "integer"}})(["x"] * 1000)) == MOST_VIOLATIONS


@pytest.mark.parametrize(
    "schema", [3, {"type": "objekt"}, {"$ref": "https://example.com/schema.json"}, {"$ref": "file:///etc/passwd"}, {"pattern": "(a"}]
)
def test_what_is_no_schema_or_refers_to_elsewhere_is_refused(schema: Any) -> None:
    with pytest.raises(BadSchema):
        checker(schema)


@pytest.mark.parametrize(
    "path", ["$..*..*..*..*", "$[0,0][0,0].a", "$.a[?count($[*]) > 1]", "$..[?@..a]", "$[?!(@.b && @.a[?count($..*) > 1])]"]
)
def test_a_path_that_would_look_at_a_body_again_and_again_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match="could take very long"):
        picker({"x": path})


@pytest.mark.parametrize("path", ["$..a", "$['..a']['..b']", "$.a[?@.b == $.c]", "$.a['b', 'c']", "$.a[?@.b[?@.c]]"])
def test_a_path_that_looks_at_it_once_is_taken(path: str) -> None:
    picker({"x": path})


def doubling(names: int, applicator: str = "allOf") -> dict[str, Any]:
    made: dict[str, Any] = {f"a{n}": {applicator: [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(names)}
    return {"$defs": {**made, f"a{names}": {"type": "string"}}, "$ref": "#/$defs/a0"}


AGAIN = {"properties": {"x": {"$ref": "#/$defs/a"}}}


@pytest.mark.parametrize("schema", [doubling(20), doubling(40, "anyOf"), {"$defs": {"a": {"allOf": [AGAIN, AGAIN]}}, "$ref": "#/$defs/a"}])
def test_a_schema_whose_references_double_is_refused(schema: Any) -> None:
    with pytest.raises(BadSchema, match=r"unfold|recursion"):
        checker(schema)


def test_a_schema_that_people_write_is_taken() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    listed = {
        "$defs": {"node": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/node"}}]}},
        "$ref": "#/$defs/node",
    }
    named = {f"p{n}": {"$ref": "#/$defs/place"} for n in range(50)}
    places = {"$defs": {**listed["$defs"], "place": {"type": "string"}}, "properties": {**named, "of": {"$ref": "#/$defs/node"}}}
    assert [len(checker(schema)(7)) for schema in (tree, listed, places)] == [1, 1, 0]
