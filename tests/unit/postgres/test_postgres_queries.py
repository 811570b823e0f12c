"""Rows that PostgreSQL computes itself for a table of its own: each write mode, every figure, and the conversions that COPY would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.connectors.errors import RejectedData
from shared.connectors.postgres.session import PostgresSession
from shared.connectors.protocols import AttemptKey, Computed, Query, SinkWrite
from shared.datasets import Column
from shared.store.identifiers import new_id
from tests.support.schemas import Schema
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


@pytest.fixture
def place(stack: Stack) -> Iterator[Schema]:
    made = Schema(stack.home, f"it_{new_id().replace('-', '')}")
    made.sql(f"CREATE SCHEMA {made.schema}")
    made.sql("CREATE TABLE s (id bigint, name text); INSERT INTO s VALUES (1, 'same'), (2, 'new'), (3, 'x'), (4, 'first'), (4, 'last')")
    yield made
    made.sql(f"DROP SCHEMA {made.schema} CASCADE")


def write_of(mode: str, keys: tuple[str, ...] = (), columns: str = "id BIGINT, name TEXT", **options: Any) -> SinkWrite:
    found = tuple(Column(*one.split(" ", 1)) for one in columns.split(", "))
    return SinkWrite("out", "t", found, mode, keys, (), options)


def put(place: Schema, write: SinkWrite, sql: str, relations: dict[str, str] | None = None, **more: Any) -> Computed:
    session = PostgresSession(place.config, AttemptKey("default", new_id(), 3, 1, 0, ("out",)), (write,))
    try:
        named = tuple((name, body.format(s=f'"{place.schema}"."s"')) for name, body in (relations or {}).items())
        done = session.write_query(write, Query(sql.format(s=f'"{place.schema}"."s"'), named, **more))
        session.commit({})
    finally:
        session.abort()
    return done


@pytest.mark.parametrize("index", ["PRIMARY KEY (id)", "UNIQUE (id)", "CHECK (id > 0)"])
@pytest.mark.parametrize("unique", [False, True])
def test_an_upsert_counts_what_it_did_with_or_without_an_index(place: Schema, index: str, unique: bool) -> None:
    place.sql(f"CREATE TABLE t (id bigint, name text, touched int DEFAULT 7, {index})")
    place.sql("INSERT INTO t VALUES (1, 'same'), (2, 'old'), (3, NULL), (9, 'other')")
    write = SinkWrite("out", "t", (Column("id", "BIGINT"), Column("name", "TEXT")), "UPSERT", ("id",), (("name", "asc"),), {})
    sql = "SELECT id, max(name) FROM {s} GROUP BY id" if unique else "SELECT * FROM {s}"
    done = put(place, write, sql, unique=unique)
    merged, rows = (0, 4) if unique else (1, 5)
    assert done.figures == {"rowsInserted": 1, "rowsUpdated": 2, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": merged}
    assert done.rows == rows
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "same", 7), (2, "new", 7), (3, "x", 7), (4, "last", 7), (9, "other", 7)]


@pytest.mark.parametrize("mode", ["INSERT", "OVERWRITE", "UPSERT"])
def test_what_is_counted_on_the_way_comes_with_the_rows(place: Schema, mode: str) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
    grouped = {"1 it's %s {x}": "SELECT id, max(name) AS name, count(*) AS n FROM {s} GROUP BY id".replace("{x}", "{{x}}")}
    (name,) = grouped
    done = put(
        place, write_of(mode, ("id",) if mode == "UPSERT" else ()), f'SELECT id, name FROM "{name}"'.replace("{x}", "{{x}}"), grouped,
        tallies=((name, "n"), (name, None)),
    )  # fmt: skip
    assert (done.rows, done.tallies) == (4, (5, 4))
    assert done.figures["rowsInserted"] == 4


def test_an_upsert_without_a_key_value_is_refused_whole(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint UNIQUE, name text)")
    place.sql("INSERT INTO s VALUES (NULL, 'b')")
    with pytest.raises(RejectedData, match="1 rows for table t have no id"):
        put(place, write_of("UPSERT", ("id",)), "SELECT * FROM {s}")
    assert place.sql("SELECT * FROM t") == []


def test_a_table_that_is_read_can_be_overwritten_with_what_was_in_it(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint, name text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    for dependent in ("SELECT 1", "CREATE VIEW v AS SELECT * FROM t"):
        place.sql(dependent)
        sql = f'SELECT id + 1, name FROM "{place.schema}".t'
        assert put(place, write_of("OVERWRITE"), sql, {"r": "SELECT 1 AS one"}, tallies=(("r", None),)).tallies == (1,)
    assert place.sql("SELECT * FROM t ORDER BY id") == [(3, "a"), (4, "b")]


@pytest.mark.parametrize(
    ("kind", "value", "there"),
    [("integer", "3.7", None), ("integer", "3.0::numeric(3,0)", 3), ("smallint", "40000", None), ("integer", "'12'::text", 12),
     ("text", "1.50", "1.50"), ("double precision", "0.1::numeric", 0.1), ("date", "'2024-02-29 10:00'::timestamp", "2024-02-29"),
     ("varchar(3)", "'abcd'", None), ("numeric(4,1)", "12.34", 12.3), ("char(2)", "'POL'::text", None), ("char(3)", "'PL'::text", "PL "),
     ("char(2)", "'PL  '::text", "PL"), ("varchar(3)", "12345", None), ("varchar(3)", "123", "123"),
     ("varchar(10)", "'2024-02-29 10:00'::timestamp", None), ("bit(3)", "'10101'::text", None), ("bit(3)", "'101'::text", "101"),
     ("bit varying(3)", "5::bit(8)", None), ("varchar(2)[]", "'{{abc}}'::text", None), ("char(2)[]", "'{{ab,c}}'::text", "['ab', 'c ']"),
     ("short", "12345", None), ("short", "123", "123"), ("shorter", "'abc'::text", None), ("shorter", "12", "12")],
)  # fmt: skip
def test_values_are_converted_as_copy_would(place: Schema, kind: str, value: str, there: Any) -> None:
    place.sql("CREATE DOMAIN short varchar(3); CREATE DOMAIN shorter char(2) CHECK (VALUE <> 'no')")
    place.sql(f"CREATE TABLE t (id bigint, v {kind})")
    write = write_of("INSERT", columns="id BIGINT, v TEXT")
    if there is None:
        with pytest.raises(RejectedData):
            put(place, write, f"SELECT 1, {value}")
        return
    put(place, write, f"SELECT 1, {value}")
    (found,) = place.sql("SELECT v FROM t")[0]
    assert (str(found) if isinstance(there, str) else float(found)) == there


@pytest.mark.parametrize("mode", ["UPSERT", "OVERWRITE"])
def test_a_text_that_is_too_long_is_cut_off_in_no_mode(place: Schema, mode: str) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, v char(2)); INSERT INTO t VALUES (9, 'DE')")
    write = write_of(mode, ("id",) if mode == "UPSERT" else (), "id BIGINT, v TEXT")
    with pytest.raises(RejectedData, match="too long"):
        put(place, write, "SELECT 1, upper('pol')")
    assert place.sql("SELECT * FROM t") == [(9, "DE")]


def test_keys_that_are_alike_but_for_blanks_are_one_where_the_column_is_padded(place: Schema) -> None:
    place.sql("CREATE TABLE t (id char(3) PRIMARY KEY, name text); INSERT INTO t VALUES ('a', 'old')")
    write = SinkWrite("out", "t", (Column("id", "TEXT"), Column("name", "TEXT")), "UPSERT", ("id",), (("name", "asc"),), {})
    done = put(place, write, "SELECT * FROM (VALUES ('a', 'x'), ('a  ', 'y')) AS v (id, name)")
    assert done.figures == {"rowsInserted": 0, "rowsUpdated": 1, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": 1}
    assert place.sql("SELECT * FROM t") == [("a  ", "y")]


def test_a_missing_table_is_made_in_the_types_that_were_planned(place: Schema) -> None:
    put(place, write_of("INSERT", createTable=True), "SELECT id, name FROM {s}")
    assert len(place.sql("SELECT * FROM t")) == 5


def test_what_is_kept_can_be_read_counted_and_handed_out(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint, name text)")
    write = write_of("INSERT")
    session = PostgresSession(place.config, AttemptKey("default", new_id(), 3, 1, 0, ("out",)), (write,))
    try:
        assert session.keep("a b.c", Query("SELECT * FROM r", (("r", f"SELECT id FROM {place.schema}.s"),))) == 5
        assert session.tally((("a b.c", None), ("a b.c", "id"))) == (5, 14)
        assert sorted(session.fetch(Query('SELECT id FROM "a b.c" WHERE id > 3'))) == [(4,), (4,)]
        assert session.write_query(write, Query("SELECT id, '%s' FROM \"a b.c\"")).rows == 5
        session.commit({})
    finally:
        session.abort()
    assert place.sql("SELECT count(*) FROM t WHERE name = '%s'") == [(5,)]


def test_two_upserts_of_one_stage_do_not_meet(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint, name text); CREATE TABLE u (id bigint, name text)")
    writes = tuple(SinkWrite(target, target, write_of("UPSERT").columns, "UPSERT", ("id",), (("name", "asc"),), {}) for target in "tu")
    session = PostgresSession(place.config, AttemptKey("default", new_id(), 3, 1, 0, ("t", "u")), writes)
    try:
        for write in writes:
            assert session.write_query(write, Query(f"SELECT * FROM {place.schema}.s")).figures["rowsInserted"] == 4
        session.commit({})
    finally:
        session.abort()


def test_an_upsert_of_json_that_the_server_computes_tells_values_apart(place: Schema) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name json); INSERT INTO t VALUES (1, '{}'), (2, '{}')")
    columns = (Column("id", "BIGINT"), Column("name", "JSON"))
    write = SinkWrite("out", "t", columns, "UPSERT", ("id",), (("name", "asc"),), {})
    done = put(place, write, "SELECT id, n::json FROM (VALUES (1, '{{}}'), (2, '[]'), (3, '[]'), (3, '[]')) AS v (id, n)")
    assert done.figures == {"rowsInserted": 1, "rowsUpdated": 1, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 1}
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, {}), (2, []), (3, [])]
