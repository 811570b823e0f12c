"""Whether the runs of a recipe have values is known of most without reading them, and of all as if they were read."""

from __future__ import annotations

import json

import pytest

from shared.pipelines.language import needs_values, read_documents
from shared.pipelines.validation import has_values

HEAD = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"
NODES = "  nodes: [{id: read, type: connector_source, config: {connector: c, path: PATH}}]\n"
TEXTS = {
    "plain": (HEAD + NODES.replace("PATH", "in.csv"), False),
    "a template": (HEAD + NODES.replace("PATH", '"{{today}}.csv"'), True),
    "a template, escaped": (HEAD + NODES.replace("PATH", '"\\x7b\\x7btoday}}.csv"'), True),
    "a parameter": (HEAD + "  parameters: [{name: day}]\n" + NODES.replace("PATH", "in.csv"), True),
    "the word only": (HEAD + NODES.replace("PATH", "parameters.csv"), False),
    "JSON": (json.dumps({"apiVersion": "penstock/v1", "kind": "Pipeline", "metadata": {"name": "p"}, "spec": {"nodes": []}}), False),
    "JSON, escaped": (
        '{"apiVersion": "penstock/v1", "kind": "Pipeline", "metadata": {"name": "p"}, "spec": {"p\\u0061rameters": [{"name": "day"}]}}',
        True,
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_known_as_if_the_recipe_was_read(name: str) -> None:
    text, expected = TEXTS[name]
    assert has_values(text) is needs_values(read_documents(text)[0]) is expected
