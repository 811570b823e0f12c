"""Rows into PostgreSQL: each write mode, every figure, and exactly once whoever dies, wakes up or comes second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.connectors.errors import Denied, NotFound, RejectedData, Unavailable
from shared.connectors.postgres.driver import ConnectorDriver
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets import Column
from shared.engines.duckdb.rows import DuckRows
from shared.errors import PenstockError
from shared.store.identifiers import new_id
from tests.support.databases import SPAN
from tests.support.schemas import Schema
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
PAIRS = "(VALUES {}) AS v(id, name)"


@pytest.fixture
def place(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Place]:
    schema = f"it_{new_id().replace('-', '')}"
    made = Place(stack.home, schema)
    made.sql(f"CREATE SCHEMA {schema}")
    yield made
    made.sql(f"DROP SCHEMA {schema} CASCADE")


class Place(Schema):
    """A schema of a test's own, and what sessions do there."""

    def open(self, write: SinkWrite, *, epoch: int = 1, run: str | None = None) -> SinkSession:
        key = AttemptKey("default", run or self.run, 3, epoch, 0, (write.node,), traceparent=SPAN)
        return ConnectorDriver(self.config).open_sink(key, (write,))

    def put(self, write: SinkWrite, rows: str, *, epoch: int = 1, run: str | None = None) -> dict[str, int | None]:
        session = self.open(write, epoch=epoch, run=run or new_id())
        assert session.adopted is None
        try:
            figures = session.write(write, duck(rows))
        except BaseException:
            session.abort()
            raise
        assert session.commit({"it": "is done"}) == {"it": "is done"}
        return figures


def duck(query: str) -> DuckRows:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return DuckRows(connection, query if query.startswith("SELECT") else f"SELECT * FROM {PAIRS.format(query)}", "/tmp")


def write_of(mode: str, target: str = "t", keys: tuple[str, ...] = (), **options: Any) -> SinkWrite:
    return SinkWrite("out", target, (Column("id", "BIGINT"), Column("name", "TEXT")), mode, keys, (), options)


UPSERT = write_of("UPSERT", keys=("id",))


@pytest.mark.parametrize("index", ["PRIMARY KEY (id)", "UNIQUE (id)", "CHECK (id > 0)"])
def test_an_upsert_counts_what_it_did_with_or_without_an_index(place: Place, index: str) -> None:
    place.sql(f"CREATE TABLE t (id bigint, name text, touched int DEFAULT 7, {index})")
    place.sql("INSERT INTO t VALUES (1, 'same'), (2, 'old'), (3, NULL), (9, 'other')")
    figures = place.put(UPSERT, "(1, 'same'), (2, 'new'), (3, 'x'), (4, 'first'), (4, 'last')")
    assert figures == {"rowsInserted": 1, "rowsUpdated": 2, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 1}
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "same", 7), (2, "new", 7), (3, "x", 7), (4, "last", 7), (9, "other", 7)]
    again = place.put(UPSERT, "(1, 'same'), (2, 'new'), (3, 'x'), (4, 'last')")
    assert again == {"rowsInserted": 0, "rowsUpdated": 0, "rowsUnchanged": 4, "rowsDeleted": 0, "merged": 0}
    assert place.put(UPSERT, "SELECT 1::BIGINT AS id, 'x' AS name WHERE false")["rowsUnchanged"] == 0


def test_an_upsert_without_a_key_value_is_refused_whole(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
    with pytest.raises(RejectedData, match="1 rows for table t have no id"):
        place.put(UPSERT, "(1, 'a'), (NULL, 'b')")
    assert place.sql("SELECT * FROM t") == []


HANGS_ON_IT = {
    "nothing": "SELECT 1",
    "a view": "CREATE VIEW v AS SELECT * FROM t",
    "a foreign key to it": "CREATE TABLE child (id bigint REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1)",
    "a trigger": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"
    " CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    "a policy": "CREATE POLICY p ON t USING (true)",
    "a setting": "ALTER TABLE t SET (fillfactor = 50)",
    "a function of its rows": "CREATE FUNCTION g(t) RETURNS text LANGUAGE sql AS $$ SELECT $1.name $$",
}


@pytest.mark.parametrize("what", HANGS_ON_IT)
def test_an_overwrite_loses_nothing_that_hangs_on_the_table(place: Place, what: str) -> None:
    place.sql("CREATE TABLE t (n serial, id bigint CONSTRAINT t_id PRIMARY KEY, name text DEFAULT 'none' CHECK (name <> ''))")
    if what == "nothing":
        place.sql("ALTER TABLE t DROP COLUMN n")
    place.sql("CREATE INDEX by_name ON t (name)")
    place.sql("GRANT SELECT ON t TO PUBLIC")
    place.sql("INSERT INTO t (id, name) VALUES (1, 'old'), (2, 'old')")
    place.sql(HANGS_ON_IT[what])
    before = _everything_of(place)
    figures = place.put(write_of("OVERWRITE"), "(1, 'new'), (3, 'new')")
    assert (figures["rowsInserted"], figures["rowsDeleted"]) == (2, 2)
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "new"), (3, "new")]
    assert _everything_of(place) == before
    # And once more, so that the swapped table is as good as the first.
    assert place.put(write_of("OVERWRITE"), "(1, 'newer')")["rowsDeleted"] == 2
    assert _everything_of(place) == before


def _everything_of(place: Place) -> list[Any]:
    """What hangs on the table, by name."""
    return [
        place.sql(f"SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = '{place.schema}' ORDER BY 1"),
        place.sql(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 't'::regclass OR confrelid = 't'::regclass ORDER BY 1"
        ),
        place.sql("SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 't'"
                  f" AND table_schema = '{place.schema}' ORDER BY 1, 2"),
        place.sql("SELECT column_name, data_type, column_default, is_nullable FROM information_schema.columns"
                  f" WHERE table_name = 't' AND table_schema = '{place.schema}' ORDER BY ordinal_position"),
        place.sql("SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal"),
        place.sql("SELECT polname FROM pg_policy WHERE polrelid = 't'::regclass"),
        place.sql("SELECT reloptions, relowner FROM pg_class WHERE oid = 't'::regclass"),
        place.sql(f"SELECT viewname, definition FROM pg_views WHERE schemaname = '{place.schema}'"),
        place.sql(f"SELECT proname FROM pg_proc WHERE pronamespace = '{place.schema}'::regnamespace ORDER BY 1"),
    ]  # fmt: skip


def test_lists_become_arrays_where_the_column_is_one_and_json_text_where_it_is_not(place: Place) -> None:
    place.sql("CREATE TABLE t (id int, texts text[], days date[], grid int[], told text, kept jsonb, CHECK (id < 3))")
    kinds = {"texts": "TEXT[]", "days": "DATE[]", "grid": "INTEGER[][]", "told": "INTEGER[]", "kept": "TEXT[]"}
    write = replace(
        write_of("INSERT", setAside=True), columns=(Column("id", "INTEGER"), *(Column(name, kind) for name, kind in kinds.items()))
    )
    odd = r"""SELECT r.i AS id, ['a,b', NULL, 'NULL', '', 'q"\z'] AS texts, [DATE '2026-01-01'] AS days, [[1, 2], [3, 4]] AS grid,"""
    odd += " [1, NULL] AS told, ['x'] AS kept FROM range(1, 4) AS r (i)"
    # The third is refused by the table, so that all of them go the long way.
    place.put(write, odd)
    row = (["a,b", None, "NULL", "", 'q"\\z'], [date(2026, 1, 1)], [[1, 2], [3, 4]], "[1,null]", ["x"])
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, *row), (2, *row)]


def test_readers_of_a_table_that_is_being_overwritten_see_the_old_rows_and_do_not_wait(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name text)")
    place.sql("INSERT INTO t VALUES (1, 'old')")
    session = place.open(write_of("OVERWRITE"))

    class Looking(DuckRows):
        def csv_blocks(self, arrays: Collection[str] = ()) -> Iterator[bytes]:
            for block in super().csv_blocks(arrays):
                yield block
                seen.extend(place.sql("SELECT * FROM t"))

    seen: list[Any] = []
    rows = Looking(duckdb.connect(), "SELECT 2::BIGINT AS id, 'new' AS name", "/tmp")
    session.write(write_of("OVERWRITE"), rows)
    session.commit({})
    assert seen == [(1, "old")]
    assert place.sql("SELECT * FROM t") == [(2, "new")]


ODD = ['with "quotes"', "with space", "żółć", "select", "UPPER", "a" * 63, "semi;colon--", "%s {0} $1"]


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_odd_names_are_names(place: Place, mode: str) -> None:
    for name in ODD:
        quoted = '"' + name.replace('"', '""') + '"'
        write = SinkWrite("out", name, (Column(name, "BIGINT"), Column("name", "TEXT")), mode, (name,) if mode == "UPSERT" else (), (), {})
        place.sql(f"CREATE TABLE {quoted} ({quoted} bigint PRIMARY KEY, name text)")
        assert place.put(write, f"SELECT 1::BIGINT AS {quoted}, 'x' AS name")["rowsInserted"] == 1
        assert place.sql(f"SELECT {quoted}, name FROM {quoted}") == [(1, "x")]


def test_values_arrive_as_they_are(place: Place) -> None:
    place.sql(
        "CREATE TABLE t (id bigint, name text, amount numeric(30, 10),"
        " seen timestamptz, plain timestamp, day date, j jsonb, b bytea, r float8)"
    )
    query = (
        "SELECT * FROM (VALUES (1::BIGINT, '\\N', 12345678901234567890.0123456789::DECIMAL(30, 10), TIMESTAMPTZ '2024-03-31 01:30:00+00',"
        " TIMESTAMP '2024-01-01 00:00:00.123456', DATE '0001-01-01', '{\"a\": [1, \"ł\"]}'::JSON, '\\x00\\xff'::BLOB, 'nan'::DOUBLE),"
        " (2, '', NULL, NULL, NULL, NULL, NULL, NULL, 'inf'::DOUBLE), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (4, E'a,\"b\"\\n\\tc\\\\', NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS v(id, name, amount, seen, plain, day, j, b, r)"
    )
    place.put(write_of("INSERT"), query)
    rows = place.sql(
        "SELECT id, name, amount::text, seen AT TIME ZONE 'UTC', plain::text, day::text, j, encode(b, 'hex'), r::text FROM t ORDER BY id"
    )
    assert rows[0][1:3] == ("\\N", "12345678901234567890.0123456789")
    assert [str(value) for value in rows[0][3:6]] == ["2024-03-31 01:30:00", "2024-01-01 00:00:00.123456", "0001-01-01"]
    assert rows[0][6:] == ({"a": [1, "ł"]}, "00ff", "NaN")
    assert (rows[1][1], rows[1][8], rows[2][1], rows[3][1]) == ("", "Infinity", None, 'a,"b"\n\tc\\')


def test_an_attempt_again_adopts_the_outcome_and_writes_nothing(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name text)")
    write = write_of("INSERT")
    first = place.open(write)
    first.write(write, duck("(1, 'a')"))
    first.commit({"rows": 1})
    # The worker died here; the source changed meanwhile.
    second = place.open(write, epoch=2)
    assert second.adopted == {"rows": 1}
    assert place.sql("SELECT id, name FROM t") == [(1, "a")]


def test_of_two_attempts_at_once_one_counts(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name text)")
    write = write_of("INSERT")
    outcomes: list[Any] = []

    def attempt(epoch: int) -> None:
        try:
            session = place.open(write, epoch=epoch)
            if session.adopted is not None:
                outcomes.append(session.adopted)
                return
            session.write(write, duck("(1, 'a'), (2, 'b')"))
            outcomes.append(session.commit({"epoch": epoch}))
        except PenstockError as error:
            outcomes.append(error)

    for _ in range(5):
        place.sql("TRUNCATE t")
        place.run = new_id()
        outcomes.clear()
        threads = [threading.Thread(target=attempt, args=(epoch,)) for epoch in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        stands = [outcome for outcome in outcomes if not isinstance(outcome, PenstockError)]
        assert len(outcomes) == 3
        assert stands and all(outcome == stands[0] for outcome in stands), outcomes
        assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_an_older_attempt_that_still_holds_its_locks_is_ended(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name text)")
    write = write_of("INSERT")
    zombie = place.open(write, epoch=1)
    zombie.write(write, duck("(1, 'zombie')"))
    newer = place.open(write, epoch=2)
    newer.write(write, duck("(1, 'newer')"))
    newer.commit({"epoch": 2})
    with pytest.raises(PenstockError) as ended:
        zombie.commit({"epoch": 1})
    assert ended.value.retryable or isinstance(ended.value, Unavailable)
    assert place.sql("SELECT id, name FROM t") == [(1, "newer")]
    late = place.open(write, epoch=1)
    assert late.adopted == {"epoch": 2}


DYING = """
import os, sys
from shared.connectors.postgres.driver import ConnectorDriver
from shared.connectors.protocols import AttemptKey
from tests.unit.postgres.test_postgres_sinks import duck, write_of
import json
config, run, step = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
write = write_of(sys.argv[4], keys=("id",) if sys.argv[4] == "UPSERT" else ())
session = ConnectorDriver(config).open_sink(AttemptKey("default", run, 3, 1, 0, ("out",)), (write,))
if step == "opened": os.kill(os.getpid(), 9)
session.write(write, duck("(1, 'first'), (2, 'first')"))
if step == "written": os.kill(os.getpid(), 9)
session.commit({"epoch": 1})
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
@pytest.mark.parametrize(("step", "stands"), [("opened", "second"), ("written", "second"), ("committed", "first")])
def test_whenever_an_attempt_dies_the_next_one_leaves_each_row_once(place: Place, mode: str, step: str, stands: str) -> None:
    import json

    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
    project = Path(__file__).parents[3]
    died = subprocess.run(
        [sys.executable, "-c", DYING, json.dumps(place.config), place.run, step, mode], cwd=project, env=dict(os.environ), check=False
    )
    assert died.returncode == -signal.SIGKILL
    write = write_of(mode, keys=("id",) if mode == "UPSERT" else ())
    session = place.open(write, epoch=2)
    if session.adopted is None:
        session.write(write, duck("(1, 'second'), (2, 'second')"))
        session.commit({"epoch": 2})
    else:
        assert session.adopted == {"epoch": 1}
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, stands), (2, stands)]
    assert place.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'penstock_new%'") == [(0,)]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"password": "not-the-one"}, Denied, "the login was refused; correct the user or the password"),
        ({"host": "nowhere.invalid"}, Unavailable, "there is no such host"),
        ({"port": 9}, Unavailable, "refused"),
        ({"database": "nothing"}, NotFound, "nothing.* does not exist; correct the name, or make it"),
    ],
)
def test_a_connection_that_cannot_be_had_is_one_sentence(
    place: Place, change: dict[str, Any], error: type[PenstockError], says: str
) -> None:
    place.config |= change
    with pytest.raises(error, match=says) as raised:
        place.open(write_of("INSERT"))
    assert str(place.config["password"]) not in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("table", "rows", "error", "says"),
    [
        (None, "(1, 'a')", NotFound, "table t is not there; make it, or set createTable"),
        ("t (id bigint)", "(1, 'a')", NotFound, "table t has no column name"),
        ("t (id bigint, name text NOT NULL)", "(1, NULL)", RejectedData, "table t: null value in column"),
        ("t (id smallint, name text)", "(100000, 'a')", RejectedData, "out of range"),
        ("t (id bigint PRIMARY KEY, name text)", "(1, 'a'), (1, 'b')", RejectedData, "duplicate key"),
        ("t (id bigint, name varchar(2))", "(1, 'abc')", RejectedData, "too long"),
    ],
)
def test_rows_that_do_not_fit_are_refused_whole_with_one_sentence(
    place: Place, table: str | None, rows: str, error: type[PenstockError], says: str
) -> None:
    if table:
        place.sql(f"CREATE TABLE {table}")
    with pytest.raises(error, match=says) as raised:
        place.put(write_of("INSERT"), rows)
    assert not raised.value.retryable
    assert "\n" not in raised.value.message
    if table:
        assert place.sql("SELECT * FROM t") == []


def test_a_table_is_made_where_the_recipe_asks_for_it(place: Place) -> None:
    write = write_of("UPSERT", keys=("id",), createTable=True)
    assert place.put(write, "(1, 'a'), (2, 'b')")["rowsInserted"] == 2
    assert place.put(write, "(2, 'c')")["rowsUpdated"] == 1
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "c")]


def test_of_rows_with_one_key_the_last_of_many_wins_however_wide_they_are(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
    # Narrow rows among wide ones would fill gaps of earlier pages, if there were any to be filled.
    rows = "SELECT (i % 1000)::BIGINT AS id, i::VARCHAR || repeat('x', (i * 7919) % 3000) AS name FROM range(20000) AS r(i)"
    assert place.put(write_of("UPSERT", "t", ("id",)), rows)["merged"] == 19000
    assert place.sql("SELECT count(*) FROM t WHERE substring(name FROM '^[0-9]+')::integer <> 19000 + id") == [(0,)]


def test_an_overwrite_keeps_the_names_of_indexes_that_are_alike(place: Place) -> None:
    place.sql("CREATE TABLE t (gone int, id bigint, name text, other text, CONSTRAINT first UNIQUE (id))")
    place.sql("ALTER TABLE t DROP COLUMN gone")
    place.sql('CREATE INDEX "by USING lower" ON t (lower(name)); CREATE INDEX by_other ON t (lower(other))')
    place.sql("CREATE INDEX whole ON t (name); CREATE INDEX part ON t (name) WHERE id > 3; CREATE INDEX down ON t (name DESC)")
    place.sql("CREATE INDEX once ON t (other); CREATE INDEX twice ON t (other)")
    defined = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1"
    before = place.sql(defined)
    for name in ("a", "b"):
        place.put(write_of("OVERWRITE"), f"(1, '{name}')")
        assert place.sql("SELECT id, name FROM t") == [(1, name)]
        assert place.sql(defined) == before


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "CHECK (id > 0)"])
@pytest.mark.parametrize(("kind", "one", "two"), [
    ("json", '{"a": 1}', '{"b": [2]}'), ("point", "(1,2)", "(2,1)"), ("box", "(1,1),(0,0)", "(2,2),(1,1)"),
    ("json[]", '{"{}"}', '{"[]"}'), ("document", "{}", "[]"), ("jsonb", '{"a": 1}', '{"b": [2]}'),
])  # fmt: skip
def test_an_upsert_tells_values_apart_whose_type_has_no_equality(place: Place, key: str, kind: str, one: str, two: str) -> None:
    place.sql("CREATE DOMAIN document AS json")
    place.sql(f"CREATE TABLE t (id bigint, name {kind}, {key})")
    place.sql(f"INSERT INTO t VALUES (1, '{one}'), (2, '{one}')")
    write = SinkWrite("out", "t", UPSERT.columns, "UPSERT", ("id",), (("name", "asc"),), {})
    figures = place.put(write, f"(1, '{one}'), (2, '{two}'), (3, '{one}'), (3, '{one}')")
    assert figures == {"rowsInserted": 1, "rowsUpdated": 1, "rowsUnchanged": 1, "rowsDeleted": 0, "merged": 1}
    assert place.sql(f"SELECT id, name::text = '{one}'::{kind}::text FROM t ORDER BY id") == [(1, True), (2, False), (3, True)]


def test_a_table_that_was_made_for_it_takes_upserts_of_json(place: Place) -> None:
    columns = (Column("id", "BIGINT"), Column("name", "JSON"))
    write = SinkWrite("out", "t", columns, "UPSERT", ("id",), (("name", "asc"),), {"createTable": True})
    rows = """SELECT id, name::JSON AS name FROM (VALUES (1, '{"a": 1}'), (2, '{"b":2}')) AS v (id, name)"""
    assert place.put(write, rows)["rowsInserted"] == 2
    assert place.put(write, rows.replace("b", "c"))["rowsUpdated"] == 1
    assert place.sql("SELECT name::text FROM t ORDER BY id") == [('{"a": 1}',), ('{"c":2}',)]
