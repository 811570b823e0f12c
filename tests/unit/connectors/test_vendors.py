"""The path that all vendors' drivers share, over two real modules of PEP 249: Python's sqlite3, and MariaDB's by PyMySQL.

No server of the vendors themselves is to be had here; what is theirs alone (how to log in, how types are declared) is read, not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import duckdb
import psycopg
import pytest

from shared.connectors import CONNECTORS, driver
from shared.connectors.dbapi.vendor import COMMON, Vendor
from shared.connectors.dbapi.vendor_database import VendorDatabase
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.connectors.dbapi.vendor_types import described_by
from shared.connectors.errors import Denied, Misconfigured, NotFound, RejectedData
from shared.connectors.protocols import AttemptKey, ComputingSession, Query, SinkSession, SinkWrite
from shared.datasets import Column
from shared.sql.dialects import dialect
from shared.store.identifiers import new_id
from tests.support.databases import Own, Sqlite, duck, write_of
from tests.support.postgresql import server

VENDORS = ("snowflake", "databricks", "sqlserver", "oracle", "teradata", "hana", "ase", "redshift")
ALIKE = {
    "sqlite": Vendor(
        title="SQLite",
        module="sqlite3",
        package="Python",
        dialect="sqlite",
        connect=lambda c: {"database": c["path"], "check_same_thread": False},
        where=lambda c: str(c["path"]),
        schema=lambda c: "main",
        tables="SELECT name FROM sqlite_master WHERE ? = 'main'",
        # A transaction that has written has the file for itself.
        hold="SELECT 1",
    ),
    "mysql": Vendor(
        title="MariaDB",
        module="pymysql",
        package="pymysql",
        dialect="mysql",
        connect=lambda c: {**c, "charset": "utf8mb4"},
        where=lambda c: str(c["database"]),
        schema=lambda c: str(c["database"]),
        tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
        declared={"TEXT": "LONGTEXT", "TIMESTAMP": "DATETIME(6)"},
        columns=(
            "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
            " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
        ),
        types={"longtext": "TEXT", "datetime": "TIMESTAMP"},
        login=("access denied",),
    ),
    # Who says MERGE as Snowflake does; and Redshift's grammar, on what it came from.
    **{
        name: Vendor(
            title="PostgreSQL",
            module="psycopg",
            package="psycopg",
            dialect=name,
            connect=lambda c: {"conninfo": c["url"]},
            where=lambda c: "a database",
            schema=lambda c: str(c["schema"]),
            tables="SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
            columns=(
                "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns"
                " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
            ),
            rows="SELECT reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ? AND relname = ?",
            types={"text": "TEXT"},
            begin="LOCK {markers}" if name == "redshift" else "",
            hold="LOCK {table}",
        )
        for name in ("snowflake", "redshift")
    },
}


class Alike:
    def __init__(self, own: Own) -> None:
        self.vendor, self.own, self.sql = ALIKE[own.type], own, own.sql
        self.driver = VendorDriver(self.vendor, own.config)

    def open(self, write: SinkWrite, run: str, epoch: int = 1) -> SinkSession:
        return self.driver.open_sink(AttemptKey("default", run, 3, epoch, 0, ("out",)), (write,))

    def put(self, write: SinkWrite, rows: str, run: str | None = None) -> dict[str, int | None]:
        session = self.open(write, run or new_id())
        assert session.adopted is None
        try:
            figures = session.write(write, duck(rows))
        except BaseException:
            session.abort()
            raise
        session.commit({"it": "is done"})
        return figures

    def read(self, **options: Any) -> list[tuple[Any, ...]]:
        columns = self.driver.survey("source", options).columns
        stream = self.driver.read("s", options, columns, [column.name for column in columns])
        with duckdb.connect() as connection:
            connection.register("it", stream)
            found = connection.execute("SELECT * FROM it").fetchall()
        stream.close()
        return found


@dataclass
class Schema:
    """A schema of a test's own in a PostgreSQL."""

    type: str
    url: str
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = f"s{new_id().replace('-', '')}"
        self.config = {"url": f"{self.url}?options=-csearch_path%3D{name}", "schema": name}
        self.sql(f"CREATE SCHEMA {name}")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.config["url"], autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(params=ALIKE)
def alike(request: pytest.FixtureRequest, tmp_path: Path) -> Alike:
    if request.param in ("snowflake", "redshift"):
        return Alike(Schema(request.param, request.getfixturevalue("postgres")))
    return Alike(Sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("mariadb").database())


def test_rows_go_in_and_come_out(alike: Alike) -> None:
    write = write_of("INSERT", createTable=True)
    assert alike.put(write, "(1::BIGINT, 'né'), (2, NULL), (3, '')")["rowsInserted"] == 3
    assert alike.read(table="t") == [(1, "né"), (2, None), (3, "")]
    assert alike.read(query="SELECT name FROM t WHERE id = 1") == [("né",)]
    assert alike.put(write_of("OVERWRITE"), "(9::BIGINT, 'x')")["rowsDeleted"] == 3
    assert alike.sql("SELECT * FROM t") == [(9, "x")]


def test_a_load_is_whole_or_not_there_and_is_made_once(alike: Alike) -> None:
    alike.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20))")
    with pytest.raises(RejectedData):
        alike.put(write_of("INSERT"), "(1, 'a'), (1, 'b')")
    run = new_id()
    alike.put(write_of("INSERT"), "(1, 'a')", run)
    assert alike.open(write_of("INSERT"), run, 2).adopted == {"it": "is done"}
    session = alike.open(write_of("INSERT"), new_id())
    session.write(write_of("INSERT"), duck("(7, 'z')"))
    session.abort()
    assert alike.sql("SELECT * FROM t") == [(1, "a")]


def test_what_is_not_there_is_named_and_what_does_not_fit_too(alike: Alike) -> None:
    alike.sql("CREATE TABLE orders (id bigint, name varchar(20))")
    alike.sql("INSERT INTO orders VALUES (1, 'a')")
    with pytest.raises(NotFound, match=r"table ordrs is not in .*; did you mean orders\?"):
        alike.driver.survey("source", {"table": "ordrs"})
    with pytest.raises(RejectedData, match=r"column id, row 2: x does not fit"):
        alike.put(write_of("INSERT", "orders"), "SELECT * FROM (VALUES ('1', 'a'), ('x', 'b')) v(id, name)")


def upsert(*more: tuple[str, str], target: str = "t") -> SinkWrite:
    return SinkWrite("out", target, (Column("id", "BIGINT"), Column("name", "TEXT")), "UPSERT", ("id",), more or (("name", "asc"),), {})


def test_rows_with_known_keys_are_updated_and_others_inserted(alike: Alike) -> None:
    alike.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20), more varchar(20) DEFAULT 'kept')")
    alike.sql("INSERT INTO t (id, name) VALUES (1, 'old'), (9, 'other')")
    alike.sql("UPDATE t SET more = 'own' WHERE id = 1")
    figures = alike.put(upsert(), "(1::BIGINT, 'b'), (1, 'a'), (1, NULL), (2, 'x'), (2, 'x'), (3, NULL)")
    assert alike.sql("SELECT id, name, more FROM t ORDER BY id") == [
        (1, "b", "own"),
        (2, "x", "kept"),
        (3, None, "kept"),
        (9, "other", "kept"),
    ]
    counted = {"rowsInserted": 2, "rowsUpdated": 1, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": 3}
    # The one that neither locks the table nor tells has no figures that could be known.
    unknown = dict.fromkeys(("rowsInserted", "rowsUpdated", "rowsUnchanged")) if alike.own.type == "mysql" else {}
    assert figures == {**counted, **unknown}
    assert alike.put(upsert(("name", "desc")), "(2::BIGINT, 'y'), (2, 'a')")["merged"] == 1
    assert alike.sql("SELECT name FROM t WHERE id = 2") == [("a",)]
    with pytest.raises(RejectedData, match=r"have no id, which is a key of the UPSERT|column id, row 1: None is missing"):
        alike.put(upsert(), "(NULL::BIGINT, 'b'), (7, 'c')")
    assert alike.sql("SELECT COUNT(*) FROM t WHERE id = 7") == [(0,)]


def test_rows_that_it_computes_itself_are_kept_and_written_there(alike: Alike) -> None:
    alike.sql("CREATE TABLE s (id bigint, name varchar(20))")
    alike.sql("INSERT INTO s VALUES (1, 'a'), (2, 'b'), (2, 'c'), (3, NULL)")
    alike.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20))")
    alike.sql("INSERT INTO t VALUES (2, 'old')")
    for write, rows, merged in ((upsert(), 4, 1), (write_of("OVERWRITE"), 3, None), (write_of("INSERT", "u"), 3, None)):
        if write.target == "u":
            alike.sql("CREATE TABLE u (id bigint, name varchar(20))")
        session = cast(ComputingSession, alike.open(write, new_id()))
        where = "" if merged else " WHERE id <> 2 OR name = 'c'"
        assert session.keep("kept", Query(f"SELECT id, name FROM s{where}")) == rows
        assert session.tally((("kept", None), ("kept", "id"))) == ((4, 8) if merged else (3, 6))
        done = session.write_query(write, Query("SELECT id, name FROM kept"))
        assert (done.rows, done.figures["merged"]) == (rows, merged)
        session.commit({})
        assert sorted(alike.sql(f"SELECT * FROM {write.target}"), key=repr) == [(1, "a"), (2, "c"), (3, None)]


def test_computed_rows_of_other_types_are_fitted_as_rows_from_elsewhere_are(alike: Alike) -> None:
    alike.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20))")
    write = replace(upsert(), columns=(Column("id", "NUMERIC(10, 1)"), Column("name", "TEXT")))
    for number, wrong in (("1.0", None), ("1.5", "column id, row 1: 1.5 does not fit")):
        session = cast(ComputingSession, alike.open(write, new_id()))
        with pytest.raises(RejectedData, match=wrong) if wrong else nullcontext():
            session.write_query(write, Query(f"SELECT CAST({number} AS DECIMAL(10, 1)) AS id, 'a' AS name"))
            session.commit({})
        session.abort()
    assert alike.sql("SELECT * FROM t") == [(1, "a")]


def test_who_writes_the_same_table_waits_and_then_finds_the_marker(alike: Alike) -> None:
    if alike.own.type in ("sqlite", "mysql"):
        pytest.skip("not here: a SQLite file has one writer at a time anyway, and MySQL has locks of its own (`shared/connectors/mysql`)")
    alike.sql("CREATE TABLE t (id bigint, name varchar(20))")
    run, write = new_id(), write_of("INSERT")
    first, second = (alike.open(write, run, epoch) for epoch in (1, 2))
    first.write(write, duck("(1::BIGINT, 'a')"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second.write, write, duck("(1::BIGINT, 'a')"))
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        first.commit({"it": "was first"})
        waiting.result(10)
    assert second.commit({"it": "was second"}) == {"it": "was first"}
    assert alike.sql("SELECT * FROM t") == [(1, "a")]


def test_what_its_catalogue_says_of_a_table_is_known(postgres: str) -> None:
    alike = Alike(Schema("redshift", postgres))
    alike.sql("CREATE TABLE t (a int NOT NULL, b numeric(12, 2), c numeric, d numeric(9), e char(3), f varchar(9), g point)")
    alike.sql("INSERT INTO t SELECT i FROM generate_series(1, 300) i")
    alike.sql("ANALYZE t")
    found = alike.driver.survey("source", {"table": "t"})
    assert [column.type for column in found.columns] == ["INTEGER", "NUMERIC(12, 2)", "NUMERIC", "BIGINT", "TEXT", "TEXT", "TEXT"]
    assert [column.nullable for column in found.columns][:2] == [False, True]
    assert (found.rows, set(found.vendor_types), found.inferred_from) == (300, {"e", "g"}, None)
    # Of a query the driver tells next to nothing, so that its first rows speak for all.
    assert alike.driver.survey("source", {"query": "SELECT a FROM t"}).inferred_from == 200


def test_it_is_looked_at(alike: Alike) -> None:
    alike.sql("CREATE TABLE t (id bigint, name varchar(20))")
    (tried,) = alike.driver.check()
    assert (tried.ok, "connected to" in tried.said) == (True, True)
    found, more = alike.driver.discover()
    assert ([(one.name, [c.name for c, _ in one.columns]) for one in found], more) == ([("t", ["id", "name"])], False)


def test_a_login_that_is_refused_is_told(mariadb: Any) -> None:
    own = mariadb.database()
    with pytest.raises(Denied, match="correct the login"):
        VendorDriver(ALIKE["mysql"], {**own.config, "password": "no"}).survey("source", {"table": "t"})


CONFIGS = {
    "snowflake": {"account": "a", "user": "u", "password": "p", "database": "d", "schema": "S"},
    "databricks": {"host": "h", "httpPath": "/p", "accessToken": "t", "schema": "s"},
    "sqlserver": {"host": "h", "database": "d", "user": "u", "password": "p"},
    "oracle": {"host": "h", "service": "s", "user": "u", "password": "p"},
    "teradata": {"host": "h", "database": "d", "user": "u", "password": "p"},
    "hana": {"host": "h", "user": "u", "password": "p", "schema": "S"},
    "ase": {"server": "s", "database": "d", "user": "u", "password": "p"},
    "redshift": {"host": "h", "database": "d", "user": "u", "password": "p"},
}


@pytest.mark.parametrize("kind", VENDORS)
def test_each_vendor_has_what_the_path_needs(kind: str) -> None:
    spec, vendor = CONNECTORS[kind], import_module(f"shared.connectors.{kind}.driver").VENDOR
    config = spec.config_schema().load(CONFIGS[kind])
    assert vendor.connect(config)
    assert "p" not in vendor.where(config).split()
    assert vendor.schema(config)
    assert dialect(vendor.dialect).writes
    assert (vendor.tables.count("?"), vendor.columns.count("?")) == (1, 2)
    assert {*vendor.declared} <= {*COMMON, "TIMESTAMPTZ", "UUID", "JSON"}
    assert bool(spec.write_modes) == vendor.writes
    assert set(spec.secret_fields) & set(config)


# (vendor, type, precision, scale) -> ours, and what is foreign about it. From the vendors' manuals: Data types, and views of the catalogue.
TYPES = [
    ("oracle", "NUMBER", None, None, "NUMERIC", None),
    ("oracle", "NUMBER", None, 0, "NUMERIC(38, 0)", None),
    ("oracle", "NUMBER", 10, 0, "BIGINT", None),
    ("oracle", "NUMBER", 12, 2, "NUMERIC(12, 2)", None),
    ("oracle", "NUMBER", 5, -2, "NUMERIC", None),
    ("oracle", "DATE", None, None, "TIMESTAMP", None),
    ("oracle", "TIMESTAMP(6) WITH TIME ZONE", None, 6, "TIMESTAMPTZ", None),
    ("oracle", "CLOB", None, None, "TEXT", "clob, CLOB"),
    ("oracle", "INTERVAL DAY(2) TO SECOND(6)", 2, 6, "TEXT", "unknown, INTERVAL DAY(2) TO SECOND(6)"),
    ("snowflake", "TEXT", None, None, "TEXT", None),
    ("snowflake", "NUMBER", 38, 0, "NUMERIC(38, 0)", None),
    ("snowflake", "TIMESTAMP_LTZ", None, None, "TIMESTAMPTZ", None),
    ("snowflake", "VARIANT", None, None, "JSON", None),
    ("sqlserver", "nchar", None, None, "TEXT", "char, nchar"),
    ("sqlserver", "timestamp", None, None, "BYTEA", None),
    ("sqlserver", "datetime2", None, None, "TIMESTAMP", None),
    ("sqlserver", "bit", None, None, "BOOLEAN", None),
    ("sqlserver", "money", 19, 4, "NUMERIC(19, 4)", None),
    ("teradata", "I1", None, None, "SMALLINT", None),
    ("teradata", "D", 18, 2, "NUMERIC(18, 2)", None),
    ("teradata", "CF", None, None, "TEXT", "char, CF"),
    ("teradata", "SZ", None, None, "TIMESTAMPTZ", None),
    ("hana", "DECIMAL", 34, None, "NUMERIC", None),
    ("hana", "SECONDDATE", 27, None, "TIMESTAMP", None),
    ("ase", "univarchar", None, None, "TEXT", None),
    ("ase", "timestamp", None, None, "BYTEA", None),
    ("ase", "text", None, None, "TEXT", "clob, text"),
    ("databricks", "TIMESTAMP", None, None, "TIMESTAMPTZ", None),
    ("databricks", "TIMESTAMP_NTZ", None, None, "TIMESTAMP", None),
    ("redshift", "character", None, None, "TEXT", "char, character"),
    ("redshift", "super", None, None, "JSON", None),
]


@pytest.mark.parametrize(("kind", "type_", "precision", "scale", "ours", "foreign"), TYPES)
def test_a_type_of_a_vendors_catalogue_is_ours_or_told_of(
    kind: str, type_: str, precision: int | None, scale: int | None, ours: str, foreign: str | None
) -> None:
    vendor = import_module(f"shared.connectors.{kind}.driver").VENDOR
    column, declared, why = described_by(vendor.types, "c ", type_, precision, scale, "N")
    assert (column, declared, why) == (Column("c", ours, False), type_.lower(), foreign)


@pytest.mark.parametrize("kind", VENDORS)
def test_a_driver_that_is_not_installed_is_named(kind: str) -> None:
    try:
        import_module(import_module(f"shared.connectors.{kind}.driver").VENDOR.module)
    except ImportError:
        with pytest.raises(Misconfigured, match=r"this worker has no driver for .*; install "):
            driver(kind, CONFIGS[kind])


def test_a_column_no_table_is_made_with_is_named(tmp_path: Path) -> None:
    database = VendorDatabase(ALIKE["sqlite"], {"path": str(tmp_path / "x.db")})
    with pytest.raises(Misconfigured, match="column c is INTERVAL"):
        database.declare(Column("c", "INTERVAL"), key=False)
