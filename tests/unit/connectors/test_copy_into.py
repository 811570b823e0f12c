"""Rows into Snowflake by Parquet and COPY INTO: the text as the golden file has it, and values that mean the same when they come out.

On fakesnow they do: `python -m tests.differential.emulated.copying`. No account of Snowflake's is to be had here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.connectors.dbapi.database import Database, Table
from shared.connectors.dbapi.statements import insert_values
from shared.connectors.errors import RejectedData
from shared.connectors.snowflake.copy_into import copy, load, put, written
from shared.datasets import Column
from shared.sql.reads import named
from tests.support.databases import duck
from tests.unit.sql.dialect_cases import held

COLUMNS = (
    Column("id", "BIGINT"), Column('na "me', "TEXT"), Column("d", "NUMERIC(30, 10)"), Column("b", "BOOLEAN"),
    Column("f", "DOUBLE PRECISION"), Column("day", "DATE"), Column("t", "TIME"), Column("ts", "TIMESTAMP"), Column("tz", "TIMESTAMPTZ"),
    Column("raw", "BYTEA"), Column("j", "JSON"),
)  # fmt: skip
DECLARED = (
    "NUMBER(38,0)", "VARCHAR", "NUMBER(30,10)", "BOOLEAN", "FLOAT", "DATE", "TIME", "TIMESTAMP_NTZ(6)", "TIMESTAMP_TZ(6)", "BINARY",
    "VARIANT",
)  # fmt: skip
VALUES = r"""9007199254740993, 'a"né' || chr(10) || '\N', 12345678901234567890.0123456789::DECIMAL(30, 10), true, 0.1::DOUBLE,
 DATE '2024-02-29', TIME '03:04:05.000006', TIMESTAMP '2024-02-29 03:04:05.123456', TIMESTAMPTZ '2024-02-29 03:04:05.5+02',
 '\x00\xFF'::BLOB, '{"a": [1, 2.50]}'"""
NAMES = ", ".join(f"c{at}" for at in range(len(COLUMNS)))
ROWS = f"SELECT * FROM (VALUES ({VALUES}), (2{', NULL' * 10})) v({NAMES})"


class Words(Database):
    """Fits values by their types alone."""

    dialect = "snowflake"
    where = "here"


class Cursor:
    """Of the vendor's driver: remembers what it was told, and answers as COPY does."""

    def __init__(self, said: list[str], answers: list[tuple[Any, ...]]) -> None:
        self._said, self._answers, self.rowcount = said, answers, -1

    def cursor(self) -> Cursor:
        return self

    def execute(self, text: str) -> None:
        self._said.append(text)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._answers

    def close(self) -> None:
        return


def test_the_statements_are_as_the_golden_text_has_them() -> None:
    names = [column.name for column in COLUMNS]
    said = {
        "PUT": put(Path("/scratch/0.parquet"), "@~/penstock/x"),
        "COPY": copy(named("sales.The Orders"), COLUMNS, names, "@~/penstock/x"),
    }
    assert said == held("copy_into.sql", said)


def test_what_could_be_read_otherwise_travels_as_text(tmp_path: Path) -> None:
    (file,), sent = written(tmp_path, Words(), COLUMNS, COLUMNS, Table(COLUMNS, ()), duck(ROWS).arrow())
    first, second = pq.read_table(file).to_pylist()
    assert sent == 2
    assert list(first.values()) == [
        9007199254740993, 'a"né\n\\N', "12345678901234567890.0123456789", True, 0.1, "2024-02-29", "03:04:05.000006",
        "2024-02-29 03:04:05.123456", "2024-02-29 01:04:05.500000", "00ff", '{"a": [1, 2.50]}',
    ]  # fmt: skip
    assert list(second.values()) == [2, *[None] * 10]


def loaded(rows: str, answer: list[tuple[Any, ...]]) -> list[str]:
    """What was said, word by word."""
    said: list[str] = []
    into = insert_values(named("T"), [column.name for column in COLUMNS])
    try:
        load(Words(), Cursor(said, answer), into, COLUMNS, Table(COLUMNS, ()), duck(rows).arrow(), numbered=False)
    finally:
        assert not said or said[-1].startswith("REMOVE @~/penstock/")
    return [text.split()[0] for text in said]


def test_files_are_put_copied_and_removed() -> None:
    assert loaded(ROWS, [("0.parquet", "LOADED", 2, 2)]) == ["PUT", "COPY", "REMOVE"]
    assert loaded(f"{ROWS} WHERE false", []) == []


def test_fewer_rows_than_were_sent_are_refused() -> None:
    with pytest.raises(RejectedData, match="here: it took 1 of 2 rows; nothing was written"):
        loaded(ROWS, [("0.parquet", "PARTIALLY_LOADED", 2, 1)])
