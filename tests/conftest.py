"""Fixtures for all tests. In CI a skip is a failure, unless its reason begins with "not here:"."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

import pytest

from shared.store import partitions
from shared.store.database import Database
from tests.support import clickhouse as clickhouse_server
from tests.support import mariadb as mariadb_server
from tests.support.buckets import Store, serving
from tests.support.stack import SHORT, Stack, running
from tests.support.uncounted import uncounted


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One whole Penstock for all tests that do not break it; of those of several test processes one is measured."""
    measured = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    with running(tmp_path_factory.mktemp("stack") / "home", measured=measured, PENSTOCK_WORKERS="2", **SHORT) as up:
        up.connectors()
        yield up


@pytest.fixture(scope="session")
def mariadb() -> Iterator[mariadb_server.Server]:
    """One server for all tests, which take a database each."""
    with mariadb_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[clickhouse_server.Server]:
    """One for all tests, which take a database each."""
    with clickhouse_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def store(stack: Stack) -> Iterator[Database]:
    """The store's schema in a database of its own, on the stack's PostgreSQL, where no scheduler looks."""
    import psycopg

    from infra.local import migrate

    home = stack.home
    port = home.read("ports.json")["postgres"]
    admin = f"postgresql://admin:{home.secrets()['admin']}@127.0.0.1:{port}"
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE unit")
    migrate.migrate(f"{admin}/unit")
    database = Database(f"{admin}/unit", name="tests", size=20)
    with database.transaction() as tx:
        partitions.ensure(tx, datetime.now(UTC))
    yield database
    database.close()


@pytest.fixture(scope="session")
def s3() -> Iterator[Store]:
    """An S3 for all tests; each makes buckets of its own."""
    with serving() as store:
        yield store


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if "not here:" not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"


_COUNTED: Counter[str] = Counter()
_CASES = 5


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Of a test with many cases the first few are counted: the others come by the same lines, or nearly."""
    test = item.nodeid.partition("[")[0]
    _COUNTED[test] += 1
    if _COUNTED[test] <= _CASES:
        return (yield)
    with uncounted():
        return (yield)
