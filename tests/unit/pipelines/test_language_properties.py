"""Laws of reading and validating: any text gives documents and problems, never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate

GOLDEN = Path(__file__).parents[2] / "golden" / "validation"
RECIPES = [path.read_text() for path in sorted(GOLDEN.glob("*.yaml"))]
PIECES = [
    "{{",
    "}}",
    "\t",
    "\n",
    "  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!str ",
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    "|\n",
    "---\n",
    "#",
    "null",
    "1e999",
    "\0",
    "\ufeff",
]
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=20), inner, max_size=4),
    max_leaves=15,
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(RECIPES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=4)) + text[end:]
    return text


def never_raises(text: str | bytes) -> None:
    documents = read_documents(text)
    problems = validate(documents)
    assert documents
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    for problem in problems:
        assert problem.line >= 1 and problem.column >= 1 and problem.message
        # CR, NEL and the Unicode separators are line breaks to YAML as well.
        assert problem.line <= 1 + sum(shown.count(sign) for sign in "\n\r\x85\u2028\u2029")
    json.dumps([problem.to_json() for problem in problems])


@given(mutated())
@settings(max_examples=150, deadline=None)
def test_any_mutated_recipe_gives_problems_or_a_tree(text: str) -> None:
    never_raises(text)


@given(st.text(st.characters()) | st.binary())
@settings(max_examples=100, deadline=None)
def test_any_text_gives_problems_or_a_tree(text: str | bytes) -> None:
    never_raises(text)


@given(st.dictionaries(st.text(st.sampled_from("abc/~ł"), min_size=1, max_size=4), json_values, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_json_means_what_json_says(value: dict[str, Any]) -> None:
    for text in (json.dumps(value), json.dumps(value, indent="\t")):
        document = read_documents(text)[0]
        # Two things JSON allows and a recipe does not hold: numbers of hundreds of digits, and the key <<.
        if not document.problems:
            assert document.tree == value


@given(json_values)
@settings(max_examples=60, deadline=None)
def test_any_tree_in_place_of_a_recipe_gives_problems(value: Any) -> None:
    recipe = {"apiVersion": "penstock/v1", "kind": "Pipeline", "metadata": {"name": "a"}, "spec": {"nodes": value, "edges": value}}
    never_raises(yaml.safe_dump(recipe, allow_unicode=True))
