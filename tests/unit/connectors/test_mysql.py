"""What is MySQL's own: its types, its engines, sessions that are ended by the next attempt, and statements that are stopped."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from shared.connectors import driver
from shared.connectors.errors import BadQuery, Denied, Misconfigured, NotFound, RejectedData, Unavailable
from shared.connectors.looking import LookingDriver
from shared.connectors.mysql.database import Mysql
from shared.errors import PenstockError
from tests.support.databases import Place, duck, write_of
from tests.support.mariadb import Server

RUN = "00000000-0000-7000-8000-000000000004"


@pytest.fixture
def place(mariadb: Server) -> Place:
    return Place(mariadb.database())


def test_its_types_are_kept_whole(place: Place) -> None:
    place.sql(
        "CREATE TABLE t (a bigint unsigned, b decimal(38, 10), c float, d tinyint(1), e tinyint unsigned, f int unsigned, g mediumint,"
        " h timestamp(6) NULL, i datetime(6), j year, k enum('x', 'y é'), l bit(9), m decimal(65, 30), n longtext, o varbinary(3))"
    )
    place.sql("SET time_zone = '+02:00'")
    place.sql(
        "INSERT INTO t VALUES (18446744073709551615, 1234567890123456789012345678.0123456789, 16777217, 1, 255, 4294967295, -8388608,"
        " '2024-01-02 03:04:05.123456', '2024-01-02 03:04:05.123456', 2024, 'y é', b'100000001',"
        " 12345678901234567890123456789012345.123456789012345678901234567890, '', x'00ff27')"
    )
    kinds = [column.type for column in place.survey(table="t").columns]
    assert kinds == [
        "NUMERIC(20, 0)", "NUMERIC(38, 10)", "REAL", "BOOLEAN", "SMALLINT", "BIGINT", "INTEGER", "TIMESTAMPTZ", "TIMESTAMP", "SMALLINT",
        "TEXT", "BYTEA", "NUMERIC(65, 30)", "TEXT", "BYTEA",
    ]  # fmt: skip
    (row,) = place.read(select="* REPLACE (CAST(h AS VARCHAR) AS h, CAST(i AS VARCHAR) AS i)", table="t")
    assert row == (
        18446744073709551615, Decimal("1234567890123456789012345678.0123456789"), 16777216.0, True, 255, 4294967295, -8388608,
        "2024-01-02 03:04:05.123456+00", "2024-01-02 03:04:05.123456", 2024, "y é", b"\x01\x01",
        "12345678901234567890123456789012345.123456789012345678901234567890", "", b"\x00\xff'",
    )  # fmt: skip


def test_a_query_has_the_types_of_its_columns(place: Place) -> None:
    place.sql("CREATE TABLE t (a bigint unsigned, b decimal(12, 3), c varchar(5), d blob, e tinyint(1))")
    survey = place.survey(query="SELECT b, a, c, d, e, b * 2 AS f, now() AS g, count(*) OVER () AS h FROM t LIMIT 5")
    kinds = [column.type for column in survey.columns]
    assert kinds == ["NUMERIC(12, 3)", "NUMERIC(20, 0)", "TEXT", "BYTEA", "BOOLEAN", "NUMERIC(13, 3)", "TIMESTAMP", "BIGINT"]


@pytest.mark.parametrize(("declared", "bad"), [("date", "'0000-00-00'"), ("time", "'-01:00:00'"), ("tinyint(1)", "2")])
def test_what_has_no_like_is_told_with_its_row(place: Place, declared: str, bad: str) -> None:
    place.sql(f"CREATE TABLE t (n int PRIMARY KEY, a {declared})")
    place.sql(f"INSERT INTO t VALUES (1, NULL), (2, {bad})")
    with pytest.raises(RejectedData, match=r"column a, row 2: .* is no "):
        place.read(table="t")


def test_a_table_without_transactions_is_refused(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(9)) ENGINE=MyISAM")
    with pytest.raises(Misconfigured, match="table t is kept by MyISAM, which has no transactions; change it to InnoDB"):
        place.put(write_of("INSERT"), "(1, 'a')")


def test_too_long_a_text_is_told_with_its_row_and_never_cut(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(3))")
    with pytest.raises(RejectedData, match="column name, row 2: ééééé is longer than the 3 characters of the column"):
        place.put(write_of("INSERT"), "(1, 'ééé'), (2, 'ééééé')")
    place.sql("CREATE TABLE l (id bigint, name varchar(9) CHARACTER SET latin1)")
    with pytest.raises(RejectedData):
        place.put(write_of("INSERT", "l"), "(1, '€😀')")
    assert place.sql("SELECT * FROM t UNION SELECT * FROM l") == []


def test_the_next_attempt_ends_an_older_one_that_still_holds_on(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(9))")
    write = write_of("INSERT")
    zombie = place.open(write, run=RUN, epoch=1)
    zombie.write(write, duck("(1, 'zombie')"))
    place.put(write, "(2, 'next')", run=RUN, epoch=2)
    with pytest.raises(Unavailable):
        zombie.commit({"epoch": 1})
    assert place.sql("SELECT * FROM t") == [(2, "next")]


def test_two_runs_that_write_one_table_go_one_after_the_other(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(9))")
    write, done = write_of("UPSERT", keys=("id",)), []
    first = place.open(write)
    second = threading.Thread(target=lambda: done.append(place.put(write, "(1, 'second')")))
    second.start()
    first.write(write, duck("(1, 'first')"))
    time.sleep(0.3)
    assert not done
    first.commit({})
    second.join(20)
    assert done[0]["rowsUpdated"] == 1
    assert place.sql("SELECT * FROM t") == [(1, "second")]


def test_a_statement_is_stopped_within_seconds(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    query = "SELECT SLEEP(30) AS id"
    columns = place.survey(query=query).columns
    stream = driver("mysql", place.config).read("penstock/test", {"query": query}, columns, ["id"])  # type: ignore[attr-defined]
    threading.Timer(0.5, stream.cancel).start()
    begun = time.monotonic()
    with pytest.raises(PenstockError):
        # A SLEEP that is stopped returns 1, where its statement does not fail.
        assert [batch.to_pylist() for batch in stream.reader()] == [[{"id": 0}]], "stopped"
    assert time.monotonic() - begun < 10
    stream.close()


def test_who_may_not_and_what_is_away_is_told(place: Place) -> None:
    for changed, error, told in (
        ({"password": "wrong"}, Denied, "the login was refused; correct the user or the password"),
        ({"database": "nowhere"}, Denied, "login was refused"),
        ({"port": 1}, Unavailable, "on 127.0.0.1:1 as"),
    ):
        with pytest.raises(error, match=told):
            driver("mysql", {**place.config, **changed}).survey("source", {"table": "t"})
    url = "mysql://{user}:p%20%25w@{host}:{port}/{database}".format(**place.config)
    with pytest.raises(NotFound, match="table t is not in database it_"):
        driver("mysql", {"url": url}).survey("source", {"table": "t"})


NASTY = r"""(1, 'a	b' || chr(10) || 'c' || chr(13) || '\d'), (2, NULL), (3, ''), (4, '\N'), (5, 'x' || chr(0) || '''"y')"""
BYTES = r"'\x00\x09\x0A\x5C'::BLOB AS b, true AS f, '\x01\x00'::BLOB AS g"


def test_rows_are_the_same_whether_the_server_takes_them_in_bulk_or_not(place: Place, mariadb: Server) -> None:
    found, told = [], []
    for allowed in (1, 0):
        mariadb.told(f"SET GLOBAL local_infile = {allowed}")
        try:
            name = f"t{allowed}"
            place.sql(f"CREATE TABLE {name} (id bigint PRIMARY KEY, name varchar(50), b varbinary(9), f bit(1), g bit(9))")
            place.put(write_of("INSERT", name), f"SELECT *, {BYTES} FROM (VALUES {NASTY}) v(id, name)")
            with pytest.raises(RejectedData, match="Duplicate entry '1'"):
                place.put(write_of("INSERT", name), "(7, 'new'), (1, 'twice')")
            looking: LookingDriver = driver("mysql", place.config)  # type: ignore[assignment]
            told.append(looking.check()[-1].said)
        finally:
            mariadb.told("SET GLOBAL local_infile = 1")
        found.append(place.sql(f"SELECT id, name, b, f, g FROM {name} ORDER BY id"))
    assert found[0] == found[1]
    assert [name for _, name, *_ in found[0]] == ["a\tb\nc\r\\d", None, "", "\\N", "x\0'\"y"]
    assert found[0][0][2:] == (b"\x00\t\n\\", b"\x01", b"\x01\x00")
    assert ["LOAD DATA" in said for said in told] == [True, False]


def test_a_server_is_never_given_a_file(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("1\n")
    place.sql("CREATE TABLE t (id bigint)")
    asks = f"LOAD DATA LOCAL INFILE '{tmp_path / 'secret'}' INTO TABLE t"
    with pytest.raises(PenstockError):
        place.survey(query=asks)
    database = Mysql(place.config)
    with closing(database.connect("penstock/test", write=True)) as connection:
        assert database.execute(connection, asks) == 0
    assert place.sql("SELECT * FROM t") == []


def test_a_query_changes_nothing(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    for query in ("INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (a int)"):
        with pytest.raises(BadQuery):
            place.survey(query=query)
    assert place.sql("SELECT * FROM t") == []
