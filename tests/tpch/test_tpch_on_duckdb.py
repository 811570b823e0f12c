"""All 22 TPC-H queries as recipes of nodes, on DuckDB: the rows are those that DuckDB gives to its own queries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.inprocess import run
from tests.support.stack import Stack
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import QUERIES, Tpch

pytestmark = pytest.mark.parametrize("number", QUERIES)


def test_a_query_over_files_gives_duckdbs_own_answer(tpch: Tpch, tmp_path: Path, number: int) -> None:
    places = {"tpch": ("files", {"root": str(tpch.folder)}), "answers": ("files", {"root": str(tmp_path)})}
    ran = run(tmp_path, recipes.over_files(number), more=places)
    assert difference(ran.rows(f"q{number:02}.parquet"), tpch.answers[number]) is None


@pytest.mark.stack
def test_a_query_over_postgresql_gives_duckdbs_own_answer(
    tpch: Tpch, tpch_in_postgresql: dict[str, Any], stack: Stack, tmp_path: Path, number: int
) -> None:
    places = {"tpch": ("postgres", tpch_in_postgresql), "answers": ("files", {"root": str(tmp_path)})}
    ran = run(tmp_path, recipes.over_tables(number), more=places)
    assert difference(ran.rows(f"q{number:02}.parquet"), tpch.answers[number]) is None
