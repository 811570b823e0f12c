"""How rows get into a table, in each dialect; where there is a database at hand, what is in the table afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import duckdb
import pytest
import yaml
from sqlglot import exp, parse_one

from shared.sql import writes as emitters
from shared.sql.dialects import DIALECTS
from shared.sql.errors import SqlProblem
from shared.sql.writes import Marker, writes
from tests.support.mutants import unseen
from tests.unit.sql.dialect_cases import GOLDEN, SHOWN, VERSIONS, held

COLUMNS, KEYS, ORDER = ["id", "from", "n"], ["id", "from"], [("n", "asc")]
MARKER = Marker("penstock_markers", {"run": "0190", "node": "o'clock \"", "batch": 0, "at": date(2026, 3, 29)})
# No server of theirs can be had here.
BY_MANUAL = {"snowflake", "sqlserver", "oracle", "teradata", "hana", "ase", "databricks", "redshift", "spark"}


def said(
    name: str,
    mode: str,
    rows: exp.Query | None = None,
    columns: Sequence[str] = COLUMNS,
    order: Sequence[tuple[str, str]] = ORDER,
    staged: str | None = None,
) -> list[str]:
    return writes(name, "sales.The Orders", columns, mode, KEYS, order, rows=rows, marker=MARKER, version=VERSIONS.get(name), staged=staged)


def each_way(name: str) -> dict[str, str]:
    query = exp.select("*").from_("latest")
    ways: dict[str, tuple[Any, ...]] = {
        "INSERT": ("INSERT",),
        "UPSERT": ("UPSERT",),
        "OVERWRITE": ("OVERWRITE",),
        "UPSERT of keys only": ("UPSERT", None, KEYS, ()),
        "UPSERT, the smallest wins": ("UPSERT", None, [*COLUMNS, "m"], [("n", "desc"), ("m", "asc")]),
        "UPSERT from a query of keys only": ("UPSERT", query, KEYS, ()),
        "UPSERT from a query": ("UPSERT", query),
        "UPSERT from a query in no order": ("UPSERT", query, COLUMNS, ()),
        "INSERT from a query": ("INSERT", query),
        "INSERT of a second sink": ("INSERT", None, COLUMNS, (), "penstock_staged_2"),
    }
    # One statement cannot tell there which of two rows wins.
    left_out = {way for way in ways if way.startswith("UPSERT from")} if name == "ase" else set()
    return {way: ";\n".join(said(name, *asked)) for way, asked in ways.items() if way not in left_out}


@pytest.mark.parametrize("name", SHOWN)
def test_each_way_of_writing_is_said_as_the_golden_text_has_it(name: str) -> None:
    made = each_way(name)
    assert made == held(f"writes/{name}.sql", made)


# What the emitters are asked for, by dialect.
SAID = {name: partial(each_way, name) for name in SHOWN}


def test_a_fault_in_the_emitters_changes_the_golden_text() -> None:
    assert unseen(emitters, SAID) == []


def test_every_dialect_without_a_server_names_the_pages_of_its_vendor() -> None:
    references = yaml.safe_load((GOLDEN / "references.yaml").read_text())
    assert set(references) == BY_MANUAL
    assert all(set(pages) == {"UPSERT", "OVERWRITE"} for pages in references.values())


@pytest.mark.parametrize("name", sorted(BY_MANUAL - {"hana", "ase"}))
def test_what_is_written_can_be_read_in_its_dialect(name: str) -> None:
    for mode in ("INSERT", "UPSERT", "OVERWRITE"):
        for statement in said(name, mode):
            assert parse_one(statement, dialect=DIALECTS[name].writes) is not None


def test_ase_is_asked_to_stage_rows_first() -> None:
    with pytest.raises(SqlProblem, match="stage the rows first"):
        said("ase", "UPSERT", exp.select("*").from_("latest"))


STAGED = [(1, "a", None, 1), (1, "a", 5, 2), (1, "a", 5, 3), (2, "b", 7, 4), (2, "b", 9, 5), (3, "c", 1, 6)]
AFTER = {
    "INSERT": sorted([(1, "a", 0), (4, "d", 4), *[(i, f, n) for i, f, n, _ in STAGED]], key=repr),
    "UPSERT": [(1, "a", 5), (2, "b", 9), (3, "c", 1), (4, "d", 4)],
    "OVERWRITE": sorted([(i, f, n) for i, f, n, _ in STAGED], key=repr),
}


@pytest.mark.parametrize("mode", sorted(AFTER))
@pytest.mark.parametrize("name", ["duckdb", "sqlite"])
def test_the_table_holds_what_was_written_and_the_marker(name: str, mode: str) -> None:
    connection = duckdb.connect() if name == "duckdb" else sqlite3.connect(":memory:")
    unique = ', UNIQUE ("id", "from")' if mode == "UPSERT" else ""
    connection.execute(f'CREATE TABLE orders ("id" INTEGER, "from" TEXT, "n" INTEGER{unique})')
    connection.execute("INSERT INTO orders VALUES (1, 'a', 0), (4, 'd', 4)")
    connection.execute('CREATE TABLE penstock_staged ("id" INTEGER, "from" TEXT, "n" INTEGER, penstock_ordinal BIGINT)')
    connection.executemany("INSERT INTO penstock_staged VALUES (?, ?, ?, ?)", STAGED)
    connection.execute('CREATE TABLE penstock_markers (run TEXT, node TEXT, batch INTEGER, "at" TEXT)')
    for version in (None,) if mode != "UPSERT" else (None, VERSIONS.get(name)):
        for statement in writes(name, "orders", COLUMNS, mode, KEYS, ORDER, marker=MARKER, version=version):
            connection.execute(statement)
    assert sorted(connection.execute('SELECT "id", "from", "n" FROM orders').fetchall(), key=repr) == AFTER[mode]
    assert connection.execute("SELECT * FROM penstock_markers").fetchall()[0] == ("0190", "o'clock \"", 0, "2026-03-29")
    connection.close()
