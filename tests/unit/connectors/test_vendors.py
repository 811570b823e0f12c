"""The path that all vendors' drivers share, over two real modules of PEP 249: Python's sqlite3, and MariaDB's by PyMySQL.

No server of the vendors themselves is to be had here; what is theirs alone (how to log in, how types are declared) is read, not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.connectors import CONNECTORS, driver
from shared.connectors.dbapi.vendor import COMMON, Vendor, VendorDatabase
from shared.connectors.dbapi.vendor_driver import VendorDriver
from shared.connectors.errors import Denied, Misconfigured, NotFound, RejectedData
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets import Column
from shared.sql.dialects import dialect
from shared.store.identifiers import new_id
from tests.support.databases import Own, Sqlite, duck, write_of

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
        login=("access denied",),
    ),
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


@pytest.fixture(params=ALIKE)
def alike(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Alike]:
    yield Alike(Sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("mariadb").database())


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
    with pytest.raises(Misconfigured, match=r"UPSERT into .* can be planned but not run"):
        alike.open(write_of("UPSERT", keys=("id",)), new_id())


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
    assert vendor.tables.count("?") == 1
    assert {*vendor.declared} <= {*COMMON, "TIMESTAMPTZ", "UUID", "JSON"}
    assert bool(spec.write_modes) == vendor.writes
    assert set(spec.secret_fields) & set(config)


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
