"""All 22 TPC-H queries inside PostgreSQL: sources and answer are tables there, and no row leaves the server."""

from __future__ import annotations

import pytest

from tests.tpch.__main__ import in_one_stage, relational
from tests.tpch.data import QUERIES
from tests.tpch.engines import Ran, Tables


@pytest.fixture(scope="module")
def pushed(tpch_in_postgresql: Tables) -> dict[int, Ran]:
    return {number: tpch_in_postgresql.ask(number) for number in QUERIES}


@pytest.mark.parametrize("number", QUERIES)
def test_a_query_inside_postgresql_gives_duckdbs_own_answer(pushed: dict[int, Ran], number: int) -> None:
    assert pushed[number].difference is None


def test_most_recipes_are_one_stage_and_nearly_all_nodes_are_pushed_down(pushed: dict[int, Ran]) -> None:
    nodes = [node for ran in pushed.values() for node in relational(ran.plan)]
    here = [f"{node.id}: {node.local}" for node in nodes if node.engine != "database"]
    assert len(here) <= len(nodes) * 0.05, here
    whole = [number for number, ran in pushed.items() if in_one_stage(ran.plan)]
    assert len(whole) >= 20, whole
