"""What a program leaves behind: staged outputs, rejected rows, order, figures, and how it stops."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.datasets import Dataset
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.duckdb.connection import connected
from shared.engines.duckdb.errors import Interrupted, OutOfMemory, RowsDoNotFit
from shared.engines.program import Output, Program, Read, Rejects, Sink, Statement
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector
from shared.errors import PenstockError

MEMORY = 2_000_000_000


def run_program(
    folder: Path,
    program: Program,
    control: Control | None = None,
    *,
    memory: int = MEMORY,
    epoch: int = 1,
    inputs: dict[str, Dataset] | None = None,
) -> Outcome:
    (folder / "scratch").mkdir(exist_ok=True)
    connectors = {"default/files": ResolvedConnector("default/files", "files", {"root": str(folder)})}
    limits = Limits(memory, 2, str(folder / "scratch"))
    job = Job("default", "run", 1, epoch, "work", program.to_json(), connectors, inputs or {}, str(folder / "staging"), limits)
    return driver.run(job, control or Control())


def rejected_records(outcome: Outcome) -> list[dict[str, Any]]:
    found = duckdb.sql(f"SELECT original_record FROM '{outcome.rejects[0].uri}'").fetchall()
    return [json.loads(record, parse_constant=lambda word: pytest.fail(f"{word} is not JSON")) for (record,) in found]


def test_rejected_rows_keep_every_value_even_those_that_json_has_no_word_for(tmp_path: Path) -> None:
    sql = (
        "SELECT 'nan'::DOUBLE AS a, '-inf'::FLOAT AS b, 12345678901234567.123456789::DECIMAL(38,9) AS c,"
        " NULL AS d, 'x' AS error_message, 'why' AS error_message"
    )
    outcome = run_program(tmp_path, Program(rejects=(Rejects("it", sql),)))
    (record,) = rejected_records(outcome)
    assert (record["a"], record["b"], record["d"], record["error_message"]) == ("NaN", "-Infinity", None, "x")
    assert "12345678901234567.123456789" in duckdb.sql(f"SELECT original_record FROM '{outcome.rejects[0].uri}'").fetchall()[0][0]
    assert duckdb.sql(f"SELECT error_message FROM '{outcome.rejects[0].uri}'").fetchall() == [("why",)]


def test_a_node_without_rejected_rows_leaves_no_file(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, Program(rejects=(Rejects("it", "SELECT 1 AS a, 'e' AS error_message WHERE false"),)))
    assert outcome.rejects == ()
    assert not list((tmp_path / "staging").rglob("rejects*"))


def test_sorted_rows_that_are_used_twice_stay_sorted(tmp_path: Path) -> None:
    sorted_rows = "SELECT (range * 7919) % 1000003 AS n, repeat('x', 40) AS pad FROM range(1000003) ORDER BY n"
    columns = columns_from_json([["n", "BIGINT", True], ["pad", "TEXT", True]])
    program = Program(
        statements=(Statement("s", sorted_rows, materialise=True),),
        outputs=(Output("s", 'SELECT * FROM "s"', columns),),
        sinks=(Sink("out", "default/files", 'SELECT * FROM "s"', columns, "out.parquet", "OVERWRITE"),),
    )
    outcome = run_program(tmp_path, program)
    for path in (outcome.datasets[0].uri, str(tmp_path / "out.parquet")):
        # file_row_number is the order in which rows stand in the file.
        sql = f"SELECT count(*) FROM read_parquet('{path}', file_row_number = true) WHERE n <> file_row_number"
        assert duckdb.sql(sql).fetchall() == [(0,)], path


def test_a_cancel_stops_a_running_statement_at_once(tmp_path: Path) -> None:
    control = Control()
    slow = "SELECT count(*) AS n FROM range(1000000000) a, range(1000) b WHERE (a.range * b.range) % 7 = 3"
    timer = threading.Timer(0.3, control.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        run_program(tmp_path, Program(statements=(Statement("s", slow, materialise=True),)), control)
    assert time.monotonic() - started < 5


def test_a_cancel_that_came_before_the_work_is_not_forgotten(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(PenstockError):
        run_program(tmp_path, Program(statements=(Statement("s", "SELECT 1 AS a", materialise=True),)), control)


def test_work_that_does_not_fit_says_which_limit_to_raise(tmp_path: Path) -> None:
    wide = "SELECT list(range) AS l FROM range(40000000)"
    with pytest.raises(OutOfMemory, match="PENSTOCK_WORKER_MEMORY"):
        run_program(tmp_path, Program(statements=(Statement("s", wide, materialise=True),)), memory=200_000_000)


def test_an_overflow_fails_the_node_that_computes_it(tmp_path: Path) -> None:
    with pytest.raises(RowsDoNotFit) as caught:
        run_program(
            tmp_path, Program(statements=(Statement("sum.out", "SELECT 9223372036854775807 + range AS n FROM range(2)", materialise=True),))
        )
    assert caught.value.node == "sum"


def test_progress_tells_what_a_long_stage_has_done(tmp_path: Path) -> None:
    told: list[dict[str, int]] = []
    slow = "SELECT count(*) AS n FROM range(100000) a, range(3000) b WHERE (a.range * b.range) % 7 = 3"
    program = Program(
        statements=(Statement("one", "SELECT range AS n FROM range(10)", materialise=True), Statement("two", slow, materialise=True)),
    )
    run_program(tmp_path, program, Control(told.append))
    assert any(rows.get("one") == 10 for rows in told)


def test_a_stage_of_few_staged_rows_has_one_thread_and_the_next_has_all_of_them(tmp_path: Path) -> None:
    columns = columns_from_json([["threads", "BIGINT", True]])
    sql = "SELECT current_setting('threads') AS threads"

    def threads(rows: int) -> int:
        staged = run_program(tmp_path, Program(outputs=(Output("it", f"{sql} FROM range({rows})", columns),))).datasets[0]
        (tmp_path / "it.parquet").write_bytes(Path(staged.uri).read_bytes())
        given = replace(staged, uri=str(tmp_path / "it.parquet"))
        program = Program(reads=(Read("it", "it", columns, datasets=((1, "it"),)),), outputs=(Output("out", f'{sql} FROM "it"', columns),))
        found = run_program(tmp_path, program, inputs={"1:it": given}).datasets[0]
        ((seen,),) = duckdb.sql(f"SELECT DISTINCT threads FROM '{found.uri}'").fetchall()
        return int(seen)

    assert (threads(driver.FEW_ROWS), threads(driver.FEW_ROWS + 1), threads(1)) == (1, 2, 1)


def test_no_file_that_was_read_is_remembered(tmp_path: Path) -> None:
    limits = Limits(MEMORY, 2, str(tmp_path))
    with connected(limits) as connection:
        connection.execute(f"COPY (SELECT range AS a FROM range(1000)) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)")
        assert connection.execute(f"SELECT sum(a) FROM '{tmp_path / 'a.parquet'}'").fetchall() == [(499500,)]
    with connected(limits) as connection:
        assert connection.execute("FROM duckdb_external_file_cache()").fetchall() == []
