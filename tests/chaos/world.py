"""One stack that may be broken: its processes by name, proxies on its ways, and a worker of its own whose clock may jump."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil

from infra.local import stack as local
from infra.local.home import Home
from shared.store.identifiers import new_id
from tests.chaos.recipes import Destinations
from tests.support import debian
from tests.support.kills import Points
from tests.support.proxy import Proxy
from tests.support.stack import Stack

WORKERS, SCHEDULERS = 2, 2
FAR = "far-1"
# Where Debian's package libfaketime puts the one for processes with threads.
_FAKETIME = [Path("/usr/lib") / machine / "faketime/libfaketimeMT.so.1" for machine in ("x86_64-linux-gnu", "aarch64-linux-gnu")]


@cache
def faketime() -> Path | None:
    if not any(path.exists() for path in _FAKETIME):
        debian.install("libfaketime")
    return next((path for path in _FAKETIME if path.exists()), None)


@dataclass
class World:
    stack: Stack
    points: Points
    proxies: dict[str, Proxy]
    places: Destinations
    settings: dict[str, str]
    far: subprocess.Popen[bytes] | None = None
    clock: Path | None = None
    killed: list[str] = field(default_factory=list)

    @property
    def workers(self) -> list[str]:
        return [f"worker-{number}" for number in range(1, WORKERS + 1)]

    @property
    def schedulers(self) -> list[str]:
        return [f"scheduler-{number}" for number in range(1, SCHEDULERS + 1)]

    def kill(self, name: str) -> int:
        """kill -9; its supervisor starts it again. 0 where it is just being started."""
        try:
            pid = self.stack.pid(name)
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            return 0
        return pid

    def family(self, name: str) -> list[psutil.Process]:
        """The process and its children; empty where it is just being started."""
        try:
            parent = psutil.Process(self.stack.pid(name))
            return [parent, *parent.children(recursive=True)]
        except (OSError, ValueError, psutil.NoSuchProcess):
            return []

    @contextmanager
    def no_room(self, name: str) -> Iterator[int]:
        """Its children cannot write into any file: a full disk, as they see it. Gives how many."""
        children = [process.pid for process in self.family(name)[1:]]
        _limit(children, 0)
        try:
            yield len(children)
        finally:
            _limit(children, resource.RLIM_INFINITY)

    def store(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.stack.sql(statement, *values, database="penstock")

    def start(self, pipeline: str, within_s: float = 90.0) -> str:
        """Asks until the API has answered; the key makes it one run, however often it is asked."""
        headers = {"Authorization": f"Bearer {self.stack.home.api_token.read_text().strip()}", "Idempotency-Key": new_id()}
        url, deadline = f"{self.stack.url}/api/v1/pipelines/default/{pipeline}/runs", time.monotonic() + within_s
        said = "nothing"
        while time.monotonic() < deadline:
            try:
                reply = httpx.post(url, json={}, headers=headers, timeout=10)
                if reply.status_code == 202:
                    return str(reply.json()["id"])
                said = f"{reply.status_code} {reply.text[:200]}"
            except httpx.TransportError as error:
                said = str(error)
            time.sleep(0.2)
        raise AssertionError(f"the API did not accept a run of {pipeline}: {said}")

    def start_far(self) -> None:
        """A worker outside the supervisor, under a clock that is read from a file where libfaketime is there."""
        home = self.stack.home
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "PIPELINE_", "COVERAGE_"))},
            **self.settings,
            "PENSTOCK_HOME": str(home.root),
            "PENSTOCK_STAGING_URL": home.staging.as_uri(),
            "PENSTOCK_SCRATCH": str(home.scratch),
            "PENSTOCK_WORKER_NAME": FAR,
            "PENSTOCK_WORKER_SLOTS": "1",
            "PENSTOCK_DATABASE_URL": local.postgres.url(home, "penstock", self.proxies["store"].port),
            "PENSTOCK_REDIS_URL": local.redis.url(home, self.proxies["broker"].port),
        }
        if (library := faketime()) is not None:
            self.clock = home.root / "clock"
            self.clock.write_text("+0")
            environment |= {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1",
                # Monotonic clocks do not jump on real machines either.
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        with home.log_file(FAR).open("ab") as log:
            self.far = subprocess.Popen([sys.executable, "-m", "services.worker"], env=environment, stdout=log, stderr=log)
        home.pid_file(FAR).write_text(str(self.far.pid))

    def mend(self) -> None:
        """Everything that was broken works again."""
        self.points.disarm()
        for proxy in self.proxies.values():
            proxy.refuses, proxy.delay_s = False, 0.0
        if self.clock is not None:
            self.clock.write_text("+0")
        if self.far is None or self.far.poll() is not None:
            self.start_far()


def _limit(pids: list[int], size: int) -> None:
    for pid in pids:
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(size, hard) if hard != resource.RLIM_INFINITY else size, hard))
        except (ProcessLookupError, PermissionError):
            # It died meanwhile.
            continue


@contextmanager
def world(folder: Path, settings: dict[str, str]) -> Iterator[World]:
    """Up, and down again whatever happens. Services reach both stores, and pipelines the users' database, through proxies."""
    home, proxies = Home(folder / "home"), dict[str, Proxy]()

    def reach(name: str, port: int) -> int:
        proxies[{"postgres": "store", "redis": "broker"}[name]] = between = Proxy(port)
        if name == "postgres":
            proxies["tables"] = Proxy(port)
        return between.port

    points = Points(folder / "armed")
    # So few that what is loaded from staged rows goes in batches.
    sizes = {"PENSTOCK_WORKERS": str(WORKERS), "PENSTOCK_SCHEDULERS": str(SCHEDULERS), "PENSTOCK_CHECKPOINT_ROWS": "40"}
    settings = {**points.settings, **settings, **sizes}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "PIPELINE_", "COVERAGE_"))}
    with ExitStack() as after:
        after.callback(local.down, home)
        found = Stack(home, local.up(home, {**kept, **settings}, reach=reach))
        made = World(found, points, proxies, Destinations(found, folder / "lite" / "lite.db"), settings)
        after.callback(lambda: made.far.kill() if made.far is not None else None)
        made.start_far()
        made.places.make(proxies["tables"].port)
        yield made
