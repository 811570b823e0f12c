"""A PostgreSQL server alone, from the wheel that the embedded default uses, in a folder of the caller's."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import postgres
from infra.local.home import Home


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Yields the URL of its database `demo`; the server ends with the block."""
    home = Home(folder)
    home.prepare()
    postgres.create(home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with (folder / "server.log").open("w") as log:
        # Durability is of no use to a server that ends with its test.
        command = [*postgres.command(home, port), "-c", "fsync=off", "-c", "full_page_writes=off"]
        process = subprocess.Popen(command, cwd="/", env=postgres.environment(), stdout=log, stderr=log)
    try:
        postgres.wait_ready(home, port)
        postgres.create_databases(home, port)
        yield postgres.url(home, "demo", port)
    finally:
        # Fast shutdown: a smart one (SIGTERM) would wait for sessions that are still open.
        process.send_signal(signal.SIGINT)
        process.wait(30)
