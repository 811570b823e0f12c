"""Databases that are files: what a query may not reach, who holds the file, and what is no database at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.connectors import driver
from shared.connectors.errors import BadQuery, Denied, Misconfigured, NotFound, RejectedData, Unavailable
from shared.connectors.sqlite import database as sqlite_database
from tests.support.databases import Duckdb, Place, Sqlite, duck, write_of


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place(Sqlite(tmp_path))


def test_a_query_of_duckdb_reaches_no_other_file(tmp_path: Path) -> None:
    place = Place(Duckdb(tmp_path))
    place.sql("CREATE TABLE t (a int)")
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Denied):
        place.survey(query=f"SELECT * FROM read_csv('{tmp_path}/secret.csv')")
    with pytest.raises(BadQuery, match="must be one SELECT"):
        place.survey(query=f"ATTACH '{tmp_path}/other.db'")


def test_a_query_of_sqlite_changes_nothing(sqlite: Place, tmp_path: Path) -> None:
    sqlite.sql("CREATE TABLE t (a int)")
    for query in (f"ATTACH '{tmp_path}/other.db' AS o", "DROP TABLE t", "INSERT INTO t VALUES (1) RETURNING a"):
        with pytest.raises((BadQuery, Denied)):
            sqlite.survey(query=query)
    assert sqlite.sql("SELECT * FROM t") == []
    assert not (tmp_path / "other.db").exists()


def test_a_file_that_is_not_there_or_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database " * 100)
    for kind in ("sqlite", "duckdb"):
        with pytest.raises(NotFound, match=r"none\.db is not there"):
            driver(kind, {"path": str(tmp_path / "none.db")}).survey("source", {"table": "t"})
        with pytest.raises(Misconfigured, match=r"text\.db is no "):
            driver(kind, {"path": str(tmp_path / "text.db")}).survey("source", {"table": "t"})
        with pytest.raises(NotFound, match="no folder on this machine"):
            Place(_nowhere(kind, tmp_path)).open(write_of("INSERT"))
    assert not (tmp_path / "none.db").exists()


def _nowhere(kind: str, folder: Path) -> Sqlite | Duckdb:
    own = Sqlite(folder) if kind == "sqlite" else Duckdb(folder)
    own.config = {"path": str(folder / "nowhere" / "x.db")}
    return own


def test_of_two_attempts_at_one_sqlite_file_the_first_to_commit_stands(sqlite: Place) -> None:
    """Both have looked for the marker before either wrote; the slower one finds it as it begins to publish."""
    sqlite.sql("CREATE TABLE t (id bigint, name text)")
    run, write = "00000000-0000-7000-8000-000000000003", write_of("INSERT")
    zombie, newer = sqlite.open(write, run=run, epoch=1), sqlite.open(write, run=run, epoch=2)
    newer.write(write, duck("(1, 'newer')"))
    assert newer.commit({"epoch": 2}) == {"epoch": 2}
    zombie.write(write, duck("(1, 'zombie')"))
    assert zombie.commit({"epoch": 1}) == {"epoch": 2}
    assert sqlite.sql("SELECT * FROM t") == [(1, "newer")]


def test_a_sqlite_file_that_another_program_writes_to_is_waited_for_and_then_told_of(
    sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_database, "LOCK_WAIT_S", 0.3)
    sqlite.sql("CREATE TABLE t (id bigint, name text)")
    write = write_of("INSERT")
    holder = sqlite.open(write)
    holder.write(write, duck("(1, 'held')"))
    with pytest.raises(Unavailable, match="another program has been writing to it"):
        sqlite.put(write, "(2, 'waits')")
    holder.commit({})
    assert sqlite.put(write, "(2, 'comes after')")["rowsInserted"] == 1


def test_a_sqlite_file_is_read_while_a_stage_writes_to_it(sqlite: Place) -> None:
    sqlite.put(write_of("INSERT", createTable=True), "SELECT range::BIGINT AS id, 'n' AS name FROM range(30000)")
    write = write_of("OVERWRITE")
    session = sqlite.open(write)
    assert sqlite.read(select="count(*)", table="t") == [(30000,)]
    session.write(write, duck("(1, 'a')"))
    assert sqlite.read(select="count(*)", table="t") == [(30000,)]
    session.commit({})
    assert sqlite.sql("SELECT * FROM t") == [(1, "a")]


def test_what_sqlite_only_half_declares_is_found_in_its_first_rows(sqlite: Place) -> None:
    sqlite.sql("CREATE TABLE t (a, b, c DATETIME, d DATETIME, e DATE, f NUMERIC(5, 1), g)")
    sqlite.sql("INSERT INTO t VALUES (1, 1.5, 1700000000, '2024-01-02T03:04:05Z', '2024-01-02 10:00:00', 1.5, x'00')")
    sqlite.sql("INSERT INTO t VALUES (2, 2, 1, '2024-01-02 03:04:05+02:00', '2024-01-02', 12, x'01')")
    types = [column.type for column in sqlite.survey(table="t").columns]
    assert types == ["BIGINT", "DOUBLE PRECISION", "BIGINT", "TIMESTAMPTZ", "TIMESTAMP", "NUMERIC(5, 1)", "BYTEA"]
    assert [tuple(map(str, row)) for row in sqlite.read("b", "f", table="t")] == [("1.5", "1.5"), ("2.0", "12.0")]


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [("int", "1", "'x'"), ("int", "1", "1.5"), ("date", "'2024-01-02'", "'soon'"), ("decimal(4,1)", "1.5", "1.55")],
)
def test_a_value_that_is_not_what_its_column_says_is_told_with_its_row(sqlite: Place, declared: str, good: str, bad: str) -> None:
    sqlite.sql(f"CREATE TABLE t (a {declared})")
    sqlite.sql(f"INSERT INTO t VALUES ({good})")
    columns = sqlite.survey(table="t").columns
    sqlite.sql(f"INSERT INTO t VALUES (NULL), ({bad})")
    stream = driver("sqlite", sqlite.config).read("s", {"table": "t"}, columns, ["a"])  # type: ignore[attr-defined]
    with pytest.raises(RejectedData, match=r"column a, row 3: .* is no "):
        list(stream.reader())
    stream.close()
