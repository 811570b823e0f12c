"""TPC-H's recipes on pandas, whole, and on Dask, in many parts: DuckDB's own answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.inprocess import run
from tests.tpch import recipes
from tests.tpch.compare import difference
from tests.tpch.data import QUERIES, Tpch

# Joins of all sides, counts of distinct values, top rows, groups of groups: what Dask has to bring together from its parts.
MANY_PARTS = (3, 13, 16, 18, 22)


@pytest.mark.parametrize(("mode", "number"), [*(("pandas", number) for number in QUERIES), *(("dask", number) for number in MANY_PARTS)])
def test_a_query_on_frames_gives_duckdbs_own_answer(
    tpch: Tpch, tmp_path: Path, mode: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_DASK_PART_BYTES", "1000000")
    places = {"tpch": ("files", {"root": str(tpch.folder)}), "answers": ("files", {"root": str(tmp_path)})}
    text = recipes.over_files(number).replace("\nspec:\n", f"\nspec:\n  processingMode: {mode}\n", 1)
    ran = run(tmp_path, text, more=places)
    assert {stage.engine for stage in ran.plan.stages} == {mode}
    assert difference(ran.rows(f"q{number:02}.parquet"), tpch.answers[number]) is None
