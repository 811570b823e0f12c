"""TOML: the same tree as in YAML, with the same places, and the same guards."""

from __future__ import annotations

import time
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pipelines.language import read_documents
from shared.pipelines.model import Document
from shared.pipelines.validation import validate

FLOW = """# Orders of the shop
apiVersion = "penstock/v1"
kind = "Pipeline"

[metadata]
name = "sales"
annotations.owner = 'data "team"'

[spec]
retries = 2
timezone = "Europe/Warsaw"

[[spec.nodes]]
id = "read"
type = "connector_source"
config = { connector = "landing", path = "sales.csv", columns = ["id", "amount"] }

[[spec.nodes]]
id = "keep"
type = "filter"
  [spec.nodes.config]
  condition = '''
amount > 0
  AND )'''

[[spec.edges]]
from = "read"
to = "keep"
"""


def only(text: str) -> Document:
    (document,) = read_documents(text)
    return document


def test_a_flow_in_toml_is_the_same_tree() -> None:
    document = only(FLOW)
    assert (document.kind, document.namespace, document.name, document.problems) == ("Pipeline", "default", "sales", ())
    assert document.tree == tomllib.loads(FLOW)
    assert document.text == FLOW


def test_problems_in_toml_are_at_their_line_and_column() -> None:
    text = FLOW.replace("retries = 2", "retries = 'two'").replace('"keep"\ntype = "filter"', '"keep"\ntype = "fliter"')
    found = {(problem.code, problem.line, problem.column) for problem in validate([only(text)])}
    assert ("wrong_type", 10, 11) in found
    assert ("unknown_node_type", 20, 8) in found


def test_an_error_in_sql_of_toml_is_shown_at_its_value() -> None:
    (problem,) = [problem for problem in validate([only(FLOW)]) if problem.code == "invalid_sql"]
    assert (problem.path, problem.line, problem.column) == ("/spec/nodes/1/config/condition", 22, 15)


def test_dates_stay_the_text_they_are_written_as() -> None:
    document = only("kind = 'A'\na = 2026-03-29\nb = 2026-03-29 02:30:00Z\nc = [02:30:00]\n")
    assert document.tree == {"kind": "A", "a": "2026-03-29", "b": "2026-03-29 02:30:00Z", "c": ["02:30:00"]}


def test_documents_in_both_spellings_stand_in_one_text() -> None:
    text = f"kind: A\nx: 1\n---\n{FLOW}---\n# yaml again\nkind: B\n"
    first, second, third = read_documents(text)
    assert [document.kind for document in (first, second, third)] == ["A", "Pipeline", "B"]
    assert (second.text, third.text) == (FLOW, "# yaml again\nkind: B\n")
    assert second.places.values["/spec/retries"].line == 3 + 10
    place = third.places.values["/kind"]
    assert (place.line, third.text[place.start : place.end]) == (text.count("\n"), "B")


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a = 1\na = 2\n", "duplicate_key", 2, 1),
        ("a = {b = 1, b = 2}\n", "duplicate_key", 1, 13),
        ("[a]\nb = 1\n[c]\n[a]\n", "duplicate_key", 4, 2),
        ("a = 1\nb = \n", "toml_syntax", 2, 5),
        ("a = 1\nb = 'x\n", "toml_syntax", 2, 7),
        ("a = 1\nb = [1, 2\n", "toml_syntax", 2, 10),
        ("a = 1 2\n", "toml_syntax", 1, 7),
        ("a = inf\n", "invalid_number", 1, 5),
        ("x = 1\na = " + "9" * 200 + "\n", "invalid_number", 2, 5),
        ("a = " + "9" * 5000 + "\n", "toml_syntax", 1, 5005),
        ("a = {{today}}\n", "template_not_quoted", 1, 5),
        ("x = 1\na = " + "[" * 200 + "]" * 200 + "\n", "too_deep", 2, 104),
        ("a = " + "{b=" * 200 + "1" + "}" * 200 + "\n", "too_deep", 1, 300),
        (".".join("a" * 200) + " = 1\n", "too_deep", 1, 199),
        ("[" + ".".join("a" * 200) + "]\n", "too_deep", 1, 202),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(text: str, code: str, line: int, column: int) -> None:
    assert [(p.code, p.line, p.column) for p in only(text).problems] == [(code, line, column)]


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 900_000, "a = " + "{b=" * 300_000, "a." * 400_000 + "b = 1", "[" + "a." * 400_000 + "b]\n"]
)
def test_a_megabyte_of_nesting_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    assert only(text).problems
    assert time.process_time() - start < 1


def test_a_text_of_nothing_but_dividers_is_refused_at_once() -> None:
    for text in ("a = '" + "---\n" * 200_000, "a=1\n---\n" * 100_000, "a: 1\n---\n" * 50_000):
        start = time.process_time()
        assert [problem.code for problem in only(text).problems] == ["too_large"]
        assert time.process_time() - start < 1


keys = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)
values: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, min_size=1, max_size=4), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_tree_written_as_toml_is_read_as_that_tree_with_a_place_for_every_value(tree: dict[str, Any], many_lines: bool) -> None:
    text = tomli_w.dumps(tree, multiline_strings=many_lines)
    document = only(text)
    assert document.problems == ()
    assert document.tree == tree
    for path, value in _leaves(tree, ""):
        place = document.places.values[path]
        assert tomllib.loads(f"x = {text[place.start : place.end]}")["x"] == value


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, entry in value.items() for leaf in _leaves(entry, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")]
    if isinstance(value, list):
        return [leaf for at, entry in enumerate(value) for leaf in _leaves(entry, f"{path}/{at}")]
    return [(path, value)]
