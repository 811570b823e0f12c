"""Comments that name the trace, behind whatever is said to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from shared.connectors.postgres.traced import traced
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
COMMENT = f"/*traceparent='{SPAN}'*/"


@pytest.fixture
def connection(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stack.demo_url, autocommit=True, cursor_factory=traced(SPAN)) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("SELECT current_query()", None),
        (b"SELECT current_query()", None),
        ("SELECT current_query() -- the end", None),
        ("SELECT current_query(), '%%'::text WHERE %s = 1", (1,)),
        (sql.SQL("SELECT current_query() AS {}").format(sql.Identifier("/* no comment")), None),
        ("SELECT current_query(), '/*'", None),
        ("SELECT current_query();", None),
    ],
)
def test_a_statement_carries_it_and_means_the_same(connection: psycopg.Connection[Any], query: Any, values: Any) -> None:
    row = connection.execute(query, values).fetchone()
    assert row is not None and row[0].endswith(COMMENT)


def test_rows_are_copied_and_inserted_under_it(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TEMP TABLE t (id int)")
    with connection.cursor() as cursor, cursor.copy("COPY t FROM STDIN") as copy:
        copy.write_row((1,))
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(2,), (3,)])
    assert connection.execute("SELECT sum(id) FROM t").fetchone() == (6,)


def test_statements_are_prepared_as_ever(connection: psycopg.Connection[Any]) -> None:
    for number in range(8):
        connection.execute("SELECT %s + 1", (number,))
    prepared = connection.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert [statement for (statement,) in prepared if "+ 1" in statement] == [f"SELECT $1 + 1\n{COMMENT}"]


def test_nothing_is_added_where_nobody_traces() -> None:
    assert traced(None) is psycopg.Cursor
