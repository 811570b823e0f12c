"""What a pipeline is cut down to when rejected rows are run again, and what cannot be run again by itself."""

from __future__ import annotations

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.pipelines.replay import LETTERS, CannotReplay, replayed, through

OPTIONS = "{delimiter: ';', skipRows: 2, encoding: latin-1}"
READ = f"{{id: read, type: connector_source, config: {{connector: files, path: in.csv, options: {OPTIONS}}}}}"
MORE = "{id: more, type: connector_source, config: {connector: files, path: more.csv}}"
KEEP = "{id: keep, type: filter, config: {condition: a > 1}}"
MAKE = "{id: make, type: expression, config: {columns: [{name: n, expression: CAST(a AS INTEGER)}]}}"
WRITE = "{id: write, type: connector_sink, config: {connector: db, table: t, writeMode: UPSERT, upsertKeys: [a]}}"
OVER = "{id: write, type: connector_sink, config: {connector: db, table: t, writeMode: OVERWRITE}}"
SUM = "{id: sum, type: aggregator, config: {groupBy: [a], aggregations: [{name: n, function: count}]}}"
JOIN = "{id: join, type: joiner, config: {joinType: %s, left: make, right: more, keys: [{left: a, right: a}]}}"
BOTH = "{id: both, type: union, config: {}}"
RULES = "{id: rules, type: validate, config: {rules: [{name: once, type: UNIQUE, column: a}]}}"


def of(*nodes: str, edges: str) -> Pipeline:
    lines = "\n".join(f"    - {node}" for node in nodes)
    text = f"apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: p}}\nspec:\n  nodes:\n{lines}\n  edges: [{edges}]\n"
    return pipeline(read_documents(text)[0])


def edges(found: Pipeline) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in found.edges]


def test_what_came_before_the_node_gives_way_to_the_letters() -> None:
    whole = of(READ, KEEP, MAKE, WRITE, edges="{from: read, to: keep}, {from: keep, to: make}, {from: make, to: write}")
    found = replayed(whole, "make", lines=False)
    assert [(node.id, node.type) for node in found.nodes] == [
        ("keep", "connector_source"),
        ("make", "expression"),
        ("write", "connector_sink"),
    ]
    assert found.node("keep").config["connector"] == LETTERS
    assert edges(found) == [("make", "write"), ("keep", "make")]


def test_lines_are_read_by_the_source_itself_without_a_header() -> None:
    whole = of(READ, WRITE, edges="{from: read, to: write}")
    found = replayed(whole, "read", lines=True)
    config = found.node("read").config
    assert (config["connector"], config["format"]) == (LETTERS, "csv")
    assert config["options"] == {"delimiter": ";", "header": False}


def test_rows_that_a_destination_did_not_take_go_straight_there() -> None:
    whole = of(READ, KEEP, WRITE, edges="{from: read, to: keep}, {from: keep, to: write}")
    assert edges(replayed(whole, "write", lines=False)) == [("keep", "write")]


@pytest.mark.parametrize("how", ["INNER", "LEFT"])
def test_the_other_side_of_a_join_is_read_whole(how: str) -> None:
    joined = "{from: read, to: make}, {from: make, to: join}, {from: more, to: join}, {from: join, to: write}"
    found = replayed(of(READ, MORE, MAKE, JOIN % how, WRITE, edges=joined), "make", lines=False)
    assert [node.id for node in found.nodes] == ["read", "more", "make", "join", "write"]
    assert found.node("more").config["connector"] == "files"


def test_what_else_a_union_stacks_is_not_written_again() -> None:
    stacked = "{from: read, to: make}, {from: make, to: both}, {from: more, to: both}, {from: both, to: write}"
    found = replayed(of(READ, MORE, MAKE, BOTH, WRITE, edges=stacked), "make", lines=False)
    assert edges(found) == [("make", "both"), ("both", "write"), ("read", "make")]


THROUGH = "{from: read, to: make}, {from: make, to: %s}, {from: %s, to: write}"


@pytest.mark.parametrize(
    ("nodes", "between", "says"),
    [
        ((READ, MAKE, SUM, WRITE), "sum", "through sum .aggregator.: it looks at all rows together"),
        ((READ, MAKE, RULES, WRITE), "rules", "rule once compares each row with all others"),
        ((READ, MAKE, KEEP, OVER), "keep", "it overwrites its target"),
        ((READ, MAKE, "{id: top, type: sorter, config: {by: [{column: a}], limit: 3}}", WRITE), "top", "a number of all rows"),
        ((READ, MAKE, "{id: own, type: sql, config: {query: SELECT a FROM make}}", WRITE), "own", "all rows together"),
    ],
)
def test_what_looks_at_several_rows_is_refused_by_name(nodes: tuple[str, ...], between: str, says: str) -> None:
    out = "rules.valid" if between == "rules" else between
    whole = of(*nodes, edges=THROUGH % (between, out))
    with pytest.raises(CannotReplay, match=says):
        replayed(whole, "make", lines=False)


@pytest.mark.parametrize("how", ["RIGHT", "FULL"])
def test_a_join_that_gives_rows_without_a_partner_is_refused(how: str) -> None:
    joined = "{from: read, to: make}, {from: make, to: join}, {from: more, to: join}, {from: join, to: write}"
    with pytest.raises(CannotReplay, match=f"a {how} join also gives rows"):
        replayed(of(READ, MORE, MAKE, JOIN % how, WRITE, edges=joined), "make", lines=False)


def test_a_node_that_is_not_there_any_more_is_refused_with_the_way_out() -> None:
    with pytest.raises(CannotReplay, match="no node gone any more; replay through the version that rejected the rows"):
        replayed(of(READ, WRITE, edges="{from: read, to: write}"), "gone", lines=False)


def test_what_is_only_read_beside_the_letters_is_told_from_what_they_go_through() -> None:
    joined = "{from: read, to: make}, {from: make, to: join}, {from: more, to: join}, {from: join, to: write}"
    found = replayed(of(READ, MORE, MAKE, JOIN % "INNER", WRITE, edges=joined), "make", lines=False)
    assert through(found) == {"read", "make", "join", "write"}
    assert through(replayed(of(READ, WRITE, edges="{from: read, to: write}"), "read", lines=True)) == {"read", "write"}
