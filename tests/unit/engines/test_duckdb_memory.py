"""DuckDB gives up its share of the memory as the process nears its limit, and has it again afterwards."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from shared.engines.duckdb.memory import kept_within

SHARE = 400_000_000


def _counted(connection: duckdb.DuckDBPyConnection) -> int:
    ((held,),) = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return int(held)


def _limit(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("SELECT current_setting('memory_limit')").fetchone())


def test_rows_go_to_disk_when_the_process_nears_its_limit(tmp_path: Path) -> None:
    with duckdb.connect(config={"memory_limit": f"{SHARE // 1_000_000}MB", "temp_directory": str(tmp_path)}) as instance:
        instance.execute("CREATE TEMP TABLE held AS SELECT i, hash(i) AS h FROM range(6_000_000) AS t(i)")
        before, had = _counted(instance), _limit(instance)
        assert before > 60_000_000
        with kept_within(instance, 200_000_000, SHARE):
            until = time.monotonic() + 10
            while _counted(instance) > before - 20_000_000 and time.monotonic() < until:
                time.sleep(0.05)
            assert _counted(instance) <= before - 20_000_000
            # Nothing is lost by it.
            assert instance.execute("SELECT count(*), sum(i) FROM held").fetchall() == [(6_000_000, 6_000_000 * 5_999_999 // 2)]
        assert _limit(instance) == had


def test_nothing_is_taken_away_while_there_is_room(tmp_path: Path) -> None:
    with duckdb.connect(config={"memory_limit": f"{SHARE // 1_000_000}MB", "temp_directory": str(tmp_path)}) as instance:
        had = _limit(instance)
        with kept_within(instance, 1 << 40, SHARE):
            time.sleep(0.3)
            assert _limit(instance) == had
