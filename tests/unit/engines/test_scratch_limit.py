"""Rows that DuckDB puts aside fit on the scratch disk, or the stage fails with a sentence; nothing is left there."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.engines.duckdb.connection import connected
from shared.engines.duckdb.errors import translated
from shared.engines.work import Limits
from shared.errors import ScratchLimit

# About 400 MB, which DuckDB's share of the memory does not hold.
LARGE = "CREATE TEMPORARY TABLE large AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(25_000_000) AS t (i) ORDER BY a"


def test_a_stage_that_needs_more_scratch_disk_than_it_may_have_fails_with_that_sentence(tmp_path: Path) -> None:
    limits = Limits(400_000_000, 1, str(tmp_path), scratch_bytes=20_000_000)
    with connected(limits) as connection, pytest.raises(ScratchLimit) as refused, translated(limits.memory_bytes, "sort"):
        connection.execute(LARGE)
    assert refused.value.message.startswith("the rows that must be put aside do not fit on the scratch disk; raise PENSTOCK_SCRATCH_LIMIT")
    assert (refused.value.node, refused.value.retryable) == ("sort", False)
    with connected(limits) as connection:
        assert connection.execute("SELECT 42").fetchone() == (42,), "whoever comes next has all of it"
