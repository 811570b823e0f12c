"""Which rows of a write stand in the table is told exactly: of each row given, and of many writes at random, in every mode."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from shared.connectors.protocols import SinkWrite
from shared.datasets import Column
from shared.store.identifiers import new_id
from tests.support.databases import Duckdb, Place, Postgres, Sqlite, duck
from tests.support.schemas import Schema

COLUMNS = (Column("id", "INTEGER"), Column("name", "TEXT"), Column("u", "INTEGER"), Column("n", "INTEGER"))
DATABASES = {"sqlite": Sqlite, "duckdb": Duckdb}
# Others fail a load of which they refuse a row.
SETS_ASIDE = ("sqlite", "postgres")


@pytest.fixture(params=[*DATABASES, "mysql", pytest.param("postgres", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Place]:
    if request.param in DATABASES:
        yield Place(DATABASES[request.param](tmp_path))
    elif request.param == "mysql":
        yield Place(request.getfixturevalue("mariadb").database())
    else:
        home, schema = request.getfixturevalue("stack").home, f"it_{new_id().replace('-', '')}"
        own = Schema(home, schema)
        own.sql(f"CREATE SCHEMA {schema}")
        made = Place(Postgres({"url": own.url}))
        made.config = own.config
        yield made
        own.sql(f"DROP SCHEMA {schema} CASCADE")


def written(place: Place, mode: str, rows: list[tuple[Any, ...]], order: tuple[tuple[str, str], ...] = ()) -> tuple[set[int], list[int]]:
    """The places that were told as not written, and those that stand in the table."""
    options = {"tellUnwritten": True, **({"setAside": True} if place.own.type in SETS_ASIDE else {})}
    write = SinkWrite("out", "t", COLUMNS, mode, ("id",) if mode == "UPSERT" else (), order, options)
    session: Any = place.open(write)
    values = ", ".join(f"({', '.join('NULL' if v is None else repr(v) for v in row)}, {at})" for at, row in enumerate(rows, 1))
    figures = session.write(write, duck(f"SELECT * FROM (VALUES {values}) AS v(id, name, u, n)"))
    told = [number for numbers in session.unwritten() for number in numbers]
    if figures.get("rejected"):
        assert len(list(session.rejected())) == figures["rejected"]
    session.commit({})
    assert len(told) == len(set(told)) == (figures.get("rejected") or 0) + (figures.get("merged") or 0)
    return set(told), [n for (n,) in place.sql("SELECT n FROM t WHERE n > 0 ORDER BY n")]


def test_of_two_equal_rows_it_is_told_which_was_set_aside(place: Place) -> None:
    if place.own.type not in SETS_ASIDE:
        pytest.skip("not here: rows are not set aside in this database yet")
    place.sql("CREATE TABLE t (id integer PRIMARY KEY, name varchar(9), u integer, n integer)")
    same = (1, "a", 1)
    assert written(place, "INSERT", [same, (2, "b", 2), same, same]) == ({3, 4}, [1, 2])


def test_of_rows_with_one_key_the_loser_is_told_and_of_equals_the_last_wins(place: Place) -> None:
    place.sql("CREATE TABLE t (id integer PRIMARY KEY, name varchar(9), u integer, n integer)")
    rows = [(1, "b", 1), (1, "a", 2), (2, "x", 3), (2, "x", 3), (3, "c", 4)]
    assert written(place, "UPSERT", rows, (("name", "asc"),)) == ({2, 3}, [1, 4, 5])


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
@pytest.mark.parametrize("key", [" PRIMARY KEY", ""])
def test_of_rows_at_random_those_are_in_the_table_that_were_not_told(place: Place, mode: str, key: str) -> None:
    random = Random(f"{mode}{key}")
    bad = place.own.type in SETS_ASIDE
    if not bad and mode != "UPSERT":
        pytest.skip("not here: of this database's writes all rows are in the table, or none")
    unique = " UNIQUE" if bad else ""
    place.sql(f"CREATE TABLE t (id integer{key}, name varchar(3) CHECK (length(name) < 4), u integer{unique}, n integer)")
    if place.own.type == "postgres":
        place.sql(
            "CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.name = 'no' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$"
        )
        place.sql("CREATE TRIGGER picky BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION picky()")
    seen_gone = 0
    for _ in range(5):
        place.sql("DELETE FROM t")
        place.sql("INSERT INTO t VALUES (3, 'old', 4, 0), (7, 'was', 9, 0)")
        ids = [*range(30), *([None] if bad and (key or mode == "UPSERT") else [])]
        names = ["a", "b", "abc", None, *(["long", "no"] if bad else [])]
        rows = [
            (random.choice(ids), random.choices(names, [6, 6, 6, 2, 1, 1][: len(names)])[0], random.choice([None, *range(60)]))
            for _ in range(random.choice([2, 30, 50]))
        ]
        gone, there = written(place, mode, rows, random.choice([(), (("name", "asc"),), (("u", "desc"), ("name", "asc"))]))
        assert there == [at for at in range(1, len(rows) + 1) if at not in gone], rows
        seen_gone += len(gone)
    assert seen_gone
