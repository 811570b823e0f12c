"""What each driver's failures are called: whether they are tried again, and whether they count against the connector's breaker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pymysql
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from shared.connectors import driver, errors
from shared.connectors.clickhouse.errors import ours as clickhouse_says
from shared.connectors.mysql.errors import translated as mysql_says
from shared.connectors.postgres.errors import translated as postgres_says
from shared.errors import Fault, PenstockError

CONFIG = {"host": "h", "port": 1, "database": "d", "user": "u"}
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PenstockError) and kind.__module__ == errors.__name__
]


def test_the_list_is_closed_and_only_failures_of_systems_count_against_them() -> None:
    assert {kind.__name__ for kind in KINDS if kind.breaks} == {"Unavailable", "TimedOut", "Overloaded"}
    for kind in KINDS:
        assert kind.retryable is (kind.fault is Fault.SYSTEM)
        assert (kind.retry_on is not None) is kind.retryable


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", errors.Unavailable),
        ("57P01", errors.Unavailable),
        ("25006", errors.Unavailable),
        ("53300", errors.Unavailable),
        ("53200", errors.Overtaxed),
        ("57014", errors.Busy),
        ("55P03", errors.Busy),
        ("40P01", errors.Deadlocked),
        ("40001", errors.SerializationFailed),
        ("23505", errors.RejectedData),
        ("22003", errors.RejectedData),
        ("44000", errors.RejectedData),
        ("21000", errors.RejectedData),
        ("P0001", errors.RejectedData),
        ("42501", errors.Denied),
        ("28P01", errors.Denied),
        ("42P01", errors.NotFound),
        ("42601", errors.BadQuery),
    ],
)
def test_postgresql_by_its_states(state: str, kind: type[PenstockError]) -> None:
    with pytest.raises(PenstockError) as raised, postgres_says(CONFIG):
        raise psycopg.errors.lookup(state)("told")
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (2013, errors.Unavailable),
        (1290, errors.Unavailable),
        (1021, errors.Unavailable),
        (1205, errors.Busy),
        (3024, errors.Busy),
        (1226, errors.OverRate),
        (1213, errors.Deadlocked),
        (1020, errors.SerializationFailed),
        (1062, errors.RejectedData),
        (1045, errors.Denied),
        (1146, errors.NotFound),
        (1064, errors.BadQuery),
    ],
)
def test_mysql_by_its_numbers(number: int, kind: type[PenstockError]) -> None:
    with pytest.raises(PenstockError) as raised, mysql_says("there"):
        raise pymysql.OperationalError(number, "told")
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("Received ClickHouse exception, code: 210, server response: told", errors.Unavailable),
        ("Received ClickHouse exception, code: 241, server response: told", errors.Overtaxed),
        ("Received ClickHouse exception, code: 159, server response: told", errors.Busy),
        ("Received ClickHouse exception, code: 209, server response: told", errors.TimedOut),
        ("Received ClickHouse exception, code: 202, server response: told", errors.OverRate),
        ("Received ClickHouse exception, code: 53, server response: told", errors.RejectedData),
        ("Received ClickHouse exception, code: 62, server response: told", errors.BadQuery),
        ("HTTP driver received HTTP status 503, server response: told", errors.Overloaded),
        ("HTTP driver received HTTP status 502, server response: told", errors.Unavailable),
        ("HTTP driver received HTTP status 429, server response: told", errors.OverRate),
        ("HTTP driver received HTTP status 401, server response: told", errors.Denied),
    ],
)
def test_clickhouse_by_its_codes_and_by_what_stands_before_it(told: str, kind: type[PenstockError]) -> None:
    assert type(clickhouse_says(DatabaseError(told), "there")) is kind


@contextmanager
def answering(status: int | None, **headers: str) -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything so, or hangs up; its port, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(self.path)
            if status is None:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def surveyed(port: int) -> PenstockError:
    with pytest.raises(PenstockError) as raised:
        driver("clickhouse", {"host": "127.0.0.1", "port": port}).survey("source", {"table": "t"})
    return raised.value


def test_a_server_that_asks_for_time_is_asked_once_and_its_wish_is_known() -> None:
    with answering(503, Retry_After="7") as (port, asked):
        error = surveyed(port)
    assert (type(error), error.retry_after_s, error.to_json()["retryAfterSeconds"], len(asked)) == (errors.Overloaded, 7, 7, 1)


def test_a_server_that_hangs_up_is_asked_once() -> None:
    with answering(None) as (port, asked):
        error = surveyed(port)
    assert (type(error), error.retry_after_s, len(asked)) == (errors.Unavailable, None, 1)
