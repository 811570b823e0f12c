"""A MariaDB of the tests' own: Debian's server over a folder of its own, on loopback and a found port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from shared.store.identifiers import new_id
from tests.support import debian

UP_WITHIN_S = 60


@dataclass
class Server:
    port: int
    socket: str

    def database(self) -> Mariadb:
        """A new one, with a user of its own."""
        name = f"it_{new_id().replace('-', '')}"
        with pymysql.connect(unix_socket=self.socket, user="root", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'p %w'")
            cursor.execute(f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'")
        config = {"host": "127.0.0.1", "port": self.port, "database": name, "user": name, "password": "p %w"}
        return Mariadb("mysql", config)

    def told(self, statement: str) -> None:
        """One statement by its administrator."""
        with pymysql.connect(unix_socket=self.socket, user="root", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


@dataclass
class Mariadb:
    type: str
    config: dict[str, Any]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with pymysql.connect(**self.config, autocommit=True, charset="utf8mb4") as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def installed() -> bool:
    if not shutil.which("mariadbd"):
        debian.install("mariadb-server")
    return bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))


@contextmanager
def running() -> Iterator[Server]:
    if not installed():
        pytest.skip("MariaDB is not installed, and only root can install it (apt-get install mariadb-server)")
    # Not in pytest's folder, which every session of pytest closes again to all but its owner.
    with tempfile.TemporaryDirectory(prefix="penstock-mariadb-") as made:
        yield from _serving(Path(made))


def _serving(folder: Path) -> Iterator[Server]:
    # A server will not run as root; the user that Debian's package makes runs it.
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    data, folder_socket = folder / "data", folder / "s"
    data.mkdir()
    if user:
        shutil.chown(data, "mysql")
        shutil.chown(folder, "mysql")
    install = [
        "mariadb-install-db",
        "--no-defaults",
        *user,
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"mariadb-install-db ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    options = ["--bind-address=127.0.0.1", f"--port={port}", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                "mariadbd",
                "--no-defaults",
                *user,
                f"--datadir={data}",
                f"--socket={folder_socket}",
                f"--pid-file={folder / 'pid'}",
                *options,
            ],
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                pymysql.connect(unix_socket=str(folder_socket), user="root").close()
                break
            except pymysql.MySQLError:
                assert server.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
                time.sleep(0.1)
        yield Server(port, str(folder_socket))
    finally:
        server.terminate()
        server.wait(30)
