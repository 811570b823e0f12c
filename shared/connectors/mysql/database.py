"""A MySQL or MariaDB database as `shared.connectors.dbapi` sees it, over PyMySQL.

Sessions have no names there, so a session holds an advisory lock of its name; whoever holds an older attempt's is ended. Rows and marker
are committed in one transaction, which takes a transactional engine (InnoDB); DDL would commit by itself, and is said before it begins.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
from pymysql.cursors import SSCursor
from sqlglot import exp

from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.errors import BadQuery, Misconfigured, RejectedData
from shared.connectors.mysql import infile, texts
from shared.connectors.mysql.errors import translated
from shared.connectors.mysql.lines import lines, statement
from shared.connectors.mysql.traced import traced
from shared.connectors.mysql.types import column_type, declared, our_type
from shared.connectors.protocols import AttemptKey
from shared.datasets import Column, Columns
from shared.sql.reads import named
from shared.sql.table_names import split

MODES = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
CONNECT_S = 10
LOCK_WAIT_S = 86_400
# Attempts before this one that may still be there.
_LOOK_BACK = 50


class Mysql(Database):
    dialect = "mysql"
    paramstyle = "pyformat"
    checkpoints = True

    def __init__(self, config: Mapping[str, Any]) -> None:
        parts = _from_url(str(config["url"])) if config.get("url") else config
        self._host, self._port = str(parts["host"]), int(parts.get("port") or 3306)
        self._name, self._user, self._password = str(parts["database"]), str(parts["user"]), str(parts.get("password") or "")
        self._tls = config.get("sslmode")

    @property
    def where(self) -> str:
        return f"database {self._name} on {self._host}:{self._port} as {self._user}"

    @property
    def schema(self) -> str | None:
        return self._name

    def translated(self) -> AbstractContextManager[None]:
        return translated(self.where)

    def connect(self, session: str, *, write: bool) -> Connection:
        tls: dict[str, Any] = {"ssl_disabled": True} if self._tls == "disable" else {}
        if self._tls in {"require", "verify-ca", "verify-full"}:
            checked = self._tls != "require"
            tls = {"ssl": {"check_hostname": self._tls == "verify-full"}, "ssl_verify_cert": checked}
        connection = infile.LoadingConnection(
            host=self._host,
            port=self._port,
            user=self._user,
            password=self._password,
            database=self._name,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_S,
            program_name=session,
            sql_mode=MODES,
            # Only a session that writes may be asked for rows.
            local_infile=write,
            **tls,
        )
        self.execute(connection, "SET SESSION time_zone = '+00:00'")
        # What a text is compared by where no column says otherwise.
        self.execute(connection, f"SET NAMES utf8mb4 COLLATE {_collation(connection)}")
        if not write:
            self.execute(connection, "SET SESSION TRANSACTION READ ONLY")
        return connection

    def version(self, connection: Connection) -> str:
        (said,) = self.fetch_one(connection, "SELECT version()")
        return str(said)

    def find(self, connection: Connection, target: str) -> Table | None:
        schema, name = split(target)
        place = (schema or self._name, name)
        described = self.fetch(
            connection,
            "SELECT column_name, column_type, is_nullable = 'YES', character_maximum_length, data_type,"
            " collation_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
            place,
        )
        if not described:
            return None
        keys: dict[str, list[tuple[str, bool]]] = {}
        for index, column, whole in self.fetch(
            connection,
            "SELECT index_name, column_name, sub_part IS NULL FROM information_schema.statistics WHERE table_schema = %s"
            " AND table_name = %s AND non_unique = 0 ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index",
            place,
        ):
            keys.setdefault(index, []).append((column, bool(whole)))
        rows, engine, safe = self.fetch_one(
            connection,
            "SELECT t.table_rows, t.engine, e.transactions FROM information_schema.tables t LEFT JOIN information_schema.engines e"
            " ON e.engine = t.engine WHERE t.table_schema = %s AND t.table_name = %s",
            place,
        )
        return Table(
            tuple(Column(column, our_type(kind), bool(nullable)) for column, kind, nullable, *_ in described),
            tuple(kind for _, kind, *_ in described),
            tuple(tuple(column for column, _ in parts) for parts in keys.values() if all(column and whole for column, whole in parts)),
            None if rows is None else int(rows),
            {column: (int(most), kind not in {"char", "varchar"}) for column, _, _, most, kind, _ in described if most is not None},
            f"is kept by {engine}, which has no transactions; change it to InnoDB" if engine and safe != "YES" else None,
            # Cast to text, they compare as the session does, which is as we do.
            {
                column: f"{kind} of collation {collation}"
                for column, kind, *_, collation in described
                if collation and collation != _collation(connection)
            },
        )

    def may_make_tables(self, connection: Connection) -> bool:
        # Who may little sees only what he may himself.
        said = (
            "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'CREATE' UNION ALL"
            " SELECT 1 FROM information_schema.schema_privileges WHERE privilege_type = 'CREATE' AND %s LIKE table_schema LIMIT 1"
        )
        return bool(self.fetch(connection, said, (self._name,)))

    def table_names(self, connection: Connection) -> list[str]:
        found = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s LIMIT 5000"
        return [name for (name,) in self.fetch(connection, found, (self._name,))]

    def query_columns(self, connection: Connection, query: str) -> tuple[Columns, tuple[str, ...]]:
        # A query without a LIMIT of its own then ends before its first row.
        self.execute(connection, "SET SESSION sql_select_limit = 0")
        cursor = connection.cursor(SSCursor)
        cursor.execute(query)
        result = cursor._result
        if result is None or not result.fields:
            return (), ()
        kinds = tuple(column_type(f.type_code, f.length, f.scale, f.flags, f.charsetnr) for f in result.fields)
        _leave(cursor)
        return tuple(Column(f.name, our_type(kind)) for f, kind in zip(result.fields, kinds, strict=True)), kinds

    def declare(self, column: Column, *, key: bool) -> exp.DataType:
        return exp.DataType(this=exp.DType.USERDEFINED, kind=declared(column, key=key))

    def create_properties(self, connection: Connection) -> dict[str, str]:
        # Texts compare as their code points do, blanks at the end included, as in PostgreSQL.
        return {"ENGINE": "InnoDB", "COLLATE": _collation(connection)}

    def unfit(self, values: pa.Array, column: Column) -> tuple[pa.Array, str] | None:
        if pa.types.is_floating(values.type):
            return pc.invert(pc.is_finite(values)), "is not a number that MySQL has a place for"
        return None

    def enter(self, connection: Connection, key: AttemptKey, targets: Sequence[str]) -> None:
        connection.cursorclass = traced(key.traceparent)
        prefix, _, epoch = key.session.rpartition("/")
        for older in range(max(1, int(epoch) - _LOOK_BACK), int(epoch)):
            (holder,) = self.fetch_one(connection, "SELECT IS_USED_LOCK(%s)", (_lock(f"{prefix}/{older}"),))
            if holder is not None:
                with suppress(pymysql.MySQLError):
                    # It may have gone by itself meanwhile.
                    self.execute(connection, "KILL CONNECTION %s", (int(holder),))
        self._take(connection, key.session)
        for target in targets:
            self._take(connection, f"{self._name}/{target}")

    def _take(self, connection: Connection, name: str) -> None:
        (taken,) = self.fetch_one(connection, "SELECT GET_LOCK(%s, %s)", (_lock(name), LOCK_WAIT_S))
        if taken != 1:
            raise Misconfigured(f"{self.where} gave no lock on {name}; look for who holds it with SHOW PROCESSLIST")

    def hold(self, connection: Connection, target: str) -> None:
        # InnoDB locks each row and gap that such a read goes through: the whole table, against inserts too.
        every = exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(named(target), copy=False)
        self.fetch(connection, every.lock(copy=False))

    def begin(self, connection: Connection) -> None:
        connection.begin()

    def forget(self, temporary: str) -> exp.Drop:
        # Without the word, it would commit.
        dropped = super().forget(temporary)
        dropped.set("temporary", True)
        return dropped

    def select(self, columns: Columns, table: str) -> str:
        """A FLOAT is sent with six digits; as a double, with all of its own."""
        picked: list[exp.Expr] = []
        for column in columns:
            value: exp.Expr = exp.column(column.name, quoted=True)
            if column.type == "REAL":
                value = exp.alias_(exp.Add(this=value, expression=exp.Literal.number("0e0")), column.name, quoted=True)
            picked.append(value)
        return exp.Select(expressions=picked).from_(named(table), copy=False).sql("mysql")

    def stream(self, connection: Connection, query: str, rows: int) -> Iterator[list[tuple[Any, ...]]]:
        cursor = connection.cursor(SSCursor)
        # Values as they are sent: `texts` reads them.
        connection.decoders = {}
        try:
            cursor.execute(query)
            if cursor.description is None:
                raise BadQuery(f"{self.where}: the query returns no columns; give a SELECT")
            while batch := cursor.fetchmany(rows):
                yield list(batch)
        finally:
            _leave(cursor)

    def array(self, column: Column, values: Sequence[Any], first_row: int) -> pa.Array:
        return texts.array(column, values, first_row)

    def load(
        self, connection: Connection, into: exp.Insert, taken: Columns, table: Table, rows: pa.RecordBatchReader, *, numbered: bool
    ) -> None:
        """By LOAD DATA where the server allows it to clients, else by INSERT of many rows a statement."""
        if not infile.allowed(connection):
            super().load(connection, into, taken, table, rows, numbered=numbered)
            return
        names = [identifier.name for identifier in into.this.expressions]
        declared = dict(zip((column.name for column in table.columns), table.declared, strict=True))
        kinds = [declared[column.name] for column in taken] + (["bigint"] if numbered else [])
        said, number = statement(into.this.this, names, kinds), 1
        for batch in rows:
            # Whole, before it is sent: the rows may come out of this very connection, which does one thing at a time.
            arrays = self.fitted(batch, taken, table, number)
            if numbered:
                arrays.append(pa.array(range(number, number + batch.num_rows), pa.int64()))
            took, warned = infile.load(connection, said, lines(arrays))
            if warned is not None or took != batch.num_rows:
                told = warned or f"it took {took} of {batch.num_rows} rows"
                raise RejectedData(f"{self.where}: {told}; nothing was written; correct the rows, or reject them before the sink")
            number += batch.num_rows

    def interrupt(self, connection: Connection) -> None:
        """By a connection of its own, which takes a moment, and must hold nobody up."""
        number = connection.thread_id()

        def kill() -> None:
            with suppress(pymysql.MySQLError):
                other = self.connect("penstock/cancel", write=False)
                try:
                    self.execute(other, "KILL QUERY %s", (number,))
                finally:
                    other.close()

        threading.Thread(target=kill, name="cancel", daemon=True).start()


def _collation(connection: Connection) -> str:
    return "utf8mb4_nopad_bin" if "MariaDB" in connection.get_server_info() else "utf8mb4_0900_bin"


def _lock(name: str) -> str:
    """At most 64 characters, whatever the name."""
    return f"penstock:{hashlib.sha256(name.encode()).hexdigest()[:48]}"


def _leave(cursor: Any) -> None:
    """Without reading the rest, which closing such a cursor would; the connection is of no more use then."""
    result = cursor._result
    if result is not None and result.unbuffered_active:
        result.unbuffered_active = False
        cursor.connection._force_close()
    cursor.connection = None


def _from_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "database": unquote(parts.path.lstrip("/")),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
