"""The embedded default on a real machine: up, down, kills, power loss, a second one beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import processes, stack
from infra.local.errors import LocalStackRefused
from infra.local.home import Home
from shared.store.database import StoreUnavailable
from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

PROCESSES = ("postgres", "redis", "api", "scheduler-1", "scheduler-2", "quality-1", "worker-1", "worker-2")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Spaces and percent signs go through a supervisor's configuration only if they are escaped, other letters through Redis' only if they
    # are not; the folder above is closed to others.
    home = tmp_path_factory.mktemp("stack of its own") / "100% für mich"
    with running(home, PENSTOCK_WORKERS="2", PENSTOCK_SCHEDULERS="2", **SHORT) as up:
        yield up


def is_ready(found: Stack) -> bool:
    return bool(found.client.call("GET", "/pipelines") is not None)


def test_every_process_has_its_pid_file_and_log(own: Stack) -> None:
    assert set(processes.running(own.home)) == {*PROCESSES, "supervisord"}
    assert all(own.home.log_file(name).exists() for name in PROCESSES)


def test_secrets_are_readable_by_their_owner_alone(own: Stack) -> None:
    for file in (own.home.api_token, own.home.root / "secrets.json", own.home.redis_conf):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_up_again_starts_nothing_new(own: Stack) -> None:
    before = processes.running(own.home)
    assert stack.up(own.home, os.environ) == own.url
    assert processes.running(own.home) == before


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_is_back_within_seconds(own: Stack, name: str) -> None:
    killed = own.kill(name)
    own.until(lambda: processes.alive(own.home, name) not in (None, killed), 30, f"{name} to be started again")
    own.until(lambda: is_ready(own), 20, "the API to answer")


def test_redis_comes_back_empty_when_its_folder_is_gone(own: Stack) -> None:
    shutil.rmtree(own.home.redis)
    killed = own.kill("redis")
    own.until(lambda: processes.alive(own.home, "redis") not in (None, killed), 30, "redis to be started again")
    own.until(lambda: (own.home.redis / "appendonly.aof").exists(), 10, "redis to have a file again")


def test_a_power_loss_leaves_a_folder_that_starts_again_at_the_same_address(own: Stack) -> None:
    own.connectors()
    for pid in processes.running(own.home).values():
        os.kill(pid, signal.SIGKILL)
    own.until(lambda: not processes.running(own.home), 10, "everything to be gone")
    assert stack.up(own.home, {**os.environ, "PENSTOCK_WORKERS": "2", "PENSTOCK_SCHEDULERS": "2", **SHORT}) == own.url
    assert own.client.call("GET", "/connectors/default/files")["name"] == "files"


def test_a_killed_supervisor_takes_its_processes_with_it(own: Stack) -> None:
    own.kill("supervisord")
    own.until(lambda: not processes.running(own.home), 20, "everything to be gone")
    assert stack.up(own.home, {**os.environ, **SHORT}) == own.url


def test_down_leaves_nothing_running_and_may_be_repeated(own: Stack) -> None:
    assert "postgres" in stack.down(own.home)
    mark = f"PENSTOCK_HOME={own.home.root}".encode()
    assert not [pid for pid in _all_pids() if mark in _environment(pid)]
    assert stack.down(own.home) == []


def test_a_second_one_runs_beside_the_first_on_the_same_stores(stack_beside: Stack, stack_url: str) -> None:
    assert stack_beside.url != stack_url
    assert not stack_beside.home.pid_file("postgres").exists()
    assert not stack_beside.home.pid_file("redis").exists()
    assert is_ready(stack_beside)


@pytest.fixture
def stack_url(stack: Stack) -> str:
    return stack.url


@pytest.fixture
def stack_beside(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """Given URLs win: a database of its own on the session's PostgreSQL, and another number on its Redis."""
    import psycopg

    from infra.local import redis

    port = stack.home.read("ports.json")
    admin = f"postgresql://admin:{stack.home.secrets()['admin']}@127.0.0.1:{port['postgres']}"
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE beside")
    given = {
        "PENSTOCK_DATABASE_URL": f"{admin}/beside",
        "PENSTOCK_REDIS_URL": redis.url(stack.home, port["redis"]).removesuffix("/0") + "/3",
    }
    with running(tmp_path / "beside", PENSTOCK_FORBID_LOCAL_STATE="true", **given, **SHORT) as up:
        yield up


def test_local_state_can_be_forbidden(tmp_path: Path) -> None:
    with pytest.raises(LocalStackRefused, match="PENSTOCK_DATABASE_URL and PENSTOCK_REDIS_URL"):
        stack.up(Home(tmp_path / "home"), {"PENSTOCK_FORBID_LOCAL_STATE": "true"})
    assert not (tmp_path / "home").exists()


def test_a_start_that_fails_leaves_nothing_and_takes_away_what_a_killed_one_left(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        given = {"PENSTOCK_DATABASE_URL": f"postgresql://nobody:none@127.0.0.1:{port}/none", "PENSTOCK_REDIS_URL": "redis://127.0.0.1:1/0"}
        starting = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "up"], env={**os.environ, **given, "PENSTOCK_HOME": str(home.root)}
        )
        deadline = time.monotonic() + 30
        while len(processes.marked(home)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        starting.kill()
        starting.wait()
        left = set(processes.marked(home))
    assert left
    with pytest.raises(StoreUnavailable):
        stack.up(home, {**os.environ, **given})
    assert not processes.marked(home)


def _all_pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
