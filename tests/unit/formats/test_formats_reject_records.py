"""A record that cannot be a row is told of, with its place and its text; inference loses nothing; what is no such file is named."""

from __future__ import annotations

import bz2
import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from shared.connectors.errors import Misconfigured
from shared.connectors.files.driver import ConnectorDriver
from shared.engines.work import Outcome
from shared.errors import PenstockError
from shared.formats.errors import BadOptions, UnreadableFile
from tests.support.formats import read, read_as, rows, types, write


def rejected(outcome: Outcome) -> list[tuple[Any, str, int]]:
    if not outcome.rejects:
        return []
    found = duckdb.sql(f"SELECT * FROM '{outcome.rejects[0].uri}' ORDER BY position").fetchall()
    return [(json.loads(record), message, position) for record, message, position in found]


BAD_LINES = (
    '{"id": 1, "d": "2024-05-06"}\n\n  \n{"id": broken\n{"id": 2.5}\n[1]\n'
    '{"id": 3, "d": "yesterday"}\r\n{"id": "4", "d": null}\n{"id": true}'
)


@pytest.mark.parametrize("ending", ["jsonl", "json", "jsonl.bz2"])
def test_bad_lines_of_json_are_rejected_with_their_line_numbers_and_the_others_pass(tmp_path: Path, ending: str) -> None:
    text = BAD_LINES.encode()
    (tmp_path / f"t.{ending}").write_bytes(bz2.compress(text) if ending.endswith("bz2") else text)
    outcome = read_as(tmp_path, {"path": f"t.{ending}"}, [["id", "BIGINT", True], ["d", "DATE", True]])
    assert [(row[0], str(row[1])) for row in rows(outcome)] == [(1, "2024-05-06"), (4, "None")]
    assert [(record["line"], position) for record, _, position in rejected(outcome)] == [
        ('{"id": broken', 4),
        ('{"id": 2.5}', 5),
        ("[1]", 6),
        ('{"id": 3, "d": "yesterday"}', 7),
        ('{"id": true}', 9),
    ]
    assert rejected(outcome)[0][0]["file"] == f"t.{ending}"
    assert [message for _, message, _ in rejected(outcome)][:4] == [
        "the line is not JSON",
        "column id: '2.5' does not fit BIGINT",
        "the record is no object",
        "column d: 'yesterday' does not fit DATE",
    ]
    assert outcome.figures["in"]["rowsRejected"] == 5


def test_records_of_an_array_are_rejected_by_their_number(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"n": 1},\n {"n": "x"}, 5, {"n": 2}]')
    outcome = read(tmp_path, "t.json", {"n": "INTEGER"})
    assert rows(outcome) == [(1,), (2,)]
    assert [(json.loads(record["record"]), position) for record, _, position in rejected(outcome)] == [({"n": "x"}, 2), (5, 3)]


def test_many_bad_lines_in_several_files_keep_their_places(tmp_path: Path) -> None:
    for number in (1, 2):
        lines = (f'{{"n": {at if at % 3 else "nothing"}}}\n' for at in range(30_000))
        (tmp_path / f"{number}.jsonl").write_text("".join(lines))
    outcome = read_as(tmp_path, {"path": "*.jsonl"}, [["n", "BIGINT", True]])
    assert outcome.figures["in"]["rowsOut"] == 40_000
    assert [(record["file"], position) for record, _, position in rejected(outcome)] == [
        (f"{number}.jsonl", at + 1) for at in range(0, 30_000, 3) for number in (1, 2)
    ]


@pytest.mark.parametrize("path", ["data.items", "$.data.items", "/data/items"])
def test_records_inside_a_document_are_found_by_their_path(tmp_path: Path, path: str) -> None:
    items = [{"id": 1, "Name": "a"}, {"id": 2, "Name": None}, {"id": "x"}]
    (tmp_path / "t.json").write_text(json.dumps({"count": 3, "data": {"items": items}}, indent=1))
    outcome = read(tmp_path, "t.json", {"id": "BIGINT"}, options={"recordsPath": path})
    assert rows(outcome) == [(1, "a"), (2, None)]
    assert [(json.loads(record["record"]), position) for record, _, position in rejected(outcome)] == [({"id": "x"}, 3)]


def test_a_path_that_leads_nowhere_and_a_document_that_breaks_off_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"data": [{"a": 1}, {"a": ')
    with pytest.raises(UnreadableFile, match=r"t\.json.*other.*recordsPath|t\.json.*not JSON"):
        read(tmp_path, "t.json", options={"recordsPath": "other"})
    with pytest.raises(UnreadableFile, match=r"t\.json.*not JSON"):
        read(tmp_path, "t.json", options={"recordsPath": "data"})


def test_objects_that_span_lines_are_read_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{\n "a": 1,\n "b": {"c": [1]}\n}\n{\n "a": 2\n}\n')
    got = rows(read(tmp_path, "t.json"))
    assert [(a, json.loads(b) if b else None) for a, b in got] == [(1, {"c": [1]}), (2, None)]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (["12345678901234567890.12", "1"], "TEXT", ["12345678901234567890.12", "1"]),
        (["0.12345678901234567891"], "TEXT", ["0.12345678901234567891"]),
        (["123456789012345678901234567890"], "TEXT", ["123456789012345678901234567890"]),
        (['"007"', '"8"'], "TEXT", ["007", "8"]),
        (['"+48123"'], "TEXT", ["+48123"]),
        (["1", '"x"'], "TEXT", ["1", "x"]),
        (["true", "1"], "TEXT", ["true", "1"]),
        (["1", "2.5"], "DOUBLE PRECISION", [1.0, 2.5]),
        (["9223372036854775807"], "BIGINT", [9223372036854775807]),
    ],
)
@pytest.mark.parametrize("array", [True, False])
def test_inference_of_json_loses_nothing(tmp_path: Path, array: bool, values: list[str], type_: str, expected: list[Any]) -> None:
    records = [f'{{"v": {value}}}' for value in values]
    (tmp_path / "t.json").write_text(f"[{','.join(records)}]" if array else "\n".join(records))
    outcome = read(tmp_path, "t.json")
    assert types(outcome) == {"v": type_}
    assert [value for (value,) in rows(outcome)] == expected


def test_long_numbers_keep_their_digits_where_a_type_is_pinned(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"n": 12345678901234567890.1234567890}\n{"n": 1.5}\n')
    outcome = read(tmp_path, "t.jsonl", {"n": "NUMERIC(38, 10)"})
    assert [str(n) for (n,) in rows(outcome)] == ["12345678901234567890.1234567890", "1.5000000000"]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("DATE", '"2024-05-06 10:00:00"'),
        ("DATE", '"2024-02-30"'),
        ("TIMESTAMP", '"2024-05-06T10:00:00+02:00"'),
        ("SMALLINT", "70000"),
        ("BIGINT", '"0x1F"'),
        ("BIGINT[]", '"x"'),
        ("BOOLEAN", '"yes"'),
        ("UUID", "5"),
    ],
)
def test_a_value_that_its_type_would_change_is_rejected(tmp_path: Path, type_: str, value: str) -> None:
    (tmp_path / "t.jsonl").write_text(f'{{"v": {value}}}\n{{"v": null}}\n')
    outcome = read_as(tmp_path, {"path": "t.jsonl"}, [["v", type_, True]])
    assert rows(outcome) == [(None,)]
    assert [position for _, _, position in rejected(outcome)] == [1]


def test_names_of_fields_are_kept_whatever_they_are(tmp_path: Path) -> None:
    names = ['a"b', "c/d~e", "select", "Ä ö", "x.y", "$z", "back\\slash", ""]
    (tmp_path / "t.jsonl").write_text(json.dumps({name: at for at, name in enumerate(names)}))
    outcome = (
        read(tmp_path, "t.jsonl")
        if "" not in names
        else read_as(tmp_path, {"path": "t.jsonl"}, [[name, "BIGINT", True] for name in names[:-1]])
    )
    assert list(types(outcome)) == names[:-1]
    assert rows(outcome) == [tuple(range(len(names) - 1))]


def test_fields_that_are_one_name_in_sql_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": 1, "ID": 2}')
    with pytest.raises(Misconfigured, match="id and ID"):
        read(tmp_path, "t.jsonl")


XML = """<?xml version="1.0" encoding="UTF-8"?>
<orders xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <head><made>today</made></head>
  <order id="1"><amount>12.50</amount><day>2024-05-06</day><name>Zażółć &amp; co</name></order>
  <order id="2"><amount>x</amount><day/><name xsi:nil="true"/></order>
  <order id="3"><amount>7</amount><item sku="a">1</item><item sku="b">2</item></order>
</orders>"""


def test_elements_of_xml_are_records_with_their_attributes_and_children(tmp_path: Path) -> None:
    (tmp_path / "t.xml").write_text(XML)
    outcome = read(tmp_path, "t.xml", {"amount": "NUMERIC(10, 2)"}, options={"recordsPath": "orders/order"})
    assert types(outcome) == {"@id": "BIGINT", "amount": "NUMERIC(10, 2)", "day": "DATE", "name": "TEXT", "item": "JSON"}
    got = [(row[0], str(row[1]), str(row[2]), row[3], row[4] and json.loads(row[4])) for row in rows(outcome)]
    assert got == [
        (1, "12.50", "2024-05-06", "Zażółć & co", None),
        (3, "7.00", "None", None, [{"@sku": "a", "#text": "1"}, {"@sku": "b", "#text": "2"}]),
    ]
    ((record, message, position),) = rejected(outcome)
    assert (json.loads(record["record"])["@id"], message, position) == ("2", "column amount: 'x' does not fit NUMERIC(10, 2)", 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<!DOCTYPE o [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><o><r>&b;</r></o>', "entit"),
        ('<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><o><r>&a;</r></o>', "entit"),
        ("<o><r><a>1</a></r>", "not XML"),
        ("no", "not XML"),
    ],
)
def test_xml_that_expands_or_breaks_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "t.xml").write_text(text)
    with pytest.raises(UnreadableFile, match=rf"t\.xml.*{told}"):
        read(tmp_path, "t.xml")


def test_rows_of_a_sheet_are_told_by_their_number_in_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["not this one"])
    sheet = book.create_sheet("Zażółć")
    for row in (["exported by hand"], ["id", None, "amount"], [1, "a", 1.5], [2, "b", "n/a"], [], ["x", "c", 3], [4, "d", 4, "too many"]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    options = {"sheet": "Zażółć", "skipRows": 1, "nullValues": ["n/a"]}
    outcome = read(tmp_path, "t.xlsx", {"id": "BIGINT"}, options=options)
    assert rows(outcome) == [(1, "a", 1.5), (2, "b", None), (None, None, None)]
    assert list(types(outcome)) == ["id", "column1", "amount"]
    assert [(message, position) for _, message, position in rejected(outcome)] == [
        ("column id: 'x' does not fit BIGINT", 6),
        ("the record is no object", 7),
    ]
    with pytest.raises(BadOptions, match="Zażółć"):
        read(tmp_path, "t.xlsx", options={"sheet": "Sheet9"})


@pytest.mark.parametrize("ending", ["xlsx", "avro", "parquet", "xml"])
def test_a_file_that_is_not_what_its_ending_says_is_named(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"t.{ending}").write_text("neither")
    with pytest.raises(PenstockError, match=rf"t\.{ending}"):
        ConnectorDriver({"root": str(tmp_path)}).survey("source", {"path": f"t.{ending}"})


@pytest.mark.parametrize("ending", ["avro", "xlsx", "parquet"])
def test_a_file_that_breaks_off_fails_and_is_named(tmp_path: Path, ending: str) -> None:
    write(tmp_path, f"t.{ending}", "SELECT range AS n, 'text ' || range AS t FROM range(10000)", ending)
    whole = (tmp_path / f"t.{ending}").read_bytes()
    (tmp_path / f"t.{ending}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PenstockError):
        read_as(tmp_path, {"path": f"t.{ending}"}, [["n", "BIGINT", True], ["t", "TEXT", True]])


def test_dates_in_the_recipes_own_format_are_dates_in_json_too(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"d": "31.12.2024"}\n{"d": "01.02.2025"}\n{"d": ""}\n')
    options = {"dateFormat": "%d.%m.%Y", "nullValues": [""]}
    outcome = read(tmp_path, "t.jsonl", options=options)
    assert types(outcome) == {"d": "DATE"}
    assert [str(day) for (day,) in rows(outcome)] == ["2024-12-31", "2025-02-01", "None"]


@pytest.mark.parametrize(("file", "body", "records"), [("t.csv", "a,b\n1,2\n3,4\n", 2), ("t.jsonl", '{"a": 1}\nno\n{"a": 2}\n', 2)])
def test_a_survey_says_from_how_many_records_it_inferred(tmp_path: Path, file: str, body: str, records: int) -> None:
    (tmp_path / file).write_text(body)
    assert ConnectorDriver({"root": str(tmp_path)}).survey("source", {"path": file}).to_json()["inferredFrom"] == records
    write(tmp_path, "t.parquet", "SELECT 1 AS a", "parquet")
    assert ConnectorDriver({"root": str(tmp_path)}).survey("source", {"path": "t.parquet"}).inferred_from is None
