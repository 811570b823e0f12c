"""Rows into databases: each write mode, every figure, and exactly once whoever dies or comes second; the same tests for all of them."""

from __future__ import annotations

import pytest

from shared.connectors.errors import NotFound, RejectedData
from tests.support.databases import Place, duck, write_of

UPSERT = write_of("UPSERT", keys=("id",))
EMPTY = "SELECT 1::BIGINT AS id, 'x' AS name WHERE false"


@pytest.mark.parametrize("key", [", PRIMARY KEY (id)", ""])
def test_an_upsert_counts_what_it_did_with_or_without_an_index(place: Place, key: str) -> None:
    place.sql(f"CREATE TABLE t (id bigint, name varchar(50), touched int DEFAULT 7{key})")
    place.sql("INSERT INTO t (id, name) VALUES (1, 'same'), (2, 'old'), (3, NULL), (9, 'other')")
    figures = place.put(UPSERT, "(1, 'same'), (2, 'new'), (3, 'x'), (4, 'first'), (4, 'last')")
    assert figures == {"rowsInserted": 1, "rowsUpdated": 2, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 1}
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "same", 7), (2, "new", 7), (3, "x", 7), (4, "last", 7), (9, "other", 7)]
    again = place.put(UPSERT, "(1, 'same'), (2, 'new'), (3, 'x'), (4, 'last')")
    assert again == {"rowsInserted": 0, "rowsUpdated": 0, "rowsUnchanged": 4, "rowsDeleted": 0, "merged": 0}
    assert place.put(UPSERT, EMPTY)["rowsUnchanged"] == 0


def test_a_change_of_case_or_to_nothing_is_a_change(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50))")
    place.put(UPSERT, "(1, 'a'), (2, 'b'), (3, NULL)")
    figures = place.put(UPSERT, "(1, 'A'), (2, NULL), (3, NULL)")
    assert (figures["rowsUpdated"], figures["rowsUnchanged"]) == (2, 1)
    assert place.sql("SELECT name FROM t ORDER BY id") == [("A",), (None,), (None,)]


def test_the_order_says_which_of_two_rows_wins_and_null_loses(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50))")
    order = (("name", "asc"),)
    write = type(UPSERT)("out", "t", UPSERT.columns, "UPSERT", ("id",), order, {})
    place.put(write, "(1, 'b'), (1, 'c'), (1, 'a'), (1, NULL), (2, NULL)")
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "c"), (2, None)]


def test_an_upsert_without_a_key_value_is_refused_whole(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    with pytest.raises(RejectedData, match="1 rows for table t have no id"):
        place.put(UPSERT, "(1, 'a'), (NULL, 'b')")
    assert place.sql("SELECT * FROM t") == []


def test_an_insert_adds_and_an_overwrite_replaces(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) DEFAULT 'none')")
    assert place.put(write_of("INSERT"), "(1, 'a'), (2, '')")["rowsInserted"] == 2
    assert place.put(write_of("INSERT"), "SELECT 3::BIGINT AS id")["rowsInserted"] == 1
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "a"), (2, ""), (3, "none")]
    figures = place.put(write_of("OVERWRITE"), "(1, 'b'), (4, 'd')")
    assert (figures["rowsInserted"], figures["rowsDeleted"]) == (2, 3)
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "b"), (4, "d")]
    place.put(write_of("OVERWRITE"), EMPTY)
    assert place.sql("SELECT * FROM t") == []


def test_a_second_row_with_one_key_is_refused_and_nothing_of_the_load_stays(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50))")
    place.put(write_of("INSERT"), "(1, 'a')")
    for mode in ("INSERT", "OVERWRITE"):
        with pytest.raises(RejectedData):
            place.put(write_of(mode), "(7, 'b'), (8, 'c'), (8, 'd')")
    assert place.sql("SELECT * FROM t") == [(1, "a")]


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_a_table_may_be_made_and_then_takes_the_next_rows_too(place: Place, mode: str) -> None:
    write = write_of(mode, keys=("id",) if mode == "UPSERT" else (), createTable=True)
    place.put(write, "(1::BIGINT, 'a')")
    place.put(write, "(2::BIGINT, 'b')")
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")][1 if mode == "OVERWRITE" else 0 :]
    assert place.survey(table="t").keys == ((("id",),) if mode == "UPSERT" else ())


def test_a_table_that_is_not_there_and_a_column_it_lacks_are_named(place: Place) -> None:
    with pytest.raises(NotFound, match="table t is not there; make it, or set createTable"):
        place.put(write_of("INSERT"), "(1, 'a')")
    place.sql("CREATE TABLE t (id bigint)")
    with pytest.raises(NotFound, match="table t has no column name"):
        place.put(write_of("INSERT"), "(1, 'a')")


def test_names_may_be_anything(place: Place) -> None:
    target, columns = '"odd ""na%me.é"', ['a "b" `c`', "select", "Żółć %s ?", "x.y", "penstock ordinal"]
    picked = ", ".join(f"{at}::BIGINT AS {chr(34)}{name.replace(chr(34), chr(34) * 2)}{chr(34)}" for at, name in enumerate(columns))
    for mode in ("INSERT", "UPSERT", "UPSERT", "OVERWRITE"):
        place.put(write_of(mode, target, (columns[0],) if mode == "UPSERT" else (), createTable=mode == "INSERT"), f"SELECT {picked}")
    assert [column.name for column in place.survey(table=target).columns] == columns
    assert place.read(table=target) == [(0, 1, 2, 3, 4)]
    assert place.read("x.y", "select", table=target) == [(1, 3)]


def test_who_comes_second_adopts_and_writes_nothing(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    run = "00000000-0000-7000-8000-000000000001"
    place.put(write_of("INSERT"), "(1, 'a')", run=run)
    assert place.open(write_of("INSERT"), epoch=2, run=run).adopted == {"it": "is done"}
    assert place.sql("SELECT * FROM t") == [(1, "a")]


def test_what_was_not_committed_never_was(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    for mode in ("INSERT", "UPSERT", "OVERWRITE"):
        write = write_of(mode, keys=("id",) if mode == "UPSERT" else ())
        session = place.open(write)
        session.write(write, duck("(1, 'a')"))
        session.abort()
    assert place.sql("SELECT * FROM t") == [] == place.sql("SELECT * FROM penstock_markers")


def test_a_commit_without_rows_leaves_its_marker(place: Place) -> None:
    run = "00000000-0000-7000-8000-000000000002"
    session = place.open(write_of("INSERT"), run=run)
    assert session.commit({"a": 1}) == {"a": 1}
    assert place.open(write_of("INSERT"), run=run, epoch=2).adopted == {"a": 1}


UNFIT = {
    "a text for a number": ("id bigint", "SELECT * FROM (VALUES ('1'), ('x')) v(id)", "column id, row 2: x does not fit its type BIGINT"),
    "too many digits": ("id decimal(5, 2)", "SELECT * FROM (VALUES (1.5), (1234.5)) v(id)", "column id, row 2: 1234.5 does not fit"),
    "a fraction for a whole number": ("id bigint", "SELECT * FROM (VALUES (1.0::DOUBLE), (2.5)) v(id)", "column id, row 2: 2.5 does not"),
    "no number": (
        "id double precision",
        "SELECT * FROM (VALUES (1::DOUBLE), ('NaN'::DOUBLE)) v(id)",
        "column id, row 2: nan is not a number",
    ),
    "more than 64 bits": ("id bigint", "SELECT * FROM (VALUES (1::HUGEINT), (9223372036854775808)) v(id)", "column id, row 2: 92233720368"),
    "a day before all calendars": (
        "id timestamp NULL",
        "SELECT * FROM (VALUES (TIMESTAMP '2024-01-01'), ('0044-03-15 (BC) 00:00:00')) v(id)",
        "column id, row 2",
    ),
    "for ever": ("id date", "SELECT * FROM (VALUES (DATE '2024-01-01'), ('infinity')) v(id)", "column id, row 2"),
    "nothing where something must be": (
        "id bigint NOT NULL",
        "SELECT * FROM (VALUES (1), (NULL)) v(id)",
        "column id, row 2: .* is missing",
    ),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_a_column_cannot_hold_is_told_with_column_and_row(place: Place, what: str) -> None:
    if what == "no number" and place.own.type == "duckdb":
        place.sql("CREATE TABLE t (id double)")
        place.put(write_of("INSERT"), UNFIT[what][1])
        assert str(place.sql("SELECT * FROM t")) == "[(1.0,), (nan,)]"
        return
    declared, rows, told = UNFIT[what]
    place.sql(f"CREATE TABLE t ({declared})")
    place.sql("INSERT INTO t (id) VALUES ('2024-01-01')" if "date" in declared or "time" in declared else "INSERT INTO t (id) VALUES (1)")
    with pytest.raises(RejectedData, match=told):
        place.put(write_of("OVERWRITE"), rows)
    assert len(place.sql("SELECT * FROM t")) == 1
