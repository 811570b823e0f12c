"""Up, down and status of the embedded default. `up` and `down` may be repeated: each only does what is missing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.local import migrate, ports, postgres, processes, redis, services, supervisor
from infra.local.errors import LocalStackFailed, LocalStackRefused
from infra.local.home import Home
from shared.process import settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the platform's state is; `embedded` names the stores that we start ourselves."""

    database_url: str
    redis_url: str
    embedded: tuple[str, ...]


# The port at which services reach an embedded store that listens on this one; another where something stands in between.
Reach = Callable[[str, int], int]


def _directly(name: str, port: int) -> int:
    return port


def up(home: Home, environment: Mapping[str, str] = os.environ, wait_s: float = 180.0, reach: Reach = _directly) -> str:
    """Starts what does not run yet and returns the API's URL once it answers that it is ready."""
    given = _given(environment)
    embedded = tuple(name for name in ("postgres", "redis") if name not in given)
    if embedded and settings.flag("PENSTOCK_FORBID_LOCAL_STATE", environment=environment):
        missing = " and ".join(_URL_SETTINGS[name] for name in embedded)
        raise LocalStackRefused(f"PENSTOCK_FORBID_LOCAL_STATE is set, so nothing is kept on this machine; set {missing}")
    home.prepare()
    with home.locked():
        # A start that was ended before the store was migrated has left services that wait for it for ever.
        if processes.alive(home, "supervisord") is None or not home.migrated.exists():
            try:
                _start(home, given, embedded, environment, reach)
            except BaseException:
                _stop(home)
                raise
        try:
            return _wait_ready(home, wait_s)
        except LocalStackRefused:
            # As long as it runs, it has the settings with which it was started: the next start is to read them anew.
            _stop(home)
            raise


_URL_SETTINGS = {"postgres": "PENSTOCK_DATABASE_URL", "redis": "PENSTOCK_REDIS_URL"}
_SCHEMES = {"postgres": ("postgresql://", "postgres://"), "redis": ("redis://", "rediss://", "unix://")}


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name: environment[setting] for name, setting in _URL_SETTINGS.items() if environment.get(setting)}
    for name, url in given.items():
        if not url.startswith(_SCHEMES[name]):
            # Not the value: there may be a password in it.
            raise LocalStackRefused(f"{_URL_SETTINGS[name]} is no address of such a server; it begins with {_SCHEMES[name][0]}")
    return given


# What has run for so long has read its settings.
_STEADY_S = 30.0
# PostgreSQL writes its log ahead in pieces of 16 MB; with less than a few of them it does not start, and says so only in its log.
_LEAST_ROOM_BYTES = 64 * 10**6


def _start(home: Home, given: Mapping[str, str], embedded: tuple[str, ...], environment: Mapping[str, str], reach: Reach) -> None:
    names = services.names(environment)
    if (free_bytes := shutil.disk_usage(home.root).free) < _LEAST_ROOM_BYTES:
        raise LocalStackRefused(f"the disk of {home.root} is full ({free_bytes // 10**6} MB are free); make room, or set PENSTOCK_HOME")
    _stop(home)
    port = ports.assign(home, (*embedded, "api"), environment)
    stores = Stores(
        given.get("postgres") or postgres.url(home, "penstock", reach("postgres", port["postgres"])),
        given.get("redis") or redis.url(home, reach("redis", port["redis"])),
        embedded,
    )
    if "postgres" in embedded:
        postgres.create(home)
    if "redis" in embedded:
        redis.configure(home, port["redis"])
    home.migrated.unlink(missing_ok=True)
    supervisor.configure(home, (*embedded, *names))
    given_to_services = services.environment(
        home, database_url=stores.database_url, redis_url=stores.redis_url, api_port=port["api"], caller=environment
    )
    if "postgres" in embedded:
        given_to_services["PENSTOCK_EMBEDDED_POSTGRES_PORT"] = str(port["postgres"])
    given_to_services[processes.MARK] = str(home.root)
    # supervisord starts them in another folder, where Python would find what is installed, which may be another copy of this code.
    given_to_services["PYTHONPATH"] = os.pathsep.join(filter(None, [str(services.PROJECT), given_to_services.get("PYTHONPATH")]))
    with home.log_file("supervisord").open("a") as log:
        launched = subprocess.Popen(
            [sys.executable, "-m", "infra.local.launch", "supervisord"],
            cwd=services.PROJECT,
            env=given_to_services,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal that started it must not end it.
            start_new_session=True,
        )
    _wait_launched(home, launched)
    if "postgres" in embedded:
        postgres.wait_ready(home, port["postgres"])
        postgres.create_databases(home, port["postgres"])
    migrate.migrate(stores.database_url)
    home.migrated.touch()


def _wait_launched(home: Home, launched: subprocess.Popen[bytes]) -> None:
    while not home.pid_file("supervisord").exists():
        if launched.poll() is not None:
            raise LocalStackFailed(f"the supervisor did not start; see {home.log_file('supervisord')}")
        time.sleep(0.01)


def _clear(home: Home) -> None:
    """What a killed supervisor or a power loss left: pid files without processes, or processes without a supervisor."""
    # Again and again: one that is just ending may have started another, which would keep the address.
    while left := {*processes.running(home).values(), *processes.marked(home)}:
        stuck = processes.end(sorted(left), signal.SIGKILL, 5.0)
        if stuck:
            raise LocalStackFailed(f"processes {stuck} of an earlier start would not end; end them and try again")
    for path in home.pids.glob("*.pid"):
        path.unlink()


def _wait_ready(home: Home, wait_s: float) -> str:
    deadline = time.monotonic() + wait_s
    look_at = time.monotonic() + 1.0
    ended_before = supervisor.endings(home)["api"]
    why = "it has not written api.url yet"
    while time.monotonic() < deadline:
        if time.monotonic() > look_at:
            look_at += 1.0
            if supervisor.endings(home)["api"] >= ended_before + 3:
                raise LocalStackRefused(f"the API ends as it begins: {supervisor.last_words(home, 'api')}; see {home.log_file('api')}")
        try:
            url = home.api_url.read_text().strip()
            token = home.api_token.read_text().strip()
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                pass
            # Readiness needs no token; this does, and so shows that it is our API and not a stranger's on our port.
            request = urllib.request.Request(f"{url}/api/v1/pipelines?limit=1", headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request, timeout=5):
                return url
        except FileNotFoundError:
            pass
        except urllib.error.HTTPError as error:
            why = _detail(error)
        except (urllib.error.URLError, OSError) as error:
            why = str(error)
        if processes.alive(home, "supervisord") is None:
            time.sleep(0.2)
            if processes.alive(home, "supervisord") is None:
                raise LocalStackFailed(f"the supervisor ended; see {home.log_file('supervisord')}")
        time.sleep(0.05)
    raise LocalStackFailed(f"the API was not ready after {wait_s:.0f} s: {why}; see {home.log_file('api')}")


def _detail(error: urllib.error.HTTPError) -> str:
    body = error.read(2000).decode(errors="replace")
    try:
        return str(json.loads(body).get("detail") or body)
    except (ValueError, AttributeError):
        return f"{error.code} {error.reason}"


def unsteady(home: Home, seconds: float = 10.0) -> dict[str, str]:
    """Service -> what it said, of those that end as they begin. Waits only where one that has just begun had ended before, to see it end
    again.
    """
    before = supervisor.endings(home)
    watched = [name for name in before if processes.age_s(home, name) < _STEADY_S]
    ended: list[str] = []
    deadline = time.monotonic() + seconds
    while len(ended) < len(watched) and time.monotonic() < deadline:
        time.sleep(0.2)
        now = supervisor.endings(home)
        ended = [name for name in watched if now[name] > before[name]]
    return {name: supervisor.last_words(home, name) for name in sorted(ended)}


def down(home: Home) -> list[str]:
    """Ends everything of this state folder, services before stores; returns the names of what ran."""
    if not home.root.exists():
        return []
    home.prepare()
    with home.locked():
        return _stop(home)


def _stop(home: Home) -> list[str]:
    running = processes.running(home)
    if pid := running.get("supervisord"):
        processes.end([pid], signal.SIGTERM, 30.0)
    left = processes.running(home)
    if server := left.pop("postgres", None):
        processes.end([server], signal.SIGINT, 10.0)
    _clear(home)
    return sorted(running)


def status(home: Home) -> dict[str, int | None]:
    """Service -> pid, None where it has a pid file and does not run just now; empty when nothing was started."""
    return {path.stem: processes.alive(home, path.stem) for path in sorted(home.pids.glob("*.pid"))} if home.pids.exists() else {}
