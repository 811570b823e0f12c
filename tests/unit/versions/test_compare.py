"""Two versions compared, as text and as what they say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from services.api.recipes.compare import structural, unified
from shared.versions.objects import identity

RECIPE = """kind: Pipeline
metadata: {name: p}
spec:
  timeout: 60
  nodes:
    - {id: a, type: connector_source, config: {connector: files, path: a.csv}}
    - {id: b, type: filter, config: {condition: x > 1}}
  edges:
    - {from: a, to: b}
"""


def test_comments_order_and_spelling_say_nothing() -> None:
    other = """# why
metadata: {"name": 'p'}
kind: Pipeline
spec:
  edges: [{to: b, from: a}]
  nodes:
    - {type: filter, id: b, config: {condition: "x > 1"}}
    - {id: a, type: connector_source, config: {connector: files, path: a.csv}}   # moved
  timeout: 60
"""
    assert structural(RECIPE, other) == []
    assert structural(RECIPE, RECIPE) == []


def test_each_place_that_differs_is_named_with_its_node() -> None:
    other = RECIPE.replace("x > 1", "x > 2").replace("timeout: 60", "retries: 1").replace("path: a.csv", "path: a.csv, columns: [x, y]")
    assert structural(RECIPE, other) == [
        {"path": "/spec/retries", "change": "added", "before": None, "after": 1, "node": None},
        {"path": "/spec/nodes/0/config/columns", "change": "added", "before": None, "after": ["x", "y"], "node": "a"},
        {"path": "/spec/nodes/1/config/condition", "change": "changed", "before": "x > 1", "after": "x > 2", "node": "b"},
        {"path": "/spec/timeout", "change": "removed", "before": 60, "after": None, "node": None},
    ]


def test_nodes_and_edges_are_matched_by_what_names_them() -> None:
    other = RECIPE.replace("    - {id: a,", "    - {id: z, type: union, config: {}}\n    - {id: a,").replace(
        "{from: a, to: b}", "{from: a, to: z}"
    )
    found = structural(RECIPE, other)
    assert found is not None
    assert [(one["change"], one["path"], one["node"]) for one in found] == [
        ("added", "/spec/nodes/0", "z"),
        ("added", "/spec/edges/0", None),
        ("removed", "/spec/edges/0", None),
    ]


@pytest.mark.parametrize(("before", "after"), [("1", "'1'"), ("1", "true"), ("null", "''"), ("1", "1.0")])
def test_a_value_of_another_type_is_another_value(before: str, after: str) -> None:
    found = structural(f"kind: K\nspec: {{x: {before}}}\n", f"kind: K\nspec: {{x: {after}}}\n")
    assert found is not None
    assert [(one["path"], one["change"]) for one in found] == [("/spec/x", "changed")]


def test_a_draft_that_cannot_be_read_is_compared_as_text_alone() -> None:
    assert structural(RECIPE, "kind: [") is None


@pytest.mark.parametrize("after", ["a\nB\nc", "a\nb\nc\n", "", "a\r\nb\nc", "a\nb\x0cb\nc"])
def test_the_unified_text_is_a_patch(after: str, tmp_path: Path) -> None:
    before = "a\nb\nc"
    (tmp_path / "f").write_bytes(before.encode())
    patch = unified(before, after, "f", "f")
    subprocess.run(["git", "apply", "-p0", "--unidiff-zero", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "f").read_bytes() == after.encode()
    assert unified(before, before, "f", "f") == ""


@pytest.mark.parametrize(
    ("author", "told"),
    [
        ("admin", "admin <admin@penstock>"),
        ("jan@polkomtel.pl", "jan@polkomtel.pl <jan@polkomtel.pl>"),
        ("Żaneta <x>\nauthor y", "Żaneta x author y <aneta-x-author-y@penstock>"),
        ("<>", "unknown <unknown@penstock>"),
        ("żó", "żó <unknown@penstock>"),
    ],
)
def test_an_author_is_a_name_and_an_address_to_git(author: str, told: str) -> None:
    assert identity(author) == told
