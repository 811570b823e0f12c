"""Files of each format through whole runs: in and out again, with what was rejected in the dead letters."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from typing import Any

import duckdb
import fastavro
import openpyxl
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: formats}
spec:
  nodes:
    - id: document
      type: connector_source
      config: {connector: files, path: formats/in.json, options: {recordsPath: data.items}, schema: {id: BIGINT, price: "NUMERIC(30, 10)"}}
    - {id: lines, type: connector_source, config: {connector: files, path: "formats/*.jsonl.bz2", schema: {id: INTEGER}}}
    - {id: markup, type: connector_source, config: {connector: files, path: formats/in.xml, options: {recordsPath: orders/order}}}
    - {id: book, type: connector_source, config: {connector: files, path: formats/in.xlsx, options: {sheet: Data, skipRows: 1}}}
    - {id: dearer, type: expression, config: {columns: [{name: twice, expression: price * 2}]}}
    - {id: avro, type: connector_sink, config: {connector: files, path: formats/out.avro, writeMode: OVERWRITE}}
    - id: sheet
      type: connector_sink
      config: {connector: files, path: formats/out.xlsx, writeMode: OVERWRITE, options: {sheet: Lines}}
    - id: text
      type: connector_sink
      config: {connector: files, path: formats/out.csv.gz, writeMode: OVERWRITE, options: {delimiter: ";", decimal: ",", encoding: utf-16}}
    - id: parts
      type: connector_sink
      config: {connector: files, path: formats/parts, writeMode: INSERT, format: jsonl, partitionBy: [kind]}
  edges:
    - {from: document, to: dearer}
    - {from: dearer, to: avro}
    - {from: lines, to: sheet}
    - {from: markup, to: text}
    - {from: book, to: parts}
"""


def test_every_format_goes_through_a_run(stack: Stack) -> None:
    folder = stack.files / "formats"
    folder.mkdir()
    items = '[{"id": 1, "price": 12345678901234567890.5}, {"id": "x", "price": 1}, {"id": 2, "price": 0.1}]'
    (folder / "in.json").write_text(f'{{"count": 3, "data": {{"items": {items}}}}}')
    (folder / "in.jsonl.bz2").write_bytes(bz2.compress('{"id": 1, "t": "zażółć"}\n{"id": \n{"id": 2, "t": null}\n'.encode()))
    (folder / "in.xml").write_text('<orders><order id="7"><amount>1.5</amount></order><order id="8"><amount/></order></orders>')
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    for row in (["made by hand"], ["id", "kind"], [1, "a"], [2, "b/c"], [3, "a"]):
        sheet.append(row)
    book.save(folder / "in.xlsx")
    stack.apply(RECIPE)
    run = stack.wait(stack.start("formats"), 120)
    assert run["status"] == "SUCCEEDED", run
    with (folder / "out.avro").open("rb") as file:
        records: list[Any] = list(fastavro.reader(file))
    assert [(record["id"], str(record["price"]), str(record["twice"])) for record in records] == [
        (1, "12345678901234567890.5000000000", "24691357802469135781.0000000000"),
        (2, "0.1000000000", "0.2000000000"),
    ]
    assert list(openpyxl.load_workbook(folder / "out.xlsx")["Lines"].values) == [("id", "t"), (1, "zażółć"), (2, None)]
    assert gzip.decompress((folder / "out.csv.gz").read_bytes()).decode("utf-16") == "@id;amount\n7;1,5\n8;\n"
    parts = sorted(str(path.relative_to(folder)).split("/part-")[0] for path in folder.rglob("*.jsonl"))
    assert parts == ["parts/kind=a", "parts/kind=b%2Fc"]
    found = duckdb.sql(f"SELECT id, kind FROM read_json('{folder}/parts/**/*.jsonl', hive_partitioning = false) ORDER BY id").fetchall()
    assert found == [(1, "a"), (2, "b/c"), (3, "a")]
    letters = stack.sql(
        "SELECT node, original_record, position FROM dead_letters WHERE run_id = %s ORDER BY node", run["id"], database="penstock"
    )
    assert letters == [
        ("document", {"file": "formats/in.json", "record": '{"id": "x", "price": 1}'}, 2),
        ("lines", {"file": "formats/in.jsonl.bz2", "line": '{"id": '}, 2),
    ]
    assert zipfile.is_zipfile(folder / "out.xlsx")
    assert json.dumps(run["nodes"]).count('"rowsRejected": 1') == 2


def test_what_the_release_cannot_write_or_read_is_said_before_anything_is_done(stack: Stack) -> None:
    recipe = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: unwritable}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: formats/in.xlsx, options: {sheet: Data, delimiter: ";"}}}
    - {id: out, type: connector_sink, config: {connector: files, path: formats/new.xlsx, writeMode: OVERWRITE}}
  edges: [{from: read, to: out}]
"""
    stack.apply(recipe)
    run = stack.wait(stack.start("unwritable"))
    assert run["status"] == "FAILED"
    assert "xlsx has no option delimiter" in json.dumps(run)


def test_a_file_put_together_of_others_is_read_whatever_ends_its_lines(stack: Stack) -> None:
    (stack.files / "joined.csv").write_bytes(b'id,name\r\n1,"a\r\nb"\n2,b\r3,c,x\n4,d')
    stack.apply(
        """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: joined}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: joined.csv}}
    - {id: keep, type: connector_sink, config: {connector: db, table: joined, writeMode: OVERWRITE, createTable: true}}
  edges: [{from: read, to: keep}]
"""
    )
    ended = stack.wait(stack.start("joined"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert stack.sql("SELECT * FROM joined ORDER BY id") == [(1, "a\r\nb"), (2, "b"), (4, "d")]
    (letter,) = stack.client.call("GET", "/dead-letters", run=ended["id"])["items"]
    assert (letter["original_record"], letter["position"]) == ({"file": "joined.csv", "line": "3,c,x"}, 5)
