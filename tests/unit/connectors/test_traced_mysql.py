"""Comments that name the trace, behind what is said to MariaDB."""

from __future__ import annotations

from typing import Any

import pymysql
import pytest

from shared.connectors.mysql.driver import ConnectorDriver
from shared.connectors.mysql.traced import traced
from shared.connectors.protocols import AttemptKey, SinkWrite
from shared.datasets import Column
from shared.store.identifiers import new_id
from tests.support.mariadb import Server

SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_statements_of_a_session_that_writes_carry_it(mariadb: Server) -> None:
    own = mariadb.database()
    write = SinkWrite("out", "t", (Column("id", "BIGINT"),), "INSERT", (), (), {"createTable": True})
    session: Any = ConnectorDriver(own.config).open_sink(AttemptKey("default", new_id(), 3, 1, 0, ("out",), traceparent=SPAN), (write,))
    try:
        with session._connection.cursor() as cursor:
            for statement, values in (
                ("SELECT info, %s FROM information_schema.processlist WHERE id = connection_id()", ("100 %",)),
                ("SELECT info FROM information_schema.processlist WHERE id = connection_id() -- the end", None),
            ):
                cursor.execute(statement, values)
                ((said, *_),) = cursor.fetchall()
                assert said.endswith(f"/*traceparent='{SPAN}'*/")
    finally:
        session.abort()


@pytest.mark.parametrize("traceparent", [None, SPAN])
def test_many_rows_are_still_one_statement(mariadb: Server, traceparent: str | None) -> None:
    own = mariadb.database()
    keys = {key: own.config[key] for key in ("host", "port", "user", "password", "database") if key in own.config}
    with pymysql.connect(**keys, cursorclass=traced(traceparent), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE m (id int, said text)")
        assert cursor.executemany("INSERT INTO m VALUES (%s, %s)", [(1, "a%"), (2, "/*"), (3, "'")]) == 3
        cursor.execute("SELECT sum(id), group_concat(said ORDER BY id) FROM m")
        assert cursor.fetchall() == ((6, "a%,/*,'"),)
