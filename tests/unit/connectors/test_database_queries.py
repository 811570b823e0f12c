"""Rows that a database computes itself, written in the session's own transaction; the same tests for all of them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from shared.connectors.errors import RejectedData
from shared.connectors.protocols import Computed, ComputingSession, Query, SinkWrite
from shared.datasets import Column
from shared.store.identifiers import new_id
from tests.support.databases import Place

COLUMNS = (Column("id", "BIGINT"), Column("name", "TEXT"))


def quote(place: Place, name: str) -> str:
    return f"`{name}`" if place.own.type == "mysql" else f'"{name}"'


def to(mode: str, target: str = "t", columns: tuple[Column, ...] = COLUMNS, **options: Any) -> SinkWrite:
    keys = ("id",) if mode == "UPSERT" else ()
    return SinkWrite("out", target, columns, mode, keys, (("name", "asc"),) if keys else (), options)


def compute(place: Place, write: SinkWrite, query: Query, run: str | None = None) -> Computed:
    session = cast(ComputingSession, place.open(write, run=run or new_id()))
    try:
        done = session.write_query(write, query)
        session.commit({"it": "is done"})
    except BaseException:
        session.abort()
        raise
    return done


@pytest.fixture
def filled(place: Place) -> Place:
    place.sql("CREATE TABLE s (id bigint, name varchar(20))")
    place.sql("INSERT INTO s VALUES (1, 'a'), (2, 'b'), (2, 'c'), (3, NULL)")
    place.sql("CREATE TABLE t (id bigint, name varchar(20))")
    return place


def test_each_mode_writes_what_was_computed_and_counts_on_the_way(filled: Place) -> None:
    s = quote(filled, "s t%")
    query = Query(f"SELECT id, name FROM {s} WHERE id < 3", ((("s t%"), "SELECT id, name FROM s"),), (("s t%", None), ("s t%", "id")))
    done = compute(filled, to("INSERT"), query)
    assert (done.rows, done.tallies, done.figures["rowsInserted"]) == (3, (4, 8), 3)
    done = compute(filled, to("OVERWRITE"), query)
    assert (done.rows, done.figures["rowsDeleted"]) == (3, 3)
    done = compute(filled, to("UPSERT"), Query("SELECT id, name FROM s"))
    assert (done.rows, done.figures["merged"], done.figures["rowsInserted"]) == (4, 1, 1)
    assert sorted(filled.sql("SELECT * FROM t WHERE name = 'c' OR id = 3"), key=str)[0:1]


def test_the_target_may_be_what_is_read(filled: Place) -> None:
    filled.sql("INSERT INTO t VALUES (7, 'x'), (8, 'y')")
    assert compute(filled, to("OVERWRITE"), Query("SELECT id + 1 AS id, name FROM t WHERE id > 7")).rows == 1
    assert filled.sql("SELECT * FROM t") == [(9, "y")]
    assert compute(filled, to("INSERT"), Query("SELECT id, name FROM t")).rows == 1
    assert filled.sql("SELECT * FROM t") == [(9, "y"), (9, "y")]


def test_what_is_kept_is_named_by_later_queries(filled: Place) -> None:
    write = to("INSERT", createTable=True, target="made")
    session = cast(ComputingSession, filled.open(write))
    assert session.keep("kept %", Query("SELECT id, name FROM s WHERE id > 1")) == 3
    assert session.tally((("kept %", None), ("kept %", "id"))) == (3, 7)
    kept = quote(filled, "kept %")
    assert sorted(session.fetch(Query(f"SELECT id FROM {kept}"))) == [(2,), (2,), (3,)]
    assert session.write_query(write, Query(f"SELECT id, name FROM {kept} WHERE id = 3")).rows == 1
    session.commit({})
    assert filled.sql("SELECT * FROM made") == [(3, None)]


def test_a_value_that_must_be_converted_is_converted_as_it_would_be_here(filled: Place) -> None:
    columns = (Column("id", "NUMERIC(10, 1)"), Column("name", "TEXT"))
    source = "SELECT CAST(id AS DECIMAL(10, 1)) AS id, name FROM s"
    assert compute(filled, to("INSERT", columns=columns), Query(source)).rows == 4
    with pytest.raises(RejectedData, match=r"column id, row 1: 1\.5 does not fit its type BIGINT"):
        compute(filled, to("INSERT", columns=columns), Query("SELECT id + 0.5 AS id, name FROM s ORDER BY id"))
    assert len(filled.sql("SELECT * FROM t")) == 4


def test_computed_rows_are_committed_once(filled: Place) -> None:
    run = new_id()
    compute(filled, to("INSERT"), Query("SELECT id, name FROM s"), run)
    assert filled.open(to("INSERT"), epoch=2, run=run).adopted == {"it": "is done"}
    session = cast(ComputingSession, filled.open(to("INSERT")))
    session.write_query(to("INSERT"), Query("SELECT id, name FROM s"))
    session.abort()
    assert len(filled.sql("SELECT * FROM t")) == 4
