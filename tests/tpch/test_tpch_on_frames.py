"""Some of TPC-H's recipes on pandas and Dask: DuckDB's own answers. All 22 are in `make differential`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tpch.data import Tpch
from tests.tpch.engines import DASK_PART_BYTES, Files

# Dates and sums of decimals; a left join and groups of groups; counts of distinct values; texts and a join that keeps what has no partner.
QUERIES = (1, 13, 16, 22)


@pytest.mark.parametrize(("mode", "number"), [*(("pandas", number) for number in QUERIES), ("dask", 22)])
def test_a_query_on_frames_gives_duckdbs_own_answer(
    tpch: Tpch, tmp_path: Path, mode: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_DASK_PART_BYTES", DASK_PART_BYTES)
    ran = Files(tpch, tmp_path, mode).ask(number)
    assert {stage.engine for stage in ran.plan.stages} == {mode}
    assert ran.difference is None
