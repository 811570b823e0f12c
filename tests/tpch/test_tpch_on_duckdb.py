"""All 22 TPC-H queries as recipes of nodes, on DuckDB: the rows are those that DuckDB gives to its own queries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.inprocess import run
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import QUERIES, Tpch
from tests.tpch.engines import Tables

# Reading out of a database is the same for all of them; these have dates, texts, self joins and decimals among them.
READ_OUT = (1, 7, 13, 21, 22)


@pytest.mark.parametrize("number", QUERIES)
def test_a_query_over_files_gives_duckdbs_own_answer(tpch: Tpch, tmp_path: Path, number: int) -> None:
    places = {"tpch": ("files", {"root": str(tpch.folder)}), "answers": ("files", {"root": str(tmp_path)})}
    ran = run(tmp_path, recipes.over_files(number), more=places)
    assert difference(ran.rows(f"q{number:02}.parquet"), tpch.answers[number]) is None


@pytest.mark.parametrize("number", READ_OUT)
def test_a_query_read_out_of_postgresql_gives_duckdbs_own_answer(
    tpch: Tpch, tpch_in_postgresql: Tables, tmp_path: Path, number: int
) -> None:
    places = {"tpch": ("postgres", tpch_in_postgresql.config), "answers": ("files", {"root": str(tmp_path)})}
    ran = run(tmp_path, recipes.over_tables(number, mode="off"), more=places)
    assert difference(ran.rows(f"q{number:02}.parquet"), tpch.answers[number]) is None
