"""What goes into a file comes out of it again: every type, NULL, empty text, other scripts, long numbers, old dates, nested values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.formats.errors import BadOptions, UnfitRows
from tests.support.formats import read, rows, staged, texts, types, write

# name -> (type in a recipe, three values as DuckDB writes them); the last is NULL.
VALUES: dict[str, tuple[str, str, str]] = {
    "yes": ("BOOLEAN", "true", "false"),
    "small": ("SMALLINT", "-32768", "7"),
    "whole": ("BIGINT", "9223372036854775807", "-9007199254740993"),
    "double": ("DOUBLE PRECISION", "0.1", "-1.5e300"),
    "money": ("NUMERIC(38, 10)", "1234567890123456789012345678.0123456789", "-0.0000000001"),
    "text": ("TEXT", "'zażółć 🦊 \"quoted\", ''single''\nnew line'", "'007'"),
    "Ünï cödé": ("TEXT", "'='", "'+5'"),
    "day": ("DATE", "'1871-01-18'", "'2024-02-29'"),
    "at": ("TIMESTAMP", "'1969-12-31 23:59:59.123456'", "'2024-02-29 00:00:00'"),
    "zoned": ("TIMESTAMPTZ", "'1850-06-01 12:00:00.000001+00'", "'2024-02-29 10:00:00+00'"),
    "hour": ("TIME", "'23:59:59.999999'", "'00:00:00'"),
    "bytes": ("BYTEA", "'\\x00\\xFFab'", "'x'"),
    "key": ("UUID", "'6ecd8c99-4036-403d-bf84-cf8400f67836'", "'00000000-0000-0000-0000-000000000000'"),
    "numbers": ("BIGINT[]", "'[1, 2, NULL]'", "'[]'"),
    "nested": ("JSON", '\'{"a": {"b": [1, "ż", null]}}\'', "'[1]'"),
}
DUCKDB = {"DOUBLE PRECISION": "DOUBLE", "TEXT": "VARCHAR", "BYTEA": "BLOB", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


def relation(*leave_out: str) -> str:
    kept = {name: value for name, value in VALUES.items() if name not in leave_out}
    lines = []
    for pick in (1, 2, None):
        values = (f'CAST({v[pick] if pick else "NULL"} AS {DUCKDB.get(v[0], v[0])}) AS "{name}"' for name, v in kept.items())
        lines.append(f"SELECT {', '.join(values)}")
    return " UNION ALL ".join(lines)


def pinned(sql: str) -> dict[str, str]:
    return {name: VALUES[name][0] for name in VALUES if f'"{name}"' in sql}


@pytest.mark.parametrize("ending", ["json", "jsonl", "json.gz", "jsonl.zst", "json.bz2", "jsonl.bz2"])
def test_json_keeps_every_type(tmp_path: Path, ending: str) -> None:
    sql = relation()
    assert write(tmp_path, f"t.{ending}", sql, ending.split(".")[0], **packing(ending)) == 3
    outcome = read(tmp_path, f"t.{ending}", pinned(sql))
    assert outcome.rejects == ()
    assert texts(staged(outcome)) == texts(sql)


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "csv.zst", "csv.bz2"])
def test_delimited_text_keeps_every_type_but_lists(tmp_path: Path, ending: str) -> None:
    sql = relation("numbers")
    write(tmp_path, f"t.{ending}", sql, ending.split(".")[0], **packing(ending))
    outcome = read(tmp_path, f"t.{ending}", pinned(sql))
    assert outcome.rejects == ()
    assert texts(staged(outcome)) == texts(sql)


def test_parquet_keeps_every_type_by_itself(tmp_path: Path) -> None:
    sql = relation()
    write(tmp_path, "t.parquet", sql, "parquet")
    outcome = read(tmp_path, "t.parquet")
    assert types(outcome) == pinned(sql)
    assert texts(staged(outcome)) == texts(sql)


def test_avro_keeps_every_type_that_it_has_and_the_others_as_text(tmp_path: Path) -> None:
    sql = relation("Ünï cödé")
    write(tmp_path, "t.avro", sql, "avro")
    outcome = read(tmp_path, "t.avro")
    assert types(outcome) == pinned(sql) | {"small": "INTEGER", "key": "TEXT", "nested": "TEXT"}
    assert texts(staged(outcome)) == texts(sql)


def test_avro_has_no_room_for_other_names_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnfitRows, match="rename it"):
        write(tmp_path, "t.avro", 'SELECT 1 AS "a b"', "avro")


def test_excel_keeps_every_type_that_is_pinned(tmp_path: Path) -> None:
    sql = relation()
    assert write(tmp_path, "t.xlsx", sql, "xlsx") == 3
    outcome = read(tmp_path, "t.xlsx", pinned(sql))
    assert outcome.rejects == ()
    # Nobody can tell an empty last row from the end of the sheet.
    assert texts(staged(outcome)) == texts(sql)[:2]


def test_a_workbook_has_the_types_of_its_cells_without_any_pinning(tmp_path: Path) -> None:
    sql = "SELECT 1 AS n, 1.5 AS x, '007' AS code, DATE '2024-05-06' AS d, TIMESTAMP '2024-05-06 10:00:00' AS t, true AS ok"
    write(tmp_path, "t.xlsx", sql, "xlsx")
    outcome = read(tmp_path, "t.xlsx")
    assert types(outcome) == {"n": "BIGINT", "x": "DOUBLE PRECISION", "code": "TEXT", "d": "DATE", "t": "TIMESTAMP", "ok": "BOOLEAN"}


def test_what_a_sheet_does_not_take_is_refused_before_a_file_is_whole(tmp_path: Path) -> None:
    with pytest.raises(UnfitRows, match=r"row 2: .*32767"):
        write(tmp_path, "t.xlsx", "SELECT 'a' AS t UNION ALL SELECT repeat('x', 40000)", "xlsx")
    assert not (tmp_path / "t.xlsx").exists()


@pytest.mark.parametrize(("encoding", "value"), [("latin-1", "Grüße"), ("utf-16", "zażółć")])
def test_text_is_written_in_the_encoding_and_with_the_marks_that_are_said(tmp_path: Path, encoding: str, value: str) -> None:
    options = {"encoding": encoding, "decimal": ",", "delimiter": ";", "dateFormat": "%d.%m.%Y", "nullValues": ["-"]}
    write(tmp_path, "t.csv", f"SELECT '{value}' AS t, 1.5 AS x, DATE '2024-05-06' AS d, NULL AS n", "csv", **options)
    assert (tmp_path / "t.csv").read_text(encoding) == f"t;x;d;n\n{value};1,5;06.05.2024;-\n"
    ((got, x, day, nothing),) = rows(read(tmp_path, "t.csv", options=options))
    assert (got, x, str(day), nothing) == (value, 1.5, "2024-05-06", None)


def test_a_character_that_an_encoding_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnfitRows, match="ż"):
        write(tmp_path, "t.csv", "SELECT 'ż' AS t", "csv", encoding="latin-1")


@pytest.mark.parametrize("options", [{}, {"nullValues": ["-"]}, {"delimiter": ";", "encoding": "utf-16"}, {"header": False}])
def test_delimited_text_tells_null_from_an_empty_text(tmp_path: Path, options: dict[str, Any]) -> None:
    sql = "SELECT unnest([NULL, '', 'a\"b', NULL]) AS t, unnest(['', NULL, '\\N', NULL]) AS u, unnest([1, NULL, 3, NULL]) AS n"
    write(tmp_path, "t.csv", sql, "csv", **options)
    outcome = read(tmp_path, "t.csv", options=options)
    assert rows(outcome) == [(None, "", 1), ("", None, None), ('a"b', "\\N", 3), (None, None, None)]
    write(tmp_path, "t.csv", "SELECT unnest([NULL, '', 'x', NULL]) AS t", "csv", **options)
    assert rows(read(tmp_path, "t.csv", options=options)) == [(None,), ("",), ("x",), (None,)]


def test_an_empty_field_in_quotes_is_a_text_as_postgresql_takes_it_unless_null_values_name_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('t,n,d\n"","1",\n,2,\n"a,"",b","",2024-01-01\n')
    outcome = read(tmp_path, "t.csv")
    assert types(outcome) == {"t": "TEXT", "n": "TEXT", "d": "DATE"}
    assert [row[:2] for row in rows(outcome)] == [("", "1"), (None, "2"), ('a,",b', "")]
    outcome = read(tmp_path, "t.csv", options={"nullValues": [""]})
    assert types(outcome) == {"t": "TEXT", "n": "BIGINT", "d": "DATE"}
    assert [row[:2] for row in rows(outcome)] == [(None, 1), (None, 2), ('a,",b', None)]


def test_a_delimiter_that_would_be_cut_is_refused_by_who_writes(tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match="one character"):
        write(tmp_path, "t.csv", "SELECT 1 AS a", "csv", delimiter="||")


def test_numbers_that_json_has_no_word_for_become_text_in_it(tmp_path: Path) -> None:
    write(tmp_path, "t.json", "SELECT unnest(['NaN'::DOUBLE, 'inf'::DOUBLE, 1.5]) AS x", "json")
    assert [str(x) for (x,) in rows(read(tmp_path, "t.json", {"x": "DOUBLE PRECISION"}))] == ["nan", "inf", "1.5"]


@pytest.mark.parametrize(("file_format", "option"), [("parquet", "delimiter"), ("json", "header"), ("csv", "sheet"), ("xml", "decimal")])
def test_an_option_that_a_format_does_not_have_is_refused(tmp_path: Path, file_format: str, option: str) -> None:
    with pytest.raises(BadOptions, match=option):
        write(tmp_path, "t", "SELECT 1 AS a", file_format, **{option: "x"})


def test_xml_can_be_read_but_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match="write one of"):
        write(tmp_path, "t.xml", "SELECT 1 AS a", "xml")


def packing(ending: str) -> dict[str, str]:
    packed = {"gz": "gzip", "zst": "zstd", "bz2": "bz2"}.get(ending.split(".")[-1])
    return {"compression": packed} if packed else {}
