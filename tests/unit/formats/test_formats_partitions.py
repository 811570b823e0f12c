"""Folders that say a column's value, and encodings that the engine does not know."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shared.formats.errors import UnreadableFile
from tests.support.formats import read, rows, types, write


def test_what_stands_in_a_file_is_not_taken_from_the_name_of_its_folder(tmp_path: Path) -> None:
    for code in ("007", "8"):
        write(tmp_path, f"t/code={code}/a.parquet", f"SELECT '{code}' AS code, 1 AS n", "parquet")
    outcome = read(tmp_path, "t/**/*.parquet")
    assert types(outcome) == {"code": "TEXT", "n": "INTEGER"}
    assert sorted(rows(outcome)) == [("007", 1), ("8", 1)]


def test_a_column_that_only_folders_have_is_read_as_text(tmp_path: Path) -> None:
    for code, name in (("007", "007"), ("a b", "a%20b"), (None, "__HIVE_DEFAULT_PARTITION__")):
        write(tmp_path, f"t/code={name}/a.parquet", f"SELECT {len(code or '')} AS n", "parquet")
    outcome = read(tmp_path, "t/*/*.parquet")
    assert types(outcome) == {"n": "INTEGER", "code": "TEXT"}
    assert sorted(rows(outcome), key=str) == [(0, None), (3, "007"), (3, "a b")]


@pytest.mark.parametrize("file_format", ["parquet", "csv", "json"])
def test_partitions_hold_every_row_once_with_all_its_columns(tmp_path: Path, file_format: str) -> None:
    from shared.engines.duckdb.rows import DuckRows

    with duckdb.connect() as connection:
        sql = "SELECT range AS n, CASE range % 3 WHEN 0 THEN NULL WHEN 1 THEN 'a/b=c' ELSE 'ż' END AS k, range % 2 AS p FROM range(1000)"
        made = DuckRows(connection, sql, str(tmp_path))
        made.to_partitions(str(tmp_path / "t"), file_format, ("k", "p"), {})
    assert made.count == 1000
    for file in [file for file in (tmp_path / "t").rglob("*") if file.is_file()]:
        file.rename(file.with_name(f"{file.name}.{file_format}"))
    assert len({file.parent for file in (tmp_path / "t").rglob(f"*.{file_format}")}) == 6
    found = rows(read(tmp_path, f"t/**/*.{file_format}"))
    assert sorted(n for n, _, _ in found) == list(range(1000))
    assert {(k, p) for _, k, p in found} == {(k, p) for k in (None, "a/b=c", "ż") for p in (0, 1)}


@pytest.mark.parametrize("encoding", ["windows-1250", "iso-8859-2"])
def test_text_in_an_encoding_that_the_engine_does_not_know_is_read_and_written(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes("id,nazwa\n1,Zażółć gęślą jaźń\n".encode(encoding))
    assert rows(read(tmp_path, "t.csv", options={"encoding": encoding})) == [(1, "Zażółć gęślą jaźń")]
    write(tmp_path, "out.csv", "SELECT 'Łódź' AS t", "csv", encoding=encoding)
    assert (tmp_path / "out.csv").read_bytes() == "t\nŁódź\n".encode(encoding)


def test_bytes_that_mean_nothing_in_the_encoding_name_the_file_and_the_option(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a\n" + b"x\n" * 10_000 + b"\x81\n")
    with pytest.raises(UnreadableFile, match=r"t\.csv.*windows-1250"):
        read(tmp_path, "t.csv", options={"encoding": "windows-1250"})
