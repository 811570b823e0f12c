"""What queries in PostgreSQL's meaning become in each dialect, and that the answer stays the same where it can be run."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
import pytest
from sqlglot import exp

from shared.sql.dialects import DIALECTS, dialect
from shared.sql.render import sql
from shared.sql.trust import trust
from tests.support.mariadb import Server
from tests.support.postgresql import server
from tests.unit.sql.dialect_cases import COLUMNS, QUERIES, SHOWN, VERSIONS, held, rows, said, tree

# What PostgreSQL's grammar has no word for: it is what the planner makes of a cast that may fail.
TRY_CAST = "guarded_cast"


@pytest.mark.parametrize("name", SHOWN)
def test_each_query_is_said_as_the_golden_text_has_it(name: str) -> None:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    made = {title: said(title, name, VERSIONS.get(name)) for title in QUERIES}
    assert made == held(f"{name}.sql", made)


Run = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def duck() -> Iterator[Run]:
    with duckdb.connect() as connection:
        for table in ("t", "u"):
            declared = ", ".join(f'"{c.name}" {c.type}' for c in COLUMNS)
            connection.execute(f"CREATE TABLE {table} ({declared})")
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(COLUMNS))})", rows(table))
        yield lambda text: connection.execute(text).fetchall()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with server(tmp_path_factory.mktemp("postgres")) as url, psycopg.connect(url, autocommit=True) as connection:
        for table in ("t", "u"):
            declared = ", ".join(f'"{c.name}" {c.type}' for c in COLUMNS)
            connection.execute(f"CREATE TEMP TABLE {table} ({declared})".encode())
            connection.cursor().executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(COLUMNS))})".encode(), rows(table))
        yield lambda text: connection.execute(text.encode()).fetchall()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    path: Path = tmp_path_factory.mktemp("sqlite") / "file.db"
    connection = sqlite3.connect(path)
    for table in ("t", "u"):
        declared = ", ".join(f'"{c.name}" {c.type}' for c in COLUMNS)
        connection.execute(f"CREATE TABLE {table} ({declared})")
        said = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO {table} VALUES ({said})", [[stored(value) for value in row] for row in rows(table)])
    yield lambda text: connection.execute(text).fetchall()
    connection.close()


@pytest.fixture(scope="module")
def mysql(mariadb: Server) -> Iterator[Run]:
    """MariaDB, with a collation that finds 'a' equal to 'A' and to 'a ', and a session as the dialect wants it."""
    place = mariadb.database()
    with pymysql.connect(**place.config, autocommit=True, charset="utf8mb4") as connection, connection.cursor() as cursor:
        for statement in DIALECTS["mariadb"].session:
            cursor.execute(statement)
        for table in ("t", "u"):
            declared = ", ".join(f"`{c.name}` {c.type.replace('TIMESTAMP', 'DATETIME(6)')}" for c in COLUMNS)
            cursor.execute(f"CREATE TABLE {table} ({declared}) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(COLUMNS))})", rows(table))

        def run(text: str) -> list[tuple[Any, ...]]:
            cursor.execute(text)
            return list(cursor.fetchall())

        yield run


def stored(value: Any) -> Any:
    """As SQLite keeps it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value


def comparable(found: Sequence[Sequence[Any]], *, ordered: bool) -> list[tuple[Any, ...]]:
    """Numbers by their value, booleans as SQLite has them; doubles to 15 digits, since an average may be rounded once or twice."""

    def plain(value: Any) -> Any:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, float):
            return Decimal(f"{value:.14g}").normalize() + 0
        if isinstance(value, int | Decimal):
            return Decimal(value).normalize() + 0
        return value

    made = [tuple(plain(value) for value in row) for row in found]
    return made if ordered else sorted(made, key=repr)


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in ("logarithm", TRY_CAST)])
def test_duckdb_gives_the_rows_that_postgresql_gives_for_the_query_as_it_was_written(name: str, duck: Run, postgres: Run) -> None:
    asked = tree(name)
    ordered = asked.args.get("order") is not None
    if not trust(asked, "duckdb").at_least("documented"):
        pytest.skip("not here: not trusted in DuckDB")
    said = sql(asked, "postgres", VERSIONS["postgres"])
    assert comparable(duck(sql(asked, "duckdb")), ordered=ordered) == comparable(postgres(said), ordered=ordered)


@pytest.mark.parametrize("name", [name for name in QUERIES if name != TRY_CAST])
def test_sqlite_gives_the_rows_that_postgresql_gives_for_what_it_is_trusted_with(name: str, sqlite: Run, postgres: Run) -> None:
    asked = tree(name)
    if not trust(asked, "sqlite", VERSIONS["sqlite"]).at_least("documented"):
        pytest.skip("not here: it stays with us")
    ordered = asked.args.get("order") is not None
    for version in (VERSIONS["sqlite"], "3.26" if "OVER" in QUERIES[name] else "3.8"):
        found = sqlite(sql(asked, "sqlite", version))
        expected = postgres(sql(asked, "postgres", VERSIONS["postgres"]))
        assert comparable(found, ordered=ordered) == comparable(expected, ordered=ordered)


@pytest.mark.parametrize("name", [name for name in QUERIES if name != TRY_CAST])
def test_mariadb_gives_the_rows_that_postgresql_gives_for_what_it_is_trusted_with(name: str, mysql: Run, postgres: Run) -> None:
    asked = tree(name)
    if not trust(asked, "mariadb", VERSIONS["mariadb"]).at_least("documented"):
        pytest.skip("not here: it stays with us")
    ordered = asked.args.get("order") is not None
    expected = postgres(sql(asked, "postgres", VERSIONS["postgres"]))
    assert comparable(mysql(sql(asked, "mariadb", VERSIONS["mariadb"])), ordered=ordered) == comparable(expected, ordered=ordered)


def test_what_is_written_for_postgresql_means_what_the_query_as_written_means(postgres: Run) -> None:
    for name, text in QUERIES.items():
        asked = tree(name)
        if name in (TRY_CAST, "quotients", "moved_days") or "QUALIFY" in text or asked.find(exp.Collate):
            continue
        ordered = asked.args.get("order") is not None and not name.startswith("text_order")
        mine = postgres(sql(asked, "postgres", VERSIONS["postgres"]))
        assert comparable(mine, ordered=ordered) == comparable(postgres(text.replace("\\\\", "\\")), ordered=ordered), name


def test_a_cast_that_may_fail_gives_null_in_postgresql_where_it_gives_null_in_duckdb(duck: Run, postgres: Run) -> None:
    texts = ["12", " 12 ", "+1", "3.7", "1e3", "0x1F", "1_000", "99999999999", "", "NaN", "x", "-2147483648", "１２"]
    # DuckDB alone takes the first four of these.
    texts += ["- ", "+ ", "1e ", "+-1", "-", ".", ".5", "-5.", "1e2 ", "1e+2", "1e-2", "+ 1"]
    for target in ("INTEGER", "NUMERIC(6, 2)", "DOUBLE PRECISION"):
        for text in texts:
            literal = exp.Literal.string(text)
            literal.type = exp.DataType.build("TEXT")
            tried = exp.TryCast(this=literal, to=exp.DataType.build(target))
            tried.type = exp.DataType.build(target)
            select = exp.Select(expressions=[exp.alias_(tried, "a")])
            said = [run(sql(select, name, VERSIONS.get(name)))[0][0] for run, name in ((duck, "duckdb"), (postgres, "postgres"))]
            assert repr(said[0]) == repr(said[1]), (target, text, said)


def test_doubles_become_decimals_and_whole_numbers_as_in_postgresql(duck: Run, postgres: Run) -> None:
    doubles = ["2.675", "0.5", "1.5", "2.5", "-2.5", "1e20", "1e-7", "123456789.987654321", "999999.995", "1e6", "'NaN'", "'Infinity'"]
    for kind in ("DOUBLE PRECISION", "REAL"):
        for target in ("INTEGER", "BIGINT", "NUMERIC(9, 2)"):
            for double in doubles:
                tried = exp.TryCast(this=exp.column("x", table="v", quoted=True), to=exp.DataType.build(target))
                tried.this.type, tried.type = exp.DataType.build(kind, dialect="postgres"), exp.DataType.build(target)
                select = exp.Select(expressions=[exp.alias_(tried, "a")])
                rows_of = f' FROM (SELECT CAST({double} AS {kind}) AS x) AS "v"'
                said = [
                    run(sql(select, name, VERSIONS.get(name)) + rows_of)[0][0] for run, name in ((duck, "duckdb"), (postgres, "postgres"))
                ]
                assert said[0] == said[1], (kind, target, double, said)


def test_doubles_are_written_as_postgresql_writes_them(duck: Run, postgres: Run) -> None:
    doubles = [
        "1",
        "-1",
        "0",
        "'-0'",
        "0.1",
        "1e15",
        "-1e15",
        "123456789012345.5",
        "1234567890123456",
        "1234567890123456.5",
        "9999999999999998",
    ]
    doubles += [
        "1e16",
        "1e17",
        "1.5e300",
        "1e-4",
        "1e-5",
        "1.25e-7",
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "1e6",
        "1234567",
        "999999.5",
        "16777216",
        "NULL",
    ]
    for kind in ("DOUBLE PRECISION", "REAL"):
        for double in doubles:
            if kind == "REAL" and "e300" in double:
                continue
            column = exp.column("x", table="v", quoted=True)
            column.type = exp.DataType.build(kind, dialect="postgres")
            said = exp.cast(column, "TEXT")
            select = exp.Select(expressions=[exp.alias_(said, "a")])
            rows_of = f' FROM (SELECT CAST({double} AS {kind}) AS x) AS "v"'
            found = [run(sql(select, name, VERSIONS.get(name)) + rows_of)[0][0] for run, name in ((duck, "duckdb"), (postgres, "postgres"))]
            assert found[0] == found[1], (kind, double, found)


def test_versions_have_what_came_with_them() -> None:
    assert not dialect("postgres", "14.2").features.merge
    assert dialect("postgres", "PostgreSQL 15.3").features.merge
    assert dialect("mysql", "10.11.19-MariaDB").name == "mariadb"
    assert dialect("sqlite", "3.40.1").features.full_join
    assert not dialect("sqlite").features.full_join
    assert dialect("tsql").name == "sqlserver"


def test_all_terms_of_an_overflow_of_eighteen_digits_are_added_in_more(duck: Run) -> None:
    (found,) = duck(sql(tree("decimals"), "duckdb") + ' WHERE "t"."id" = 1')
    assert found[2] == Decimal("19999999999999999.98")
