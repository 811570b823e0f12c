"""Any valid tree, written as YAML, JSON or TOML, is read as the same tree, for every kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.pipelines.kinds import KINDS
from shared.pipelines.language import read_documents
from shared.pipelines.language.writing import written
from shared.pipelines.validation import validate
from tests.support.trees import documents

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_valid_tree_is_the_same_in_every_spelling(kind: str, data: st.DataObject) -> None:
    tree = data.draw(documents(kind))
    errors = [problem for problem in validate(read_documents(json.dumps(tree))) if problem.severity == "error"]
    # Which columns there are is more than a tree drawn at random can know.
    assert [problem for problem in errors if problem.code != "unknown_column"] == []
    for text in (json.dumps(tree), json.dumps(tree, ensure_ascii=False, indent="\t"), written(tree), tomli_w.dumps(tree)):
        (document,) = read_documents(text)
        assert document.problems == ()
        assert document.tree == tree


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(values)
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_reads_back(value: Any) -> None:
    (document,) = read_documents(written({"kind": "x", "value": value}))
    assert document.tree == {"kind": "x", "value": value} or [problem.code for problem in document.problems] == ["merge_key"]


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "0o17",
        "1_000",
        "2026-03-29",
        "~",
        "null",
        "0x1F",
        "1e3",
        ".5",
        "<<",
        "=",
        "a: b",
        "# c",
        "- d",
        " e",
        "f ",
        "",
        "\t",
        "\x85",
        "\ufeffx",
        "{{x}}",
    ],
)
def test_text_stays_text(text: str) -> None:
    assert read_documents(written({"value": text}))[0].tree == {"value": text}


def test_a_flow_in_toml_is_the_tree_of_the_same_flow_in_yaml() -> None:
    yaml, toml = ((EXAMPLES / "sales" / name).read_text() for name in ("flow.yaml", "orders-in-sync.toml"))
    assert read_documents(yaml)[0].tree == read_documents(toml)[0].tree
