"""First rows and column figures of what a stage leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from services.worker import stage as worker
from shared.datasets import Column, Dataset
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb.local_files import SMALL_BYTES
from shared.engines.duckdb.samples import samples
from shared.engines.program import Output, Program, Statement
from shared.engines.work import Job, Limits
from shared.formats.types import ours

SQL = (
    "SELECT range AS id, CASE WHEN range % 2 = 0 THEN 'x' || range END AS api_token, (range / 4)::DECIMAL(12, 2) AS amount,"
    " 'a' || range AS word, DATE '2026-01-01' + range::INTEGER AS day FROM range(300000)"
)
COLUMNS = columns_from_json([["id", "BIGINT"], ["api_token", "TEXT"], ["amount", "NUMERIC(12, 2)"], ["word", "TEXT"], ["day", "DATE"]])


def sampled(folder: Path, program: Program) -> dict[str, dict[str, Any]]:
    (folder / "scratch").mkdir()
    job = Job(
        "default",
        "run",
        1,
        1,
        "work",
        program.to_json(),
        {},
        {},
        str(folder / "staging"),
        Limits(2_000_000_000, 2, str(folder / "scratch")),
    )
    found: list[dict[str, Any]] = []
    control = Control(sample=found.append)
    worker.run(job, control)
    control.finish()
    # What goes through a pipe as JSON.
    return {one["port"]: json.loads(json.dumps(one)) for one in found}


def test_a_staged_output_has_first_rows_and_figures_over_all_its_row_groups(tmp_path: Path) -> None:
    found = sampled(tmp_path, Program(outputs=(Output("it", SQL, COLUMNS),)))["it"]
    assert len(found["rows"]) == 10
    assert found["rows"][0] == {"id": 0, "api_token": "***", "amount": "0.00", "word": "a0", "day": "2026-01-01"}
    assert found["rows"][1]["api_token"] is None
    figures = {column["name"]: column for column in found["profile"]}
    assert {name: (column["rows"], column["nulls"]) for name, column in figures.items()} == {
        "id": (300000, 0), "api_token": (300000, 150000), "amount": (300000, 0), "word": (300000, 0), "day": (300000, 0),
    }  # fmt: skip
    assert (figures["id"]["min"], figures["id"]["max"]) == ("0", "299999")
    assert (figures["amount"]["min"], figures["amount"]["max"]) == ("0.00", "74999.75")
    assert (figures["word"]["min"], figures["word"]["max"]) == ("a0", "a99999")
    assert (figures["api_token"]["min"], figures["api_token"]["max"], figures["api_token"]["distinct"]) == ("***", "***", None)


def test_a_table_in_between_has_first_rows_without_what_counts_it(tmp_path: Path) -> None:
    statement = Statement("it", "SELECT range AS id, 1 AS __rows FROM range(3)", materialise=True)
    found = sampled(tmp_path, Program(statements=(statement,)))
    assert found == {"it": {"port": "it", "rows": [{"id": 0}, {"id": 1}, {"id": 2}], "profile": None}}


# Every type that staged files hold, with what is hard to say of each: ends of ranges, fractions, what has no order, none at all.
KINDS = {
    "flag": "range % 2 = 0",
    "small": "(range - 5)::SMALLINT",
    "whole": "range - 9007199254740993",
    "share": "range / 3",
    "huge": "range::DOUBLE * 1e20",
    "tiny": "range::DOUBLE / 1e9",
    "not_a_number": "CASE WHEN range = 3 THEN 'nan'::DOUBLE ELSE range END",
    "endless": "CASE WHEN range = 3 THEN 'inf'::DOUBLE ELSE range END",
    "amount": "(range / 4)::DECIMAL(12, 2)",
    "wide": "(range / 4)::DECIMAL(38, 10)",
    "word": "'ż' || range",
    "long": "repeat('x', range::INTEGER * 3000)",
    "day": "DATE '0045-03-15' + range::INTEGER",
    "moment": "TIMESTAMP '2026-01-01 00:00:00.5' + to_seconds(range)",
    "round": "TIMESTAMP '2026-01-01 00:00:00' + to_seconds(range)",
    "instant": "TIMESTAMPTZ '2026-01-01 00:00:00.123450+00' + to_seconds(range)",
    "password": "range::VARCHAR",
    "nothing": "NULL::BIGINT",
    "__rows": "1",
    "real": "(range / 3)::REAL",
    "time": "TIME '10:00:00.25' + to_seconds(range)",
    "bytes": "'ab'::BLOB",
    "list": "[range, 2]",
    "never": "CASE WHEN range = 3 THEN 'infinity'::TIMESTAMP ELSE TIMESTAMP '2026-01-01' END",
    "before": "DATE '0045-03-15 (BC)' + range::INTEGER",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_small_file_is_shown_as_a_large_one_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "it.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (SELECT {KINDS[name]} AS {name} FROM range(20)) TO '{path}' (FORMAT parquet)")
        kinds = connection.execute(f"DESCRIBE FROM '{path}'").fetchall()
        columns = tuple(Column(column, ours(kind)) for column, kind, *_ in kinds)
        small, large = (list(samples(connection, (), [Dataset("it", str(path), columns, 20, size)])) for size in (1, SMALL_BYTES + 1))
    assert len(small) == 1
    assert json.dumps(small) == json.dumps(large)
