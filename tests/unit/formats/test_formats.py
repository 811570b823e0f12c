"""Which format, which options, which column names and types a file has."""

from __future__ import annotations

import io

import pytest

from shared.connectors.files.json_columns import columns as json_columns
from shared.errors import ConfigurationError
from shared.formats import CsvDialect, csv_dialect, file_format
from shared.formats.errors import BadOptions, UnknownFormat, UnreadableFile
from shared.formats.header import check_delimiter, column_names, records
from shared.formats.inference import looks
from shared.formats.types import duckdb, ours


@pytest.mark.parametrize(
    ("path", "named", "expected"),
    [
        ("a.csv", None, ("csv", None)),
        ("a.TSV.GZ", None, ("tsv", "gzip")),
        ("a.ndjson.zst", None, ("jsonl", "zstd")),
        ("a.parquet", None, ("parquet", None)),
        ("a.dat", "csv", ("csv", None)),
        ("a.dat.gz", "json", ("json", "gzip")),
    ],
)
def test_a_name_says_its_format_unless_the_recipe_does(path: str, named: str | None, expected: tuple[str, str | None]) -> None:
    found = file_format(path, named)
    assert (found.name, found.compression) == expected


@pytest.mark.parametrize(("path", "named"), [("a", None), ("a.gz", None), ("a.csv", "docx")])
def test_a_format_that_nobody_says_or_knows_is_refused_with_the_list(path: str, named: str | None) -> None:
    with pytest.raises(UnknownFormat, match="parquet"):
        file_format(path, named)


@pytest.mark.parametrize("options", [{"quote": ","}, {"decimal": ","}])
def test_options_that_contradict_one_another_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(BadOptions, match="both"):
        csv_dialect("csv", options)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-20", "0"], "BIGINT"),
        (["9223372036854775807"], "BIGINT"),
        (["9223372036854775808"], "TEXT"),
        (["007"], "TEXT"),
        (["+5"], "TEXT"),
        (["-0"], "DOUBLE PRECISION"),
        (["1", "2.5"], "DOUBLE PRECISION"),
        (["1e5"], "DOUBLE PRECISION"),
        (["1e999"], "TEXT"),
        (["0.1234567890123456"], "TEXT"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "TEXT"),
        (["2024-02-29"], "DATE"),
        (["2023-02-29"], "TEXT"),
        (["2024-02-28 10:11:12.5"], "TIMESTAMP"),
        (["2024-02-28T10:11:12Z"], "TIMESTAMPTZ"),
        (["2024-02-28", "2024-02-28 10:11:12"], "TEXT"),
        (["23:59:59"], "TIME"),
        (["24:00:00"], "TEXT"),
        (["1", "x"], "TEXT"),
        ([" 1"], "TEXT"),
        (["١"], "TEXT"),
        ([], None),
    ],
)
def test_a_type_is_inferred_only_where_no_text_is_lost(texts: list[str], expected: str | None) -> None:
    assert looks(texts) == expected


def test_the_recipes_own_date_format_replaces_the_iso_one() -> None:
    assert looks(["31.12.2024"], date_format="%d.%m.%Y") == "DATE"
    assert looks(["2024-12-31"], date_format="%d.%m.%Y") == "TEXT"
    assert looks(["20241231"], date_format="%Y%m%d") == "DATE"
    assert looks(["7"], date_format="%Y%m%d") == "BIGINT"
    assert looks(["2024-12-31T00:00:00Z"], timestamp_format="%d.%m.%Y %H:%M") == "TEXT"


def test_decimal_commas_make_numbers_and_points_do_not() -> None:
    assert looks(["1,5", "2"], decimal=",") == "DOUBLE PRECISION"
    assert looks(["1.5"], decimal=",") == "TEXT"


def test_column_names_are_kept_and_made_distinct() -> None:
    assert column_names(["a b", "A B", "", "ü"], CsvDialect()) == ("a b", "A B_1", "column2", "ü")
    assert column_names(["1", "x"], CsvDialect(header=False)) == ("column0", "column1")


def test_a_file_divided_by_something_else_says_by_what() -> None:
    with pytest.raises(BadOptions, match="';'"):
        check_delimiter("a.csv", ["id;name"], CsvDialect())
    check_delimiter("a.csv", ["id"], CsvDialect())


def test_records_are_read_as_the_options_say() -> None:
    text = b'\xef\xbb\xbfskip me\n"a;1";b\n\n"two\nlines";c\n'
    assert records(io.BytesIO(text), CsvDialect(delimiter=";", skip_rows=1), 9) == [["a;1", "b"], ["two\nlines", "c"]]
    assert records(io.BytesIO(b"a||b\n"), CsvDialect(delimiter="||"), 1) == [["a", "b"]]
    with pytest.raises(UnreadableFile, match="utf-8"):
        records(io.BytesIO(b"\xff\xfe\xfa"), CsvDialect(), 1)


def test_types_widen_on_the_way_in_and_come_back_the_same() -> None:
    assert ours("UBIGINT") == "NUMERIC(20, 0)"
    assert ours("STRUCT(a INTEGER)") == "JSON"
    assert ours("INTEGER[3]") == "INTEGER[]"
    assert ours("DECIMAL(9,2)[]") == "NUMERIC(9, 2)[]"
    for type_ in ("BOOLEAN", "SMALLINT", "BIGINT", "DOUBLE PRECISION", "TEXT", "DATE", "TIMESTAMPTZ", "BYTEA", "UUID", "NUMERIC(20, 4)"):
        assert ours(duckdb(type_)) == type_
    assert duckdb("NUMERIC(60, 4)") == "VARCHAR"


def test_columns_of_json_come_in_the_order_first_seen_with_types_that_hold_every_value() -> None:
    found = json_columns(
        ['{"id": 1, "n": 1.5, "t": "007"}', '{"m": true, "id": 2, "n": null, "d": "2024-05-06", "o": {}, "x": 1}', '{"x": "a"}'], "f"
    )
    assert [(c.name, c.type) for c in found] == [
        ("id", "BIGINT"), ("n", "DOUBLE PRECISION"), ("t", "TEXT"), ("m", "BOOLEAN"), ("d", "DATE"), ("o", "JSON"), ("x", "TEXT"),
    ]  # fmt: skip


def test_json_without_names_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="object"):
        json_columns(["[1, 2]"], "f.json")
