"""Rows that a database does not take: set aside with what it says of them, while all others go in, in every write mode."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.databases import Place, duck, write_of

# What has no savepoints yet fails the load, whole, as ever.
SETS_ASIDE = ("sqlite",)


def put(place: Place, mode: str, rows: str, keys: tuple[str, ...] = ()) -> tuple[dict[str, int | None], list[tuple[Any, str]]]:
    if place.own.type not in SETS_ASIDE:
        pytest.skip("not here: rows are not set aside in this database yet")
    write = write_of(mode, keys=keys, setAside=True)
    session: Any = place.open(write)
    figures = session.write(write, duck(rows))
    aside = [(json.loads(record), message) for record, message, _ in session.rejected()]
    session.commit({})
    return figures, aside


def test_a_row_that_breaks_something_is_set_aside(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(3) NOT NULL, CHECK (id < 100))")
    figures, aside = put(place, "INSERT", "(1, 'a'), (2, NULL), (3, 'c'), (3, 'again'), (3, 'd'), (200, 'e'), (4, 'f')")
    assert (figures["rowsInserted"], figures["rejected"]) == (3, 4)
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (3, "c"), (4, "f")]
    assert [record for record, _ in aside] == [
        {"id": 2, "name": None},
        {"id": 3, "name": "again"},
        {"id": 3, "name": "d"},
        {"id": 200, "name": "e"},
    ]
    assert all(message and "nothing was written" not in message for _, message in aside)


def test_an_overwrite_keeps_the_good_rows_alone(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) NOT NULL)")
    place.sql("INSERT INTO t VALUES (1, 'old'), (9, 'gone')")
    figures, aside = put(place, "OVERWRITE", "(1, 'new'), (2, NULL)")
    assert (figures["rowsInserted"], figures["rowsDeleted"], figures["rejected"], len(aside)) == (1, 2, 1, 1)
    assert place.sql("SELECT id, name FROM t") == [(1, "new")]


def test_an_upsert_writes_the_good_rows_together(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) NOT NULL)")
    place.sql("INSERT INTO t VALUES (1, 'old')")
    figures, _ = put(place, "UPSERT", "(1, 'new'), (NULL, 'b'), (3, NULL), (4, 'd'), (4, 'e')", ("id",))
    assert (figures["rowsInserted"], figures["rowsUpdated"], figures["merged"], figures["rejected"]) == (1, 1, 1, 2)
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "new"), (4, "e")]


def test_an_upsert_sets_aside_what_its_rows_refuse_one_another(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) UNIQUE)")
    place.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    figures, aside = put(place, "UPSERT", "(5, 'x'), (3, 'b'), (6, 'x'), (1, 'aa'), (7, 'y'), (7, 'z'), (8, 'z')", ("id",))
    assert sorted((record["id"], record["name"]) for record, _ in aside) == [(3, "b"), (6, "x"), (8, "z")]
    assert all("UNIQUE" in message for _, message in aside)
    assert (figures["rowsInserted"], figures["rowsUpdated"], figures["merged"], figures["rejected"]) == (2, 1, 1, 3)
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "aa"), (2, "b"), (5, "x"), (7, "z")]


def test_a_load_without_a_wrong_row_sets_nothing_aside(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50))")
    figures, aside = put(place, "INSERT", "(1, 'a'), (2, 'b')")
    assert (figures["rowsInserted"], figures.get("rejected"), aside) == (2, None, [])
