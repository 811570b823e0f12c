"""The OpenAPI document: each call has a name, a sentence, an example of all that goes in and out, and says how it can fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from services.api.described.names import NAMES


@pytest.fixture(scope="module")
def document(api: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get("/api/v1/openapi.json").json
    return found


def calls(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        yield from ((f"{method.upper()} {path}", one) for method, one in operations.items() if method != "parameters")


def test_each_call_has_a_name_of_its_own_that_a_client_can_make_a_method_of(document: dict[str, Any]) -> None:
    assert {call: one["operationId"] for call, one in calls(document)} == NAMES, "say in names.py what the new call is called"
    assert len(set(NAMES.values())) == len(NAMES)
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)+|logIn|logOut", name) for name in NAMES.values())


def test_each_call_says_in_a_sentence_what_it_does_and_belongs_to_a_tag(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for call, one in calls(document):
        assert one["summary"].strip() and "\n" not in one["summary"], call
        assert set(one["tags"]) <= tags, call


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(what, content type, content) of all that is sent and answered."""
    for call, one in calls(document):
        for what, part in {"body": one.get("requestBody", {}), **one["responses"]}.items():
            yield from ((f"{call} {what}", kind, content) for kind, content in part.get("content", {}).items())
    for name, answer in document["components"]["responses"].items():
        yield from ((name, kind, content) for kind, content in answer["content"].items())


def unsaid(value: Any, path: str) -> Iterator[str]:
    """Where a text stands that nobody has said."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from unsaid(one, f"{path}.{key}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from unsaid(one, f"{path}.{at}")
    elif value == "…" and not path.endswith("password"):
        yield path


def test_all_that_goes_in_and_out_has_an_example_that_keeps_to_its_schema(document: dict[str, Any]) -> None:
    # Which is no text.
    binary = {"application/vnd.apache.parquet", "application/vnd.duckdb", "application/zip"}
    count = 0
    for what, kind, content in bodies(document):
        if kind in binary or what in {"DEFAULT_ERROR"}:
            continue
        assert content.get("example") is not None, f"{what} ({kind}) has no example"
        schema = {**content["schema"], "components": document["components"]}
        try:
            jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(content["example"])
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{what}: {error.message} at {error.json_path}") from error
        assert not (nothing := list(unsaid(content["example"], ""))), f"{what}: give {nothing} an example in examples.py"
        count += 1
    assert count > 200


def test_each_call_says_how_it_can_fail_as_a_problem(document: dict[str, Any]) -> None:
    shapes = document["components"]["responses"]
    for call, one in calls(document):
        bad = {status: answer for status, answer in one["responses"].items() if not status.isdigit() or int(status) >= 400}
        assert {"500", "default"} <= set(bad), call
        assert ("401" in bad) == (one.get("security") != [] or call.startswith(("POST /api/v1/session", "POST /hooks/"))), call
        assert "404" in bad or "{" not in call, call
        for answer in bad.values():
            shape = shapes[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
            assert set(shape["content"]) <= {"application/problem+json", "application/json"}, call


def test_lists_say_that_they_can_be_had_as_lines(document: dict[str, Any]) -> None:
    lists = {call for call, one in calls(document) if call.startswith("GET ") and "nextCursor" in str(one["responses"].get("200"))}
    lines = {call for call, one in calls(document) if "application/x-ndjson" in one["responses"].get("200", {}).get("content", {})}
    # They have an export, which keeps all digits of their numbers.
    assert lists - lines == {"GET /api/v1/dead-letters"}


def test_every_list_comes_in_lines_as_it_comes_in_pages(api: Any, document: dict[str, Any]) -> None:
    for day in ("04", "05"):
        api.apply(f"{{apiVersion: penstock/v1, kind: Calendar, metadata: {{name: listed}}, spec: {{dates: ['2026-05-{day}']}}}}")
    there = 0
    for call, one in calls(document):
        path = call.removeprefix("GET ").replace("{kind}", "Calendar").replace("{namespace}", "default").replace("{name}", "listed")
        if (
            "{" in path
            or "nextCursor" not in str(one["responses"].get("200"))
            or "application/x-ndjson" not in str(one["responses"]["200"])
        ):
            continue
        headers = {"Authorization": "Bearer admin-token"}
        page = api.client.get(path, headers=headers)
        if page.status_code == 404:
            continue
        lines = api.client.get(path, headers={**headers, "Accept": "application/x-ndjson"})
        assert (page.status_code, lines.status_code, lines.mimetype) == (200, 200, "application/x-ndjson"), path
        assert [json.loads(line) for line in lines.text.splitlines()] == page.json["items"], path
        there += bool(page.json["items"])
    assert there >= 3


def test_the_page_shows_each_call_with_its_example(api: Any, document: dict[str, Any]) -> None:
    page = api.client.get("/api/docs").text
    assert [name for name in NAMES.values() if f"<details id='{name}'>" not in page] == []
    assert "&quot;estimatedFinishAt&quot;" in page
    assert "<script" not in page
    assert re.findall(r"(?:src|href)='([^']*)'", page) == ["/api/v1/openapi.json"]
