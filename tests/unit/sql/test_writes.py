"""How rows get into a table, in each dialect; where there is a database at hand, what is in the table afterwards."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest
import yaml
from sqlglot import exp, parse_one

from shared.sql.dialects import DIALECTS
from shared.sql.errors import SqlProblem
from shared.sql.writes import Marker, writes
from tests.unit.sql.dialect_cases import GOLDEN, held
from tests.unit.sql.test_dialects import SHOWN, VERSIONS

COLUMNS, KEYS, ORDER = ["id", "from", "n"], ["id", "from"], [("n", "asc")]
MARKER = Marker("penstock_markers", {"run": "0190", "node": "o'clock", "batch": 0})
# No server of theirs can be had here.
BY_MANUAL = {"snowflake", "sqlserver", "oracle", "teradata", "hana", "ase", "databricks", "spark"}


def said(name: str, mode: str, rows: exp.Query | None = None) -> list[str]:
    return writes(name, "sales.The Orders", COLUMNS, mode, KEYS, ORDER, rows=rows, marker=MARKER, version=VERSIONS.get(name))


@pytest.mark.parametrize("name", SHOWN)
def test_each_way_of_writing_is_said_as_the_golden_text_has_it(name: str) -> None:
    made = {mode: ";\n".join(said(name, mode)) for mode in ("INSERT", "UPSERT", "OVERWRITE")}
    if name != "ase":
        made["UPSERT from a query"] = ";\n".join(said(name, "UPSERT", exp.select("*").from_("latest")))
    assert made == held(f"writes/{name}.sql", made)


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
    connection.execute("CREATE TABLE penstock_markers (run TEXT, node TEXT, batch INTEGER)")
    for version in (None,) if mode != "UPSERT" else (None, VERSIONS.get(name)):
        for statement in writes(name, "orders", COLUMNS, mode, KEYS, ORDER, marker=MARKER, version=version):
            connection.execute(statement)
    assert sorted(connection.execute('SELECT "id", "from", "n" FROM orders').fetchall(), key=repr) == AFTER[mode]
    assert connection.execute("SELECT * FROM penstock_markers").fetchall()[0] == ("0190", "o'clock", 0)
    connection.close()
