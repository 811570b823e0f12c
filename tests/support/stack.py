"""A whole Penstock of its own: the same four services, PostgreSQL and Redis as `make up` starts, in a folder of the test's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg

from infra.local import postgres, stack
from infra.local.home import Home
from services.api.cli.client import Client

# Times that make recoveries quick; what is tested is the same.
SHORT = {
    "PENSTOCK_LEASE_SECONDS": "2",
    "PENSTOCK_SWEEP_SECONDS": "0.5",
    "PENSTOCK_LEADER_SECONDS": "4",
    "PENSTOCK_RELEASE_GRACE_SECONDS": "1",
    "PENSTOCK_PROBE_SECONDS": "2",
    "PENSTOCK_STAGING_SWEEP_SECONDS": "1",
    "PENSTOCK_LATE_SECONDS": "1",
}


class Stack:
    def __init__(self, home: Home, url: str) -> None:
        self.home, self.url = home, url
        self.client = Client(url, home.api_token.read_text().strip())
        self.files = home.root / "files"
        self.files.mkdir(exist_ok=True)

    def database_url(self, database: str) -> str:
        """Of `demo`, the users' database, or `penstock`, the store."""
        return postgres.url(self.home, database, self.home.read("ports.json")["postgres"])

    @property
    def demo_url(self) -> str:
        return self.database_url("demo")

    def sql(self, statement: str, *values: Any, database: str = "demo") -> list[tuple[Any, ...]]:
        """In the users' database, unless another is named."""
        with psycopg.connect(self.database_url(database), autocommit=True) as connection:
            done = connection.execute(statement, values or None)
            # Not by its description, which a SELECT of no columns has not either.
            return done.fetchall() if done.rownumber is not None else []

    def connectors(self) -> None:
        """files: the stack's folder; db: its users' database."""
        port, password = self.home.read("ports.json")["postgres"], self.home.secrets()["demo"]
        self.client.call(
            "POST",
            "/apply",
            content=f"""
apiVersion: penstock/v1
kind: Connector
metadata: {{name: files}}
spec: {{type: files, config: {{root: {self.files}}}}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {{name: db}}
spec: {{type: postgres, config: {{host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{password}"}}}}
""".encode(),
        )

    def apply(self, text: str) -> Any:
        return self.client.call("POST", "/apply", content=text.encode())

    def start(self, pipeline: str) -> str:
        return str(self.client.call("POST", f"/pipelines/default/{pipeline}/runs", body={})["id"])

    def run(self, run: str) -> Any:
        return self.client.call("GET", f"/runs/{run}")

    def wait(self, run: str, within_s: float = 60.0) -> Any:
        """The run once it has ended."""
        return self.until(lambda: found if (found := self.run(run))["finishedAt"] else None, within_s, f"run {run} to end")

    def ready(self) -> None:
        """Returns once the API answers with a process of its own: a killed one's orphan still answers for a moment."""
        self.until(lambda: psutil.Process(self.pid("api")).children(), 30, "the API to be back")
        self.until(lambda: self.client.call("GET", "/pipelines"), 30, "the API to answer")

    def until(self, look: Callable[[], Any], within_s: float, what: str) -> Any:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            try:
                if found := look():
                    return found
            except Exception as error:  # noqa: BLE001 (a server that was killed is away for a moment)
                what = f"{what} (last: {error})"[:300]
            time.sleep(0.05)
        raise AssertionError(f"waited {within_s:.0f} s for {what}")

    def pid(self, service: str) -> int:
        return int(self.home.pid_file(service).read_text())

    def kill(self, service: str, number: signal.Signals = signal.SIGKILL) -> int:
        pid = self.pid(service)
        killed = psutil.Process(pid)
        os.kill(pid, number)
        if number == signal.SIGKILL:
            # The signal takes a moment; until then the process still looks alive, with its children.
            self.until(lambda: not killed.is_running() or killed.status() == psutil.STATUS_ZOMBIE, 10, f"{service} to die")
        return pid


def seconds(ended: Any) -> float:
    """From the request to the end of a run that has ended, by the store's clock."""
    return (datetime.fromisoformat(ended["finishedAt"]) - datetime.fromisoformat(ended["createdAt"])).total_seconds()


@contextmanager
def running(folder: Path, *, measured: bool = False, **settings: str) -> Iterator[Stack]:
    """Up, and down again whatever happens. `measured`: what its services run counts as covered, which slows them."""
    home = Home(folder)
    ours = ("PENSTOCK_", "PIPELINE_", *(() if measured else ("COVERAGE_",)))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    try:
        yield Stack(home, stack.up(home, {**kept, **settings}))
    finally:
        stack.down(home)
