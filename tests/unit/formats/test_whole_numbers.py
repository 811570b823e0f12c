"""Whole numbers in csv files: what is none is a rejected line with its number and text, and no row is rounded."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from shared.engines.work import Outcome
from tests.support import formats

SURE = "".join(f"{n},{n * 7},{n}.5,note {n}\n" for n in range(1, 6001))
LATE = 'x2,1,1.5,a\n7,2.5,1.5,b\n8,3.0,1.5,"two\nlines"\n9,99999999999999999999,1.5,c\n10,,1.5,d\n11,4,one,e\n12.5,5,two,f\n13, 6 ,1.5,g\n'


def rejected(outcome: Outcome) -> list[tuple[int, str, str]]:
    """Line, its text, why."""
    if not outcome.rejects:
        return []
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT position, original_record, error_message FROM '{outcome.rejects[0].uri}'").fetchall()
    return [(position, json.loads(record)["line"], why) for position, record, why in found]


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_fraction_where_whole_numbers_were_is_a_rejected_line(tmp_path: Path, packed: str) -> None:
    text = ("id,count,price,note\n" + SURE + LATE).encode()
    (tmp_path / f"in.csv{packed}").write_bytes(gzip.compress(text) if packed else text)
    outcome = formats.read(tmp_path, f"in.csv{packed}")
    assert formats.types(outcome)["count"] == "BIGINT"
    rows = formats.rows(outcome)
    assert len(rows) == 6003
    assert [(*row[:2], row[3]) for row in rows if not row[3].startswith("note")] == [(8, 3, "two\nlines"), (10, None, "d"), (13, 6, "g")]
    found = rejected(outcome)
    assert [(line, record) for line, record, _ in found] == [
        (6002, "x2,1,1.5,a"),
        (6003, "7,2.5,1.5,b"),
        (6006, "9,99999999999999999999,1.5,c"),
        (6008, "11,4,one,e"),
        (6009, "12.5,5,two,f"),
    ]
    assert found[1][2] == "column count: '2.5' does not fit BIGINT"
    assert outcome.figures["in"]["rowsRejected"] == 5


def test_files_of_a_glob_each_have_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,n\n1,2\n3,4.25\n")
    (tmp_path / "b.csv").write_text("n,id\n5,6\n0.5,7\n,8\n")
    outcome = formats.read(tmp_path, "*.csv", schema={"n": "INTEGER"})
    assert sorted(formats.rows(outcome)) == [(1, 2), (6, 5), (8, None)]
    assert [(line, record) for line, record, _ in rejected(outcome)] == [(3, "3,4.25"), (3, "0.5,7")]


def test_an_empty_text_is_no_number_and_an_empty_field_none(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,n\n1,\n2,""\n3,4\n')
    outcome = formats.read(tmp_path, "in.csv", schema={"n": "SMALLINT"})
    assert sorted(formats.rows(outcome)) == [(1, None), (3, 4)]
    assert [line for line, *_ in rejected(outcome)] == [3]


def test_a_fraction_is_one_whatever_mark_it_has(tmp_path: Path) -> None:
    for mark in ".,":
        (tmp_path / "in.csv").write_text("id;n\n1;2\n2;2.5\n3;2,5\n4;1.234\n5;x\n6;7\n")
        outcome = formats.read(tmp_path, "in.csv", schema={"id": "INTEGER", "n": "BIGINT"}, options={"delimiter": ";", "decimal": mark})
        assert sorted(formats.rows(outcome)) == [(1, 2), (6, 7)]
        assert [line for line, *_ in rejected(outcome)] == [3, 4, 5, 6]


def test_lines_that_cannot_be_read_beside_those_that_hold_no_whole_number(tmp_path: Path) -> None:
    sure = "".join(f"{n},a\n" for n in range(1, 40_001)).encode()
    bad = b"2.5,b\n3,c,d\n4,\xff\n6.5,e\n" + b"7," + b"x" * 2_100_000 + b"\n8.5,f\n9,g\n"
    (tmp_path / "in.csv").write_bytes(b"id,t\n" + sure + bad)
    outcome = formats.read(tmp_path, "in.csv")
    assert formats.rows(outcome)[40_000:] == [(9, "g")]
    assert [line for line, *_ in rejected(outcome)] == [40_002, 40_003, 40_004, 40_005, 40_006, 40_007]
