"""Rows that a PostgreSQL table does not take: they are set aside with the server's reason, and all others go in, in every write mode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from shared.connectors.postgres.driver import ConnectorDriver
from shared.connectors.protocols import AttemptKey, Query, SinkWrite
from shared.datasets import Column
from shared.engines.duckdb.rows import DuckRows
from shared.store.identifiers import new_id
from tests.support.schemas import Schema
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
Aside = list[tuple[dict[str, Any], str, str | None]]


@pytest.fixture
def place(stack: Stack) -> Iterator[Schema]:
    schema = f"it_{new_id().replace('-', '')}"
    made = Schema(stack.home, schema)
    made.sql(f"CREATE SCHEMA {schema}")
    yield made
    made.sql(f"DROP SCHEMA {schema} CASCADE")


def make(place: Schema, *statements: str) -> None:
    for statement in statements:
        place.sql(statement)


def write_of(mode: str = "INSERT", keys: tuple[str, ...] = ()) -> SinkWrite:
    columns = (Column("id", "BIGINT"), Column("name", "TEXT"))
    return SinkWrite("out", "t", columns, mode, keys, (), {"setAside": True})


def put(place: Schema, write: SinkWrite, rows: str) -> tuple[dict[str, int | None], Aside]:
    """Figures, and (record, message, rule) of what was set aside."""
    session: Any = ConnectorDriver(place.config).open_sink(AttemptKey("default", new_id(), 1, 1, 0, ("out",)), (write,))
    connection = duckdb.connect()
    figures = session.write(write, DuckRows(connection, f"SELECT * FROM (VALUES {rows}) AS v(id, name)", "/tmp"))
    aside = list(session.rejected()) if figures.get("rejected") else []
    session.commit({})
    return figures, [(json.loads(record), message, rule) for record, message, rule in aside]


@pytest.mark.parametrize(
    ("table", "bad", "says", "rule"),
    [
        ("id bigint, name text NOT NULL", "(2, NULL)", 'null value in column "name" of relation "t"', "name NOT NULL"),
        ("id smallint, name text", "(100000, 'b')", 'column id: value "100000" is out of range for type smallint', "id smallint"),
        ("id bigint, name varchar(2)", "(2, 'bcd')", "value too long for type character varying(2)", "name character varying(2)"),
        ("id bigint, name date", "(2, 'no day')", 'invalid input syntax for type date: "no day"', "name date"),
        ("id bigint CONSTRAINT small CHECK (id < 10), name text", "(11, 'b')", 'violates check constraint "small"', "small"),
        ("id bigint PRIMARY KEY, name text", "(1, '2024-01-02')", "Key (id)=(1) is there already", "t_pkey"),
        ("id bigint, name text, UNIQUE (id, name)", "(1, '2024-01-01')", "violates unique constraint", "t_id_name_key"),
        ("id bigint CONSTRAINT known REFERENCES parents, name text", "(7, 'b')", 'foreign key constraint "known"', "known"),
        ("id bigint, name text, EXCLUDE USING btree (id WITH =)", "(1, '2024-01-02')", "conflicting key value", "t_id_excl"),
        ("id bigint, name text", "(2, 'b' || chr(0))", "the text holds a NUL character", "name NUL"),
    ],
)
def test_a_row_that_breaks_something_is_set_aside_and_the_others_go_in(place: Schema, table: str, bad: str, says: str, rule: str) -> None:
    make(place, "CREATE TABLE parents (id bigint PRIMARY KEY)", "INSERT INTO parents VALUES (1), (3)", f"CREATE TABLE t ({table})")
    names = ("'2024-01-01'", "'2024-01-03'") if "date" in table or "2024" in bad else ("'a'", "'c'")
    figures, aside = put(place, write_of(), f"(1, {names[0]}), {bad}, (3, {names[1]})")
    assert (figures["rowsInserted"], figures["rejected"]) == (2, 1)
    assert [row[0] for row in place.sql("SELECT id FROM t ORDER BY id")] == [1, 3]
    ((record, message, broken),) = aside
    assert record["id"] == int(bad[1 : bad.index(",")])
    assert says in message
    assert broken == rule


def test_what_only_an_insert_can_tell_is_found_by_halves(place: Schema) -> None:
    make(
        place,
        "CREATE TABLE t (id bigint, name text)",
        "CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.id % 10 = 3 THEN RAISE EXCEPTION 'no threes' USING ERRCODE = 'check_violation', CONSTRAINT = 'threes'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER picky BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION picky()",
    )
    figures, aside = put(place, write_of(), ", ".join(f"({n}, 'x')" for n in range(40)))
    assert (figures["rowsInserted"], figures["rejected"]) == (36, 4)
    assert [(record["id"], message, rule) for record, message, rule in aside] == [(n, "no threes", "threes") for n in (3, 13, 23, 33)]


@pytest.mark.parametrize("keys", [(), ("id",)])
def test_a_trigger_that_says_no_more_than_no_sets_its_rows_aside(place: Schema, keys: tuple[str, ...]) -> None:
    make(
        place,
        "CREATE TABLE t (id bigint PRIMARY KEY, name text)",
        "CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.id % 10 = 3 THEN RAISE EXCEPTION 'no threes'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER picky BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION picky()",
    )
    figures, aside = put(place, write_of("UPSERT" if keys else "INSERT", keys), ", ".join(f"({n}, 'x')" for n in range(40)))
    assert (figures["rowsInserted"], figures.get("rowsUnchanged"), figures["rejected"]) == (36, 0, 4)
    assert [(record["id"], message) for record, message, _ in aside] == [(n, "no threes") for n in (3, 13, 23, 33)]
    assert place.sql("SELECT count(*) FROM t") == [(36,)]


def test_rows_that_a_view_does_not_take_are_set_aside(place: Schema) -> None:
    make(place, "CREATE TABLE u (id bigint, name text)", "CREATE VIEW t AS SELECT * FROM u WHERE id < 3 WITH CHECK OPTION")
    session: Any = ConnectorDriver(place.config).open_sink(AttemptKey("default", new_id(), 1, 1, 0, ("out",)), (write_of(),))
    done = session.write_query(write_of(), Query("SELECT * FROM (VALUES (1, 'a'), (5, 'b'), (2, 'c')) AS v (id, name)"))
    assert (done.figures["rowsInserted"], done.figures["rejected"]) == (2, 1)
    assert [(json.loads(record)["id"], "check option" in message) for record, message, _ in session.rejected()] == [(5, True)]
    session.commit({})


def test_an_upsert_sets_rows_without_a_key_aside(place: Schema) -> None:
    make(place, "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)", "INSERT INTO t VALUES (1, 'old')")
    figures, aside = put(place, write_of("UPSERT", ("id",)), "(1, 'new'), (NULL, 'b'), (3, NULL), (4, 'd'), (4, 'e')")
    assert figures == {"rowsInserted": 1, "rowsUpdated": 1, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": 1, "rejected": 2}
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "new"), (4, "e")]
    assert [rule for _, _, rule in aside] == ["id upsertKeys", "name NOT NULL"]


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "CHECK (id > 0)"])
def test_an_upsert_sets_rows_aside_whose_other_key_belongs_to_another_row(place: Schema, key: str) -> None:
    place.sql(f"CREATE TABLE t (id bigint, name text CONSTRAINT one_name UNIQUE, {key})")
    place.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
    # 1 hands its name on; 5 asks for one that 2 keeps, 6 for one that 3 has in the load too; 7 and 8 want the same.
    rows = "(1, 'z'), (10, 'a'), (5, 'b'), (6, 'c'), (3, 'c'), (7, 'old'), (7, 'x'), (8, 'x'), (9, NULL), (4, 'dd')"
    figures, aside = put(place, write_of("UPSERT", ("id",)), rows)
    assert [(record["id"], rule) for record, _, rule in aside] == [(5, "one_name"), (6, "one_name"), (8, "one_name")]
    assert figures == {"rowsInserted": 3, "rowsUpdated": 2, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 1, "rejected": 3}
    expected = [(1, "z"), (2, "b"), (3, "c"), (4, "dd"), (7, "x"), (9, None), (10, "a")]
    assert place.sql("SELECT id, name FROM t ORDER BY id") == expected


def test_what_only_the_upsert_itself_can_tell_is_found_by_halves(place: Schema) -> None:
    make(
        place,
        "CREATE TABLE t (id bigint PRIMARY KEY, name text)",
        "CREATE UNIQUE INDEX one_lower ON t (lower(name))",
        "INSERT INTO t VALUES (100, 'n7'), (5, 'was'), (6, 'n6')",
    )
    rows = ", ".join(f"({n}, 'n{n}')" for n in range(20)) + ", (20, 'N3'), (4, 'later'), (8, 'a'), (8, 'b')"
    figures, aside = put(place, replace(write_of("UPSERT", ("id",)), order=(("name", "desc"),)), rows)
    assert sorted((record["id"], record["name"], rule) for record, _, rule in aside) == [(7, "n7", "one_lower"), (20, "N3", "one_lower")]
    assert figures == {"rowsInserted": 17, "rowsUpdated": 1, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 3, "rejected": 2}
    # The last by the order, not the last that came.
    assert place.sql("SELECT id, name FROM t WHERE id IN (4, 5, 8) ORDER BY id") == [(4, "later"), (5, "n5"), (8, "a")]
    assert place.sql("SELECT count(*) FROM t") == [(20,)]


def test_an_overwrite_keeps_the_good_rows_alone(place: Schema) -> None:
    make(place, "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)", "INSERT INTO t VALUES (1, 'old'), (9, 'gone')")
    figures, aside = put(place, write_of("OVERWRITE"), "(1, 'new'), (2, NULL), (1, 'again')")
    assert (figures["rowsInserted"], figures["rowsDeleted"], figures["rejected"]) == (1, 2, 2)
    assert place.sql("SELECT id, name FROM t") == [(1, "new")]
    assert [record for record, _, _ in aside] == [{"id": 2, "name": None}, {"id": 1, "name": "again"}]


def test_where_a_column_gets_no_value_at_all_it_is_not_the_rows_that_are_wrong(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint, name text, other int NOT NULL)")
    with pytest.raises(Exception, match='null value in column "other"'):
        put(place, write_of(), "(1, 'a')")


def test_rows_that_the_server_computes_are_set_aside_alike(place: Schema) -> None:
    make(
        place,
        "CREATE TABLE s (id bigint, name text)",
        "INSERT INTO s SELECT n, CASE WHEN n % 4 > 0 THEN 'x' END FROM generate_series(1, 8) n",
    )
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)")
    session: Any = ConnectorDriver(place.config).open_sink(AttemptKey("default", new_id(), 1, 1, 0, ("out",)), (write_of(),))
    done = session.write_query(write_of(), Query(f'SELECT id, name FROM "{place.schema}"."s" ORDER BY id'))
    assert (done.rows, done.figures["rowsInserted"], done.figures["rejected"]) == (8, 6, 2)
    assert [json.loads(record)["id"] for record, _, _ in session.rejected()] == [4, 8]
    session.commit({})
    assert place.sql("SELECT count(*) FROM t") == [(6,)]


def test_many_rows_in_several_blocks_are_all_there_the_second_time(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)")
    session: Any = ConnectorDriver(place.config).open_sink(AttemptKey("default", new_id(), 1, 1, 0, ("out",)), (write_of(),))
    query = "SELECT i AS id, CASE WHEN i % 1000 <> 7 THEN repeat('x', 60) END AS name FROM range(100000) AS t(i)"
    figures = session.write(write_of(), DuckRows(duckdb.connect(), query, "/tmp"))
    assert (figures["rowsInserted"], figures["rejected"]) == (99_900, 100)
    assert sum(1 for _ in session.rejected()) == 100
    session.commit({})
    assert place.sql("SELECT count(*), count(DISTINCT id), min(length(name)) FROM t") == [(99_900, 99_900, 60)]
