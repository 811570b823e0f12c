"""Dask's side of the dataframe engine: on a cluster of other processes, in order over many parts, and stopped while it works."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest
from distributed import LocalCluster

from shared.datasets import Columns
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.dataframe import dask_engine
from shared.engines.duckdb.errors import Interrupted
from shared.engines.program import Output, Program, Read, Statement
from shared.engines.work import Job, Limits, ResolvedConnector

ROWS = 30_000
COLUMNS: Columns = columns_from_json([["id", "BIGINT", True], ["k", "INTEGER", True]])


def job(folder: Path, sql: str, columns: Columns = COLUMNS) -> Job:
    duckdb.execute(f"COPY (SELECT i::BIGINT AS id, (i * 7919 % 1009)::INTEGER AS k FROM range({ROWS}) r(i)) TO '{folder}/t.parquet'")
    read = Read("t", "t", COLUMNS, "default/files", {"path": "t.parquet", "surveyed": [column.to_json() for column in COLUMNS]})
    program = Program((read,), statements=(Statement("s", sql, True),), outputs=(Output("s", 'SELECT * FROM "s"', columns),), engine="dask")
    (folder / "scratch").mkdir(exist_ok=True)
    files = ResolvedConnector("default/files", "files", {"root": str(folder)})
    limits = Limits(2_000_000_000, 2, str(folder / "scratch"))
    return Job("default", "run", 1, 1, "work", program.to_json(), {"default/files": files}, {}, str(folder / "staging"), limits)


def staged(folder: Path, sql: str) -> list[tuple[int, ...]]:
    (dataset,) = dask_engine.run(job(folder, sql), Control()).datasets
    return duckdb.sql(f"SELECT * FROM '{dataset.uri}'").fetchall()


@pytest.fixture(autouse=True)
def many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(dask_engine.PART_BYTES, "40000")


def test_an_order_over_many_parts_is_that_of_all_rows(tmp_path: Path) -> None:
    rows = staged(tmp_path, 'SELECT "t"."id", "t"."k" FROM "t" ORDER BY "t"."k" DESC NULLS LAST, "t"."id" NULLS LAST')
    assert rows == sorted(((i, i * 7919 % 1009) for i in range(ROWS)), key=lambda row: (-row[1], row[0]))


def test_numbers_go_on_from_part_to_part(tmp_path: Path) -> None:
    rows = staged(tmp_path, 'SELECT "t"."id", ROW_NUMBER() OVER (ORDER BY "t"."id" DESC NULLS FIRST) AS "k" FROM "t"')
    assert sorted(rows) == [(i, ROWS - i) for i in range(ROWS)]


def test_a_limit_ends_within_a_part(tmp_path: Path) -> None:
    assert len(staged(tmp_path, 'SELECT "t"."id", "t"."k" FROM "t" LIMIT 12345')) == 12345


def test_nothing_is_left_in_the_scratch_folder(tmp_path: Path) -> None:
    staged(tmp_path, 'SELECT "t"."id", "t"."k" FROM "t" WHERE "t"."k" > 500')
    assert [path for path in (tmp_path / "scratch").iterdir() if path.name.startswith("dask-")] == []


def test_a_cluster_of_other_processes_does_the_same_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = 'SELECT "t"."k" AS "id", COUNT(*) AS "k" FROM "t" GROUP BY "t"."k"'
    here = sorted(staged(tmp_path, sql))
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        monkeypatch.setenv(dask_engine.ADDRESS, cluster.scheduler_address)
        assert sorted(staged(tmp_path, sql)) == here
    assert sum(rows for _, rows in here) == ROWS


def test_a_cancel_stops_it_between_two_parts(tmp_path: Path) -> None:
    control = Control()
    wanted = job(tmp_path, 'SELECT "t"."id", "t"."k" FROM "t" ORDER BY "t"."k" NULLS LAST')
    threading.Timer(0.05, control.cancel).start()
    with pytest.raises(Interrupted):
        dask_engine.run(wanted, control)
