"""All 22 TPC-H queries inside PostgreSQL: sources and answer are tables there, and no row leaves the server."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from shared.engines.duckdb.connection import load_extension
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.stages import Plan
from tests.support.inprocess import run
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.conftest import SCHEMA, InPostgresql
from tests.tpch.data import QUERIES, Rows, Tpch


@pytest.fixture(scope="module")
def pushed(tpch_in_postgresql: InPostgresql, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Plan]:
    """Each query's plan, once it has run and left its answer in the table of its name."""
    folder = tmp_path_factory.mktemp("pushed")
    places = {"tpch": ("postgres", tpch_in_postgresql.config)}
    return {number: run(folder, recipes.over_tables(number, into=f"q{number:02}"), more=places).plan for number in QUERIES}


@pytest.mark.parametrize("number", QUERIES)
def test_a_query_inside_postgresql_gives_duckdbs_own_answer(
    tpch: Tpch, pushed: dict[int, Plan], tpch_in_postgresql: InPostgresql, number: int
) -> None:
    rows = _rows(tpch_in_postgresql.url, f"{SCHEMA}.q{number:02}")
    # A table has no order of its own; which rows there are is what a query's last sorter decides.
    assert difference(sorted(rows, key=_rank), sorted(tpch.answers[number], key=_rank)) is None


def test_most_recipes_are_one_stage_and_nearly_all_nodes_are_pushed_down(pushed: dict[int, Plan]) -> None:
    nodes = [node for plan in pushed.values() for node in plan.nodes if NODE_TYPES[node.type].role == "transform"]
    here = [f"{node.id}: {node.local}" for node in nodes if node.engine != "database"]
    assert len(here) <= len(nodes) * 0.05, here
    whole = [number for number, plan in pushed.items() if len(plan.stages) == 1 and plan.stages[0].engine == "database"]
    assert len(whole) >= 20, whole


def _rows(url: str, table: str) -> Rows:
    with duckdb.connect() as connection:
        load_extension(connection, "postgres_scanner")
        connection.execute(f"ATTACH '{url}' AS pg (TYPE postgres, READ_ONLY)")
        return connection.execute(f"FROM pg.{table}").fetchall()


def _rank(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        (value is None, float(f"{float(value):.9g}") if not isinstance(value, str) and _is_number(value) else str(value)) for value in row
    )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
