"""A file of orders, some of which are wrong in one of six ways, the recipe that loads it, and what is to become of each row.

Ways: `line` (too many fields), `type` (a value that does not fit its column), `expression` (a division by zero), `rule` (a rule of a
validate node), `null` (the table takes none there), `key` (the table has that one already).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.support.stack import Stack

WAYS = ("line", "type", "expression", "rule", "null", "key")
# Of so many rows one is wrong.
ONE_IN = 100
# node, kind, rule, and whether the letter knows its line.
CHARGED: dict[str, tuple[str, str, str | None, bool]] = {
    "line": ("orders", "line", None, True),
    "type": ("orders", "line", None, True),
    "expression": ("price", "row", None, False),
    "rule": ("check", "quality", "positive", False),
    "null": ("table", "sink", "shop NOT NULL", False),
    "key": ("table", "sink", "{table}_pkey", False),
}
SAYS = {
    "line": "Expected Number of Columns: 5 Found: 6",
    "type": "Could not convert string",
    "expression": "unit: division by zero",
    "rule": "positive: amount is not",
    "null": 'null value in column "shop"',
    "key": "is there already",
}
HEADER = "id,amount,parts,shop,note"
COLUMNS = "(id bigint PRIMARY KEY, amount numeric(12,2), parts bigint, shop text NOT NULL, note text, unit double precision)"


def way_at(number: int, ways: Collection[str]) -> str | None:
    """How the row of that number is wrong, from 1; None: it is not."""
    listed = list(ways)
    return listed[number // ONE_IN % len(listed)] if listed and number % ONE_IN == 0 else None


def row(number: int, way: str | None = None) -> list[str]:
    fields = [str(number), f"{number % 9000 + 1}.50", str(number % 7 + 1), f"shop {number % 50}", f"order number {number} of the year"]
    if way == "line":
        fields.append("one too many")
    elif way == "type":
        fields[1] = "a lot"
    elif way == "expression":
        fields[2] = "0"
    elif way == "rule":
        fields[1] = "-1.50"
    elif way == "null":
        fields[3] = ""
    elif way == "key":
        # Of the row before it, which is right.
        fields[0] = str(number - 1)
    return fields


def write(path: Path, rows: int, ways: Collection[str]) -> None:
    with path.open("w") as file:
        file.write(HEADER + "\n")
        file.writelines(",".join(row(number, way_at(number, ways))) + "\n" for number in range(1, rows + 1))


def wrong(rows: int, ways: Collection[str]) -> Iterator[tuple[int, str]]:
    for number in range(ONE_IN, rows + 1, ONE_IN):
        if (way := way_at(number, ways)) is not None:
            yield number, way


def expected(rows: int, ways: Collection[str], table: str = "mixed") -> dict[int, tuple[str, str, str | None, int | None]]:
    """(node, kind, rule, line) of each letter, by the number of its row."""
    found = {}
    for number, way in wrong(rows, ways):
        node, kind, rule, placed = CHARGED[way]
        found[number] = (node, kind, rule.format(table=table) if rule else None, number + 1 if placed else None)
    return found


def id_of(letter: dict[str, Any]) -> int:
    """The number of its row: every note has it."""
    record = letter["original_record"]
    note = record["line"] if "line" in record else record["note"]
    return int(note.split("order number ")[1].split(" ")[0])


def way_of(letter: dict[str, Any]) -> str:
    return way_at(id_of(letter), WAYS) or ""


def corrected(letter: dict[str, Any]) -> dict[str, Any]:
    """What should have stood there: of a line all of it, of a row the column that was wrong."""
    good = dict(zip(HEADER.split(","), row(number := id_of(letter)), strict=True))
    record = letter["original_record"]
    if "line" in record:
        return {"file": record["file"], "line": ",".join(row(number))}
    return {"id": int(good["id"]), "parts": int(good["parts"]), "amount": good["amount"], "shop": good["shop"]}


def recipe(name: str, path: str, table: str, mode: str = "INSERT") -> str:
    schema = {"id": "BIGINT", "amount": "NUMERIC(12, 2)", "parts": "BIGINT", "shop": "TEXT", "note": "TEXT"}
    keys = ", upsertKeys: [id]" if mode == "UPSERT" else ""
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  retries: 0
  nodes:
    - {{id: orders, type: connector_source, config: {{connector: files, path: {path}, schema: {json.dumps(schema)}}}}}
    - {{id: check, type: validate, config: {{rules: [{{name: positive, type: RANGE, column: amount, min: 0}}]}}}}
    - {{id: price, type: expression, config: {{columns: [{{name: unit, expression: amount / parts, type: DOUBLE PRECISION}}]}}}}
    - {{id: table, type: connector_sink, config: {{connector: db, table: {table}, writeMode: {mode}{keys}}}}}
  edges: [{{from: orders, to: check}}, {{from: check.valid, to: price}}, {{from: price, to: table}}]
"""


def prepare(stack: Stack, rows: int, tables: Collection[str] = ("mixed",)) -> None:
    """Empty tables, and `clean` with all rows as they should be, loaded by the same recipe."""
    for table in ("clean", *tables):
        empty(stack, table)
    write(stack.files / "clean.csv", rows, ())
    stack.apply(recipe("clean", "clean.csv", "clean"))
    ended = stack.wait(stack.start("clean"), 600)
    assert ended["status"] == "SUCCEEDED", ended["error"]


def empty(stack: Stack, table: str) -> None:
    with psycopg.connect(stack.demo_url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {table}")  # type: ignore[arg-type]
        connection.execute(f"CREATE TABLE {table} {COLUMNS}")  # type: ignore[arg-type]


def differences(stack: Stack, table: str) -> int:
    """Rows that are in one of the tables only."""
    ((found,),) = stack.sql(
        f"SELECT count(*) FROM ((TABLE clean EXCEPT ALL TABLE {table}) UNION ALL (TABLE {table} EXCEPT ALL TABLE clean)) AS d"
    )
    return int(found)
