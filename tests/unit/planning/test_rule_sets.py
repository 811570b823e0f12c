"""Rule sets that were saved under an older release's rules: whose way they stand in."""

from __future__ import annotations

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.planning.errors import PlanProblem
from shared.planning.rule_sets import readable

NODES = """    - {id: read, type: connector_source, config: {connector: db, table: raw}}
    - {id: put, type: connector_sink, config: {connector: db, table: sales, writeMode: INSERT}}"""
HEAD = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"


def rules(dataset: str, rule: str) -> str:
    head = "apiVersion: penstock/v1\nkind: DataQualityRuleSet\nmetadata: {name: old}\n"
    return f"{head}spec: {{dataset: {{{dataset}}}, rules: [{{name: r, {rule}}}]}}\n"


@pytest.mark.parametrize(
    ("dataset", "quality", "in_the_way"),
    [
        ("connector: db, table: other", "", False),
        ("connector: db2, table: sales", "", False),
        ("pipeline: q, node: put", "", False),
        ("connector: db, table: sales", "", True),
        ("connector: db, table: public.sales", "", True),
        ("connector: default/db, table: SALES", "", True),
        ("pipeline: p, node: read", "", True),
        ("connector: db, table: other", "  quality: [old]\n", True),
    ],
)
def test_a_refused_rule_set_stands_in_the_way_of_what_it_may_hold_back(dataset: str, quality: str, in_the_way: bool) -> None:
    read = pipeline(read_documents(f"{HEAD}{quality}  nodes:\n{NODES}\n  edges: [{{from: read, to: put}}]\n")[0])
    good = rules("connector: db, table: another", "type: NOT_NULL, column: a")
    refused = rules(dataset, "type: REGEX, column: a, pattern: '(?=a)b'")
    if in_the_way:
        with pytest.raises(PlanProblem, match=r"rule set old is about this pipeline, and this release refuses it: .*; correct it"):
            readable(read, [good, refused])
    else:
        assert [found.dataset["table"] for found in readable(read, [good, refused])] == ["another"]
