"""Order, cycles and reach of a graph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pipelines.graph import Cyclic, ancestors, cycle, descendants, generations

NODES = [f"n{number}" for number in range(12)]
graphs = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=30)
orders = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30).map(
    lambda pairs: [(NODES[min(pair)], NODES[max(pair)]) for pair in pairs if pair[0] != pair[1]]
)


def test_a_node_stands_one_level_below_its_lowest_input() -> None:
    edges = [("read", "keep"), ("keep", "join"), ("other", "join"), ("read", "join")]
    assert generations(["join", "keep", "other", "read"], edges) == [["other", "read"], ["keep"], ["join"]]


def test_two_edges_between_two_nodes_count_as_one() -> None:
    assert generations(["a", "b"], [("a", "b"), ("a", "b")]) == [["a"], ["b"]]


def test_a_cycle_is_named_from_its_first_node_in_the_direction_of_its_edges() -> None:
    assert cycle(["x", "a", "b", "c"], [("x", "b"), ("b", "c"), ("c", "a"), ("a", "b")]) == ["a", "b", "c", "a"]


def test_a_node_that_waits_for_itself_is_a_cycle() -> None:
    assert cycle(["a"], [("a", "a")]) == ["a", "a"]


def test_a_cycle_far_below_the_first_stuck_node_is_found() -> None:
    assert cycle(["tail", "a", "b"], [("a", "b"), ("b", "a"), ("b", "tail")]) == ["a", "b", "a"]


def test_there_are_no_generations_with_a_cycle() -> None:
    with pytest.raises(Cyclic, match="a -> b -> a"):
        generations(["a", "b"], [("a", "b"), ("b", "a")])


def test_reach_goes_both_ways_and_leaves_the_node_itself_out() -> None:
    edges = [("a", "b"), ("b", "c"), ("x", "c")]
    nodes = ["a", "b", "c", "x"]
    assert descendants(nodes, edges, "a") == ["b", "c"]
    assert ancestors(nodes, edges, "c") == ["a", "b", "x"]


@given(orders)
def test_every_edge_leads_to_a_later_generation(edges: list[tuple[str, str]]) -> None:
    levels = generations(NODES, edges)
    level = {node: number for number, nodes in enumerate(levels) for node in nodes}
    assert sorted(level) == sorted(NODES)
    assert all(level[source] < level[target] for source, target in edges)


@given(graphs)
def test_a_cycle_that_is_named_is_one(edges: list[tuple[str, str]]) -> None:
    found = cycle(NODES, edges)
    if found is None:
        assert sum(map(len, generations(NODES, edges))) == len(NODES)
    else:
        assert found[0] == found[-1]
        assert len(set(found)) == len(found) - 1
        assert all(step in edges for step in pairwise(found))
