"""Rows on their way out of DuckDB, and its failures in our words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shared.connectors.errors import BadQuery, Denied, NotFound, SerializationFailed, Unavailable
from shared.engines.control import Control
from shared.engines.duckdb.errors import FarSideFailed, Interrupted, OutOfMemory, RowsDoNotFit, translated
from shared.engines.duckdb.rows import DuckRows
from shared.errors import PenstockError

ODD = """SELECT * FROM (VALUES (1, NULL, ''), (2, '\\N', 'a"b,c'), (3, 'x', 'ż' || chr(10) || 'y')) AS t (id, a, b)"""


def test_csv_is_what_postgresql_s_copy_reads(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = DuckRows(connection, ODD, str(tmp_path))
        text = b"".join(rows.csv_blocks()).decode()
    assert sorted(text.splitlines()) == sorted(["1,\\N,", '2,"\\N","a""b,c"', '3,x,"ż', 'y"'])
    assert rows.count == 3
    assert not list(tmp_path.iterdir())


def test_binary_and_nested_values_are_spelled_for_postgresql(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = DuckRows(connection, "SELECT '\\xAA'::BLOB AS b, [1, 2] AS l, {'k': 1} AS s", str(tmp_path))
        assert b"".join(rows.csv_blocks()) == b'\\xAA,"[1,2]","{""k"":1}"\n'


def test_an_error_of_the_engine_reaches_whoever_reads_the_pipe(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = DuckRows(connection, "SELECT CAST('x' || i AS INTEGER) AS v FROM range(3) AS r (i)", str(tmp_path))
        with pytest.raises(duckdb.ConversionException):
            list(rows.csv_blocks())


def test_a_reader_that_gives_up_ends_the_engine_s_side(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        blocks = DuckRows(connection, "SELECT i, repeat('x', 100) AS x FROM range(3000000) AS r (i)", str(tmp_path)).csv_blocks()
        assert next(blocks)
        blocks.close()  # type: ignore[attr-defined]
        assert not list(tmp_path.iterdir())


def test_arrow_batches_are_counted(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = DuckRows(connection, "SELECT * FROM range(250000)", str(tmp_path))
        assert rows.arrow().read_all().num_rows == rows.count == 250_000


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (duckdb.OutOfMemoryException("no"), OutOfMemory),
        (duckdb.InterruptException("stop"), Interrupted),
        (duckdb.ConversionException("bad value"), RowsDoNotFit),
        (duckdb.IOException("disk full"), Unavailable),
        (duckdb.BinderException("no such thing"), PenstockError),
        (duckdb.IOException("libpq: server closed the connection unexpectedly"), Unavailable),
        (duckdb.IOException('postgres: FATAL:  password authentication failed for user "x"'), Denied),
        (duckdb.BinderException('postgres ERROR:  relation "t" does not exist'), NotFound),
        (duckdb.BinderException('postgres ERROR:  syntax error at or near "x"'), BadQuery),
        (duckdb.IOException("Failed to fetch header for COPY: ERROR:  cannot execute nextval() in a read-only transaction"), BadQuery),
        (
            duckdb.IOException("Failed to fetch header for COPY: ERROR:  could not serialize access due to concurrent update"),
            SerializationFailed,
        ),
        (duckdb.IOException("Failed to fetch header for COPY: ERROR:  could not extend file: No space left on device"), FarSideFailed),
    ],
)
def test_every_failure_has_our_name_and_its_node(raised: duckdb.Error, ours: type[PenstockError]) -> None:
    with pytest.raises(ours) as told, translated(512_000_000, "read"):
        raise raised
    assert told.value.node == "read"


def test_a_connection_string_is_never_shown() -> None:
    with pytest.raises(PenstockError) as told, translated(1):
        raise duckdb.IOException("postgres: unable to connect with 'host=h password=hunter2 dbname=d'")
    assert "hunter2" not in told.value.message


def test_a_cancel_stops_what_is_registered_even_if_it_came_first() -> None:
    stopped: list[str] = []
    control = Control()
    with control.stopped_by(lambda: stopped.append("engine")):
        control.cancel()
    with control.stopped_by(lambda: stopped.append("late")):
        pass
    assert control.cancelled
    assert stopped == ["engine", "late"]
