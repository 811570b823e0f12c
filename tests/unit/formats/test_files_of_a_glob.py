"""Files of one glob that are not alike: types that hold the values of all, columns by name, or a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import pytest

from shared.formats.errors import UnreadableFile
from tests.support.formats import read, rows, types
from tests.unit.engines.test_duckdb_reads import rejected


def glob(folder: Path, ending: str, *files: str) -> str:
    for number, text in enumerate(files):
        (folder / f"{number}.{ending}").write_text(text)
    return f"*.{ending}"


@pytest.mark.parametrize(
    ("ending", "files", "found", "values"),
    [
        ("csv", ("id,v\n1,2\n", "id,v\n2,2.5\n"), {"id": "BIGINT", "v": "DOUBLE PRECISION"}, [(1, 2.0), (2, 2.5)]),
        ("csv", ("id,v\n1,2\n", "id,v\n2,007\n"), {"id": "BIGINT", "v": "TEXT"}, [(1, "2"), (2, "007")]),
        ("csv", ("id,v\n1,2\n", "v,id\n5,2\n"), {"id": "BIGINT", "v": "BIGINT"}, [(1, 2), (2, 5)]),
        ("csv", ("", "id,v\n", "id,v\n2,3\n"), {"id": "BIGINT", "v": "BIGINT"}, [(2, 3)]),
        ("jsonl", ('{"id":1}\n', '{"w":2.5,"id":2}\n'), {"id": "BIGINT", "w": "DOUBLE PRECISION"}, [(1, None), (2, 2.5)]),
        ("json", ("[]", '[{"id":2}]'), {"id": "BIGINT"}, [(2,)]),
        ("xml", ("<r><o><a>1</a></o></r>", "<r><o><a>x</a></o></r>"), {"a": "TEXT"}, [("1",), ("x",)]),
    ],
)
def test_types_hold_the_values_of_all_files_and_columns_go_by_name(
    tmp_path: Path, ending: str, files: tuple[str, ...], found: Mapping[str, str], values: list[Any]
) -> None:
    outcome = read(tmp_path, glob(tmp_path, ending, *files))
    assert (types(outcome), rows(outcome), outcome.rejects) == (found, values, ())


def test_avro_files_have_the_columns_and_types_of_all(tmp_path: Path) -> None:
    for number, (kind, value) in enumerate((("int", 1), ("long", 2**40))):
        with (tmp_path / f"{number}.avro").open("wb") as file:
            fastavro.writer(file, {"type": "record", "name": "r", "fields": [{"name": "id", "type": kind}]}, [{"id": value}])
    outcome = read(tmp_path, "*.avro")
    assert (types(outcome), rows(outcome)) == ({"id": "BIGINT"}, [(1,), (2**40,)])


def test_bad_lines_of_files_in_another_order_keep_their_file_and_line(tmp_path: Path) -> None:
    outcome = read(tmp_path, glob(tmp_path, "csv", "id,v\n1,2\nx,1\n", "v,id\n5,2\n7,y\n"), {"id": "BIGINT"})
    assert rows(outcome) == [(1, 2), (2, 5)]
    assert [(record["file"], record["line"], position) for record, _, position in rejected(outcome)] == [
        ("0.csv", "x,1", 3),
        ("1.csv", "7,y", 3),
    ]


@pytest.mark.parametrize("header", ["id", "id,v,w", "id,other"])
def test_a_column_that_only_some_csv_files_have_is_refused_with_the_file(tmp_path: Path, header: str) -> None:
    with pytest.raises(UnreadableFile, match=rf"1\.csv has the columns {', '.join(header.split(','))}, and .*0\.csv id, v"):
        read(tmp_path, glob(tmp_path, "csv", "id,v\n1,2\n", f"{header}\n"))
