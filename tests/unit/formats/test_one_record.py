"""Corrected lines that, put among others, would not stay one record by themselves."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shared.formats import calls, file_format
from shared.formats.one_record import not_one
from shared.formats.options import csv_dialect

PLAIN = csv_dialect("csv", {"header": False})
OPEN = ('8,"Smith,12', '8, "Smith,12', '"', '8,"a""b,2', '8,a"b","c,2', '8,Smith,"12', '8,"Smith\n,12')
# The last of these is refused by the engine, alone.
WHOLE = ("8,Smith,12", '8,"Smith, J",12', '8,"a""b",2', '8,a"b,2', '8,"two\nlines",2', "x,y", '8,"Smith,"12', '8,"a"b,2')


@pytest.mark.parametrize("text", OPEN)
def test_a_quote_that_is_not_closed_is_found(text: str) -> None:
    said = not_one(text, PLAIN)
    assert said is not None
    assert "is not closed" in said


@pytest.mark.parametrize("text", WHOLE)
def test_one_record_is_one_whatever_it_holds(text: str) -> None:
    assert not_one(text, PLAIN) is None


def test_blank_lines_and_several_records_are_told() -> None:
    assert "blank" in str(not_one("", PLAIN))
    assert "blank" in str(not_one("\r\n", PLAIN))
    assert "2 records" in str(not_one("1,a\n2,b", PLAIN))
    assert "blank" in str(not_one("  ", None))
    assert not_one('{"a": "\\""}', None) is None


@pytest.mark.parametrize(
    ("options", "text", "whole"),
    [
        ({"quote": "'"}, '8,"Smith,12', True),
        ({"quote": "'"}, "8,'Smith,12", False),
        ({"quote": ""}, '8,"Smith,12', True),
        ({"escape": "\\"}, '8,"Smith\\",12', False),
        ({"escape": "\\"}, '8,"Smith\\"",12', True),
        ({"delimiter": "||"}, '8||"Smith||12', False),
        ({"delimiter": "||"}, '8||"Smith||x"||12', True),
    ],
)
def test_it_is_read_as_its_file_is(options: dict[str, str], text: str, whole: bool) -> None:
    assert (not_one(text, csv_dialect("csv", options)) is None) is whole


@pytest.mark.parametrize("text", [*OPEN, *WHOLE])
def test_the_engine_agrees_on_what_takes_in_the_next_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text(f"{text}\n7,next,7\n", newline="")
    call = calls.read_csv([str(path)], file_format(str(path), "csv"), PLAIN, dict.fromkeys("abc", "VARCHAR"), rejects=("bad", "scans"))
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT b FROM {call.sql('duckdb')}").fetchall()
    assert (("next",) in found) is (not_one(text, PLAIN) is None)
