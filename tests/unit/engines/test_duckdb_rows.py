"""Rows on their way out: the three roads carry the same rows, and a broken end never hangs the other."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from shared.engines.duckdb.rows import DuckRows


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


def copied(rows: DuckRows) -> str:
    return b"".join(rows.csv_blocks()).decode()


def test_nulls_empty_texts_and_texts_that_look_like_null_stay_apart(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = DuckRows(connection, "SELECT unnest([NULL, '', '\\N', 'a\"b', 'two\nlines', 'ü,;']) AS t", str(tmp_path))
    # PostgreSQL reads an empty field as an empty text here, since its NULL is said to be an unquoted \\N.
    assert copied(rows) == '\\N\n\n"\\N"\n"a""b"\n"two\nlines"\n"ü,;"\n'
    assert rows.count == 6


def test_values_are_spelt_as_postgresql_reads_them(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = (
        "SELECT '\\xAA\\x00'::BLOB AS b, [1, 2] AS l, {'k': 'v'} AS s, 'infinity'::DOUBLE AS i, 'nan'::DOUBLE AS n, true AS t,"
        " 1.50::DECIMAL(9,2) AS d, '2024-05-06 07:08:09.5+02'::TIMESTAMPTZ AS z, 'infinity'::TIMESTAMP AS f,"
        " '-0044-03-15'::DATE AS bc, INTERVAL '1 month 2 days 3 seconds' AS iv"
    )
    (fields,) = csv.reader(io.StringIO(copied(DuckRows(connection, sql, str(tmp_path)))))
    assert fields[0] == "\\xAA00"
    assert json.loads(fields[1]) == [1, 2]
    assert json.loads(fields[2]) == {"k": "v"}
    assert fields[3:6] == ["inf", "nan", "true"]
    assert fields[6:9] == ["1.50", "2024-05-06 05:08:09.5+00", "infinity"]
    assert fields[9] == "0045-03-15 BC"
    assert fields[10] == "1 month 2 days 00:00:03"


def test_all_roads_count_what_they_carried(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    made = [DuckRows(connection, "SELECT range AS n FROM range(250000)", str(tmp_path)) for _ in range(3)]
    assert sum(block.count(b"\n") for block in made[0].csv_blocks()) == 250000
    assert made[1].arrow().read_all().num_rows == 250000
    made[2].to_file(str(tmp_path / "x.csv"), "csv", {})
    assert [rows.count for rows in made] == [250000] * 3


def test_a_reader_that_gives_up_ends_the_engine_and_leaves_the_connection_usable(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    blocks = DuckRows(connection, "SELECT range AS n FROM range(2000000000)", str(tmp_path)).csv_blocks()
    next(blocks)
    started = time.monotonic()
    blocks.close()
    assert time.monotonic() - started < 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rows")]
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_engine_reaches_the_reader(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT CASE WHEN range > 900000 THEN error('boom') ELSE 'x' END AS t FROM range(1000000)"
    with pytest.raises(duckdb.Error, match="boom"):
        copied(DuckRows(connection, sql, str(tmp_path)))


def test_an_error_before_the_first_row_reaches_the_reader(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = DuckRows(connection, "SELECT CAST(x AS INTEGER) AS n FROM (VALUES ('z')) AS v(x)", str(tmp_path))
    with pytest.raises(duckdb.ConversionException):
        copied(rows)


def test_two_columns_of_one_name_are_both_carried(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert copied(DuckRows(connection, "SELECT 1 AS a, 2 AS a", str(tmp_path))) == "1,2\n"


@pytest.mark.parametrize("name", ["csv", "tsv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("packing", [None, "gzip", "zstd"])
def test_each_format_gives_its_rows_back(connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, packing: str | None) -> None:
    if name == "parquet" and packing:
        packing = None
    path = tmp_path / "out"
    rows = DuckRows(connection, "SELECT range AS n, 'a,\"b' AS t FROM range(3)", str(tmp_path))
    rows.to_file(str(path), name, {"compression": packing} if packing else {})
    if name == "parquet":
        assert duckdb.read_parquet(str(path)).fetchall() == [(n, 'a,"b') for n in range(3)]
        return
    with pa.input_stream(str(path), compression=packing) as file:
        text = file.read().decode()
    if name in ("csv", "tsv"):
        parsed = list(csv.reader(io.StringIO(text), delimiter="\t" if name == "tsv" else ","))
        assert parsed == [["n", "t"], *([str(n), 'a,"b'] for n in range(3))]
    else:
        records = json.loads(text) if name == "json" else [json.loads(line) for line in text.splitlines()]
        assert records == [{"n": n, "t": 'a,"b'} for n in range(3)]


def test_options_of_a_written_csv_are_kept(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    options = {"delimiter": ";", "header": False, "nullValues": ["-"], "quote": "'", "escape": "'", "dateFormat": "%d.%m.%Y"}
    DuckRows(connection, "SELECT DATE '2024-12-31' AS d, NULL AS e, 'it''s;' AS t", str(tmp_path)).to_file(str(path), "csv", options)
    assert path.read_text() == "31.12.2024;-;'it''s;'\n"
