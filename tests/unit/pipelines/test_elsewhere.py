"""What a document names in other namespaces."""

from __future__ import annotations

import pytest

from shared.pipelines.language import read_documents
from shared.pipelines.validation.elsewhere import elsewhere

HEAD = "apiVersion: penstock/v1\nkind: {kind}\nmetadata: {{name: own, namespace: own}}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("kind", "spec", "found"),
    [
        ("Pipeline", "{nodes: [{id: a, type: connector_source, config: {connector: north/db, table: t}}]}", ["north"]),
        ("Pipeline", "{nodes: [{id: a, type: connector_source, config: {connector: db, table: north/t}}]}", []),
        ("Pipeline", "{nodes: [{id: a, type: connector_source, config: {connector: own/db, table: t}}]}", []),
        # A column of that name is no name of a resource.
        ("Pipeline", "{nodes: [{id: a, type: transform, config: {columns: {connector: north/south}}}]}", []),
        (
            "Pipeline",
            "{nodes: [{id: a, type: validate, config: {rules: [{references: {connector: north/db, table: t}}]}}]}",
            ["north"],
        ),
        ("Pipeline", "{triggers: [{type: file, connector: north/in}], notifications: [{connector: south/slack}]}", ["north", "south"]),
        ("Pipeline", "{calendar: north/days, quality: [south/rules, own/rules]}", ["north", "south"]),
        ("DataQualityRuleSet", "{dataset: {connector: north/db, table: t}, rules: []}", ["north"]),
        ("DataQualityRuleSet", "{dataset: {pipeline: north/load, node: sink}, rules: []}", ["north"]),
        ("DataQualityRuleSet", "{dataset: {connector: db, table: t}, rules: [{equals: {connector: south/db}}]}", ["south"]),
        ("PipelineTest", "{pipeline: north/load}", ["north"]),
        ("Connector", "{type: postgres, config: {host: north/db}}", []),
        ("Pipeline", "[nothing]", []),
    ],
)
def test_other_namespaces_are_found_wherever_a_resource_is_named(kind: str, spec: str, found: list[str]) -> None:
    (document,) = read_documents(HEAD.format(kind=kind, spec=spec))
    assert elsewhere(document) == found
