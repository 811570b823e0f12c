"""Servers of these tests' own, from the wheels."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# pytest's importlib mode leaves the path alone; the modules beside the tests have names that are theirs alone.
sys.path.insert(0, str(HERE))

from servers_for_tests import PostgresServer, RedisServer, Worker, store  # noqa: E402

from shared.store import partitions  # noqa: E402
from shared.store.database import Database  # noqa: E402


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="penstock-redis-"))
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with store() as server:
        yield server


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    made = Database(postgres_server.url, name="test")
    with made.transaction() as tx:
        partitions.ensure(tx, datetime.now(UTC))
    yield made
    made.close()


@pytest.fixture
def worker(postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path) -> Iterator[Worker]:
    paths = (str(HERE), str(HERE.parent / "attempts"), os.environ.get("PYTHONPATH"))
    made = Worker(
        {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PENSTOCK_DATABASE_URL": postgres_server.url,
            "PENSTOCK_REDIS_URL": redis_server.url,
            "PENSTOCK_STAGING_URL": str(tmp_path / "staging"),
            "PENSTOCK_SCRATCH": str(tmp_path / "scratch"),
            "PENSTOCK_WORKER_NAME": "worker-t",
            "PENSTOCK_WORKER_MEMORY": "300MB",
            "PENSTOCK_LEASE_SECONDS": "3",
            "PENSTOCK_PROBE_SECONDS": "1",
            "PENSTOCK_DRAIN_SECONDS": "1",
        }
    )
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    redis_server.client().flushall()
