"""ClickHouse, as chdb is it behind HTTP: its types, its engines, and rows that are there once whatever answer is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from shared.connectors import driver
from shared.connectors.errors import BadQuery, Denied, Misconfigured, NotFound, RejectedData, Unavailable
from shared.connectors.looking import LookingDriver
from shared.connectors.protocols import SinkWrite
from shared.store.identifiers import new_id
from tests.support.clickhouse import Server
from tests.support.databases import Place, duck, write_of

UPSERT = write_of("UPSERT", keys=("id",))
MEMORY = "ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100"
KEYED = "ENGINE = ReplacingMergeTree ORDER BY id"


@pytest.fixture
def place(clickhouse: Server) -> Place:
    return Place(clickhouse.database())


def table(place: Place, name: str = "t", columns: str = "id Int64, name Nullable(String)", engine: str = MEMORY) -> None:
    place.sql(f"CREATE TABLE {name} ({columns}) {engine}")


TYPES: dict[str, list[str]] = {
    "BOOLEAN": ["true", "false"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "REAL": ["0.1", "3.4e38"],
    "DOUBLE": ["0.1", "1.7976931348623157e308", "-2.2250738585072014e-308", "'NaN'", "'-Infinity'"],
    "NUMERIC(12, 2)": ["0.10", "1234567890.12", "-0.01"],
    "NUMERIC(38, 10)": ["0.0000000001", "1234567890123456789012345678.0123456789"],
    "TEXT": ["''", "'a' || chr(0) || 'b'", "'é€😀'", "' padded '", "'NULL'", "'\\N'", "repeat('x', 100000)", "'line\r\nline\t\"quoted\"'"],
    "DATE": ["'1900-01-01'", "'2024-02-29'", "'2299-12-31'"],
    "TIMESTAMP": ["'2024-02-29 03:04:05.123456'", "'1900-01-01 00:00:00'"],
    "TIMESTAMPTZ": ["'2024-02-29 03:04:05.123456+00'", "'2024-07-01 12:00:00+02'"],
    "UUID": ["'00000000-0000-7000-8000-00000000000a'"],
    "JSON": ['\'{"a": [1, 2.50, "é"]}\'', "'1.50'"],
}


def test_values_come_back_as_they_were_written(place: Place) -> None:
    """A column for each type, in one table."""
    deep = max(map(len, TYPES.values())) + 1
    columns = {f"c{at}": (kind, [*values, *["NULL"] * (deep - len(values))]) for at, (kind, values) in enumerate(TYPES.items())}
    rows = " UNION ALL ".join(
        f"SELECT {row}::INTEGER AS n, {', '.join(f'CAST({values[row]} AS {kind}) AS {name}' for name, (kind, values) in columns.items())}"
        for row in range(deep)
    )
    place.put(write_of("INSERT", createTable=True), f"SELECT * FROM ({rows})")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        wanted = connection.execute(
            f"SELECT n, {', '.join(f'CAST({name} AS VARCHAR)' for name in columns)} FROM ({rows}) ORDER BY n"
        ).fetchall()
    shown = ", ".join(f"CAST(CAST({name} AS {kind}) AS VARCHAR)" for name, (kind, _) in columns.items())
    assert place.read(select=f"n, {shown} FROM it ORDER BY n --", table="t") == wanted


LONG, FULL = "12345678901234567890.123456789012345678901234567891", Decimal("1234567890123456789012345678.0123456789")


def test_its_types_are_kept_whole(place: Place) -> None:
    kinds = {
        "UInt64": ("18446744073709551615", "NUMERIC(20, 0)", Decimal(18446744073709551615)),
        "UInt32": ("4294967295", "BIGINT", 4294967295),
        "Int8": ("-128", "SMALLINT", -128),
        "Int256": ("-5", "NUMERIC(77, 0)", "-5"),
        "Decimal(76, 30)": (f"'{LONG}'", "NUMERIC(76, 30)", LONG),
        "Decimal(38, 10)": ("'1234567890123456789012345678.0123456789'", "NUMERIC(38, 10)", FULL),
        "DateTime64(9)": ("'2024-01-02 03:04:05.123456789'", "TEXT", "2024-01-02 03:04:05.123456789"),
        "DateTime64(3, 'Europe/Warsaw')": ("'2024-01-02 03:04:05.123'", "TIMESTAMPTZ", "2024-01-02 02:04:05.123+00"),
        "DateTime": ("'2024-01-02 03:04:05'", "TIMESTAMP", "2024-01-02 03:04:05"),
        "Date": ("'2149-06-06'", "DATE", "2149-06-06"),
        "LowCardinality(Nullable(String))": ("'né'", "TEXT", "né"),
        "FixedString(3)": ("unhex('00FF27')", "BYTEA", b"\x00\xff'"),
        "Enum8('x' = 1, 'y é' = 2)": ("'y é'", "TEXT", "y é"),
        "IPv4": ("'10.0.0.1'", "TEXT", "10.0.0.1"),
        "Array(Nullable(Int64))": ("[9007199254740993, NULL]", "JSON", "[9007199254740993,null]"),
        "Map(String, String)": ("map('a', 'b')", "JSON", '{"a":"b"}'),
        "Tuple(a Int8, b String)": ("(1, 'x')", "JSON", '{"a":1,"b":"x"}'),
    }  # fmt: skip
    columns = ", ".join(f"c{at} {kind}" for at, kind in enumerate(kinds))
    table(place, columns=columns)
    place.sql(f"INSERT INTO t VALUES ({', '.join(value for value, *_ in kinds.values())})")
    assert [column.type for column in place.survey(table="t").columns] == [kind for _, kind, _ in kinds.values()]
    moments = [at for at, (_, kind, _) in enumerate(kinds.values()) if kind in ("DATE", "TIMESTAMP", "TIMESTAMPTZ")]
    (row,) = place.read(select=f"* REPLACE ({', '.join(f'CAST(c{at} AS VARCHAR) AS c{at}' for at in moments)})", table="t")
    assert row == tuple(value for *_, value in kinds.values())


def test_a_query_is_read_as_it_was_written_and_changes_nothing(place: Place) -> None:
    table(place, columns="id Int64, name String, amount Decimal(10, 2)")
    place.sql("INSERT INTO t VALUES (1, 'a%', 1.10), (2, 'b', 2)")
    query = "SELECT name, amount, count() OVER () AS n FROM t WHERE name LIKE 'a%%' -- so\n ;"
    assert [(c.name, c.type) for c in place.survey(query=query).columns] == [
        ("name", "TEXT"), ("amount", "NUMERIC(10, 2)"), ("n", "NUMERIC(20, 0)"),
    ]  # fmt: skip
    assert place.read("name", "n", query=query) == [("a%", 1)]
    for wrong in ("SELEC 1", "DROP TABLE t", "INSERT INTO t VALUES (3, '', 0)", "SELECT 1) FROM t; DROP TABLE t --"):
        with pytest.raises(BadQuery):
            place.survey(query=wrong)
    with pytest.raises(NotFound, match="nme"):
        place.survey(query="SELECT nme FROM t")
    assert place.sql("SELECT count() FROM t") == [(2,)]


def test_a_survey_tells_columns_rows_and_the_key_that_is_kept(place: Place) -> None:
    table(place, columns="`a b` Int64, id UInt8, n Nullable(String)", engine="ENGINE = ReplacingMergeTree ORDER BY (`a b`, id)")
    place.sql("INSERT INTO t VALUES (1, 2, NULL)")
    survey = place.survey(table="t")
    assert [(c.name, c.type, c.nullable) for c in survey.columns] == [
        ("a b", "BIGINT", False),
        ("id", "SMALLINT", False),
        ("n", "TEXT", True),
    ]
    assert (survey.keys, survey.rows) == ((("a b", "id"),), 1)
    assert survey.version
    table(place, "plain")
    assert place.survey(table="plain").keys == ()
    assert not place.survey("sink", table="other").exists
    with pytest.raises(NotFound, match=r"table plan is not in .*; did you mean plain\?"):
        place.survey(table="plan")


def test_it_is_looked_at(place: Place) -> None:
    table(place)
    looking: LookingDriver = driver("clickhouse", place.config)  # type: ignore[assignment]
    (tried,) = looking.check()
    assert tried.ok and "connected to database it_" in tried.said
    found, more = looking.discover()
    assert ([(one.name, [(c.name, said) for c, said in one.columns]) for one in found], more) == (
        [("t", [("id", "Int64"), ("name", "Nullable(String)")])],
        False,
    )
    for changed, error, told in (
        ({"password": "wrong"}, Denied, "the login was refused; correct the user or the password"),
        ({"port": 1}, Unavailable, "on 127.0.0.1:1 as tester: it does not answer"),
    ):
        with pytest.raises(error, match=told):
            driver("clickhouse", {**place.config, **changed}).survey("source", {"table": "t"})


def test_each_mode_writes_and_counts_what_can_be_counted(place: Place) -> None:
    table(place)
    figures = place.put(write_of("INSERT"), "(1, 'a'), (2, '')")
    assert figures == {"rowsInserted": 2, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": None}
    place.put(write_of("INSERT"), "SELECT 3::BIGINT AS id")
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "a"), (2, ""), (3, None)]
    assert place.put(write_of("OVERWRITE"), "(1, 'b'), (4, 'd')")["rowsInserted"] == 2
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "b"), (4, "d")]
    table(place, "k", engine=KEYED)
    write = SinkWrite("out", "k", UPSERT.columns, "UPSERT", ("id",), (("name", "asc"),), {})
    assert place.put(write, "(1, 'b'), (1, 'c'), (1, 'a'), (1, NULL), (2, NULL)")["merged"] == 3
    assert place.put(write, "(2, 'new'), (3, 'x')")["merged"] == 0
    assert place.sql("SELECT * FROM k ORDER BY id") == [(1, "c"), (2, "new"), (3, "x")]
    assert sorted(place.read(table="k")) == [(1, "c"), (2, "new"), (3, "x")]
    assert left_over(place) == []


def left_over(place: Place) -> list[Any]:
    """Tables of ours that nobody needs any more."""
    names = place.sql("SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'penstock_')")
    return [name for (name,) in names if name != "penstock_markers"]


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_a_table_may_be_made_and_then_takes_the_next_rows_too(place: Place, mode: str) -> None:
    write = write_of(mode, keys=("id",) if mode == "UPSERT" else (), createTable=True)
    place.put(write, "(1::BIGINT, 'a')")
    place.put(write, "(2::BIGINT, 'b')")
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")][1 if mode == "OVERWRITE" else 0 :]


def test_an_overwrite_keeps_the_table_as_it_was_made(place: Place) -> None:
    table(place, columns="id Int64 COMMENT 'the key', name String DEFAULT 'none'", engine="ENGINE = MergeTree ORDER BY id COMMENT 'mine'")
    for number in range(2):
        place.put(write_of("OVERWRITE"), f"SELECT {number}::BIGINT AS id")
    assert place.sql("SELECT * FROM t") == [(1, "none")]
    ((comment, sorting),) = place.sql("SELECT comment, sorting_key FROM system.tables WHERE name = 't' AND database = currentDatabase()")
    assert comment.startswith("mine [penstock default/") and comment.count("[") == 1
    assert sorting == "id"


@pytest.mark.parametrize(
    ("mode", "engine", "told"),
    [
        ("INSERT", "ENGINE = MergeTree ORDER BY id", r"remembers no inserted blocks.* or delivery: at_least_once"),
        ("INSERT", "ENGINE = Memory", r"t \(Memory\) remembers no inserted blocks"),
        ("UPSERT", "ENGINE = MergeTree ORDER BY id", "UPSERT into a ReplacingMergeTree"),
        ("UPSERT", "ENGINE = ReplacingMergeTree ORDER BY (id, name)", "which is id, name; give the same columns as upsertKeys"),
        ("UPSERT", "ENGINE = ReplacingMergeTree ORDER BY id % 2", "which is an expression"),
        ("UPSERT", "ENGINE = ReplacingMergeTree ORDER BY id PARTITION BY name", "is partitioned by name, which is no key"),
        ("OVERWRITE", "ENGINE = Memory", "cannot be exchanged for another in one step"),
    ],
)
def test_what_could_double_or_lose_rows_is_refused(place: Place, mode: str, engine: str, told: str) -> None:
    table(place, columns="id Int64, name String", engine=engine)
    with pytest.raises(Misconfigured, match=told):
        place.put(write_of(mode, keys=("id",) if mode == "UPSERT" else ()), "(1, 'a')")
    assert place.sql("SELECT * FROM t") == []


def test_a_table_that_remembers_nothing_takes_rows_at_least_once(place: Place) -> None:
    table(place, engine="ENGINE = Memory")
    place.put(write_of("INSERT", delivery="at_least_once"), "(1, 'a')")
    assert place.sql("SELECT * FROM t") == [(1, "a")]


UNFIT = {
    "a text for a number": ("Int64", "('1'), ('x')", "column id, row 2: x does not fit its type BIGINT"),
    "more than a byte": ("UInt8", "(255), (256)", "column id, row 2: 256 does not fit its type UInt8"),
    "less than nothing": ("UInt64", "(18446744073709551615), (-1)", "column id, row 2: -1 does not fit its type UInt64"),
    "too many digits": ("Decimal(5, 2)", "(1.5), (1234.5)", "column id, row 2: 1234.5 does not fit"),
    "digits of a text that would be cut": ("Decimal(76, 2)", "('1.25'), ('1.255')", "column id, row 2: 1.255 does not fit"),
    "a fraction": ("Int64", "(1.0::DOUBLE), (2.5)", "column id, row 2: 2.5 does not"),
    "a day that would be another": ("Date", "(DATE '1970-01-01'), ('1969-12-31')", "row 2: 1969-12-31 is outside what Date holds"),
    "a moment that would be another": ("DateTime64(6)", "(TIMESTAMP '2299-12-31'), ('2300-01-01')", "row 2: .* is outside what DateTime64"),
    "a second's part": ("DateTime", "(TIMESTAMP '2024-01-01'), ('2024-01-01 00:00:00.5')", "row 2: .* has more digits behind the second"),
    "fewer bytes": ("FixedString(2)", "('ab'::BLOB), ('a'::BLOB)", "row 2: .* has not the 2 bytes of FixedString"),
    "nothing": ("Int64", "(1), (NULL)", "column id, row 2: .* is missing, and the column takes no NULL"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_a_column_cannot_hold_is_told_with_column_and_row(place: Place, what: str) -> None:
    kind, rows, told = UNFIT[what]
    table(place, columns=f"id {kind}")
    with pytest.raises(RejectedData, match=told):
        place.put(write_of("INSERT" if len(what) % 2 else "OVERWRITE"), f"SELECT * FROM (VALUES {rows}) v(id)")
    assert place.sql("SELECT count() FROM t") == [(0,)]
    assert left_over(place) == []


def test_names_may_be_anything(place: Place) -> None:
    target, columns = '"odd ""na%me.é\\"', ['a "b" `c`', "select", "Żółć %s ?", "x y", "back\\slash"]
    quoted = [name.replace('"', '""') for name in columns]
    picked = ", ".join(f'{at}::BIGINT AS "{name}"' for at, name in enumerate(quoted))
    for mode in ("UPSERT", "UPSERT", "INSERT", "OVERWRITE"):
        place.put(write_of(mode, target, (columns[0],) if mode == "UPSERT" else (), createTable=True), f"SELECT {picked}")
    assert [column.name for column in place.survey(table=target).columns] == columns
    assert place.read(table=target) == [(0, 1, 2, 3, 4)]


def test_many_rows_go_in_blocks_and_none_is_lost(place: Place) -> None:
    rows = "SELECT range::BIGINT AS id, 'n' || range AS name FROM range(250000)"
    assert place.put(write_of("INSERT", createTable=True), rows)["rowsInserted"] == 250_000
    assert place.read(select="count(*), sum(id), count(DISTINCT name)", table="t") == [(250_000, 250_000 * 249_999 // 2, 250_000)]


@pytest.mark.parametrize("left", [0, 300, 100_000, 2_000_000])
def test_an_answer_that_breaks_off_is_a_failure_and_never_fewer_rows(place: Place, left: int) -> None:
    table(place)
    place.sql("INSERT INTO t SELECT number, 'some' FROM numbers(200000)")
    place.own.break_off("FORMAT ArrowStream", left)  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="broke off"):
        place.read(table="t")
    assert place.read(select="count(*)", table="t") == [(200_000,)]


# Statements that a load says, in its order; of each, the answer is lost, and whether it was done is not known.
MARKER, ROWS = 'INSERT INTO "penstock_markers"', "INSERT INTO .*SELECT"
STATEMENTS = [
    ("INSERT", MARKER), ("INSERT", ROWS), ("INSERT", "DROP TABLE"), ("UPSERT", ROWS),
    ("OVERWRITE", MARKER), ("OVERWRITE", "RENAME"), ("OVERWRITE", "EXCHANGE"),
]  # fmt: skip


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize(("mode", "lost"), STATEMENTS)
def test_rows_are_there_once_whichever_answer_is_lost(place: Place, mode: str, lost: str, done: bool) -> None:
    table(place, engine=KEYED if mode == "UPSERT" else MEMORY)
    place.sql("INSERT INTO t VALUES (9, 'before')")
    write, run = write_of(mode, keys=("id",) if mode == "UPSERT" else ()), new_id()
    place.open(write).abort()
    place.own.lose_answer(lost, done=done)  # type: ignore[attr-defined]
    for epoch in range(1, 4):
        try:
            session = place.open(write, run=run, epoch=epoch)
            if session.adopted is None:
                session.write(write, duck("(1, 'a'), (2, 'b')"))
                session.commit({"epoch": epoch})
        except Unavailable:
            session.abort()
            continue
        break
    assert place.own.losing() == 0  # type: ignore[attr-defined]
    before = [] if mode == "OVERWRITE" else [(9, "before")]
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "a"), (2, "b"), *before]
    assert place.open(write, run=run, epoch=9).adopted is not None
    assert left_over(place) == []


def test_blocks_that_are_in_are_not_sent_again_and_the_others_are(place: Place) -> None:
    table(place)
    write, run = write_of("INSERT"), new_id()
    rows = "SELECT range::BIGINT AS id, NULL::VARCHAR AS name FROM range(250000)"
    session = place.open(write, run=run)
    session.write(write, duck(rows))
    place.own.lose_answer("INSERT INTO .*BETWEEN 100001 AND", done=True)  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        session.commit({"it": "is done"})
    session.abort()
    assert place.sql("SELECT count() FROM t") == [(200_000,)]
    assert place.open(write, run=run, epoch=2).adopted == {"it": "is done"}
    assert place.sql("SELECT count(), uniqExact(id) FROM t") == [(250_000, 250_000)]


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_of_two_attempts_the_first_to_commit_stands(place: Place, mode: str) -> None:
    table(place, engine=KEYED if mode == "UPSERT" else MEMORY)
    write, run = write_of(mode, keys=("id",) if mode == "UPSERT" else ()), new_id()
    zombie, next_ = place.open(write, run=run, epoch=1), place.open(write, run=run, epoch=2)
    zombie.write(write, duck("(1, 'zombie')"))
    next_.write(write, duck("(1, 'next')"))
    assert next_.commit({"epoch": 2}) == {"epoch": 2}
    assert zombie.commit({"epoch": 1}) == {"epoch": 2}
    assert place.sql("SELECT * FROM t") == [(1, "next")]
    assert left_over(place) == []


def test_what_was_not_committed_never_was(place: Place) -> None:
    table(place)
    for mode in ("INSERT", "OVERWRITE"):
        session = place.open(write_of(mode))
        session.write(write_of(mode), duck("(1, 'a')"))
        session.abort()
    assert place.sql("SELECT * FROM t") == [] == left_over(place)


def test_a_commit_without_rows_leaves_its_marker(place: Place) -> None:
    run = new_id()
    assert place.open(write_of("INSERT"), run=run).commit({"a": 1}) == {"a": 1}
    assert place.open(write_of("INSERT"), run=run, epoch=2).adopted == {"a": 1}
