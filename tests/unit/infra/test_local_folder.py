"""What the embedded default keeps in its folder, and what it makes of its environment."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra import coverage_floors
from infra.local import ports, services, stack, supervisor
from infra.local.errors import LocalStackRefused
from infra.local.home import Home
from shared.process.settings import BadSetting


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_a_state_folder_that_cannot_be_made_is_refused_by_name_and_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(LocalStackRefused, match=f"{tmp_path}/home cannot be used .File exists.*set PENSTOCK_HOME"):
        Home(tmp_path / "home").prepare()


def test_passwords_are_made_once_and_for_the_owner_alone(home: Home) -> None:
    first = home.secrets()
    assert home.secrets() == first
    assert len(set(first.values())) == 4
    assert stat.S_IMODE((home.root / "secrets.json").stat().st_mode) == 0o600


def test_ports_are_kept_while_they_are_free(home: Home) -> None:
    first = ports.assign(home, ("postgres", "redis", "api"), {})
    assert ports.assign(home, ("postgres", "redis", "api"), {}) == first
    assert len(set(first.values())) == 3


def test_a_kept_port_that_somebody_took_is_replaced_and_the_others_stay(home: Home) -> None:
    first = ports.assign(home, ("postgres", "redis", "api"), {})
    with socket.create_server(("127.0.0.1", first["redis"])):
        second = ports.assign(home, ("postgres", "redis", "api"), {})
    assert second["redis"] != first["redis"]
    assert (second["postgres"], second["api"]) == (first["postgres"], first["api"])


def test_an_asked_for_port_that_is_taken_is_refused_by_name(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalStackRefused, match=f"PENSTOCK_API_PORT is {port}"):
            ports.assign(home, ("api",), {"PENSTOCK_API_PORT": str(port)})


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_refused_by_name(home: Home, port: str) -> None:
    with pytest.raises(LocalStackRefused, match=f"PENSTOCK_API_PORT is {port}"):
        ports.assign(home, ("api",), {"PENSTOCK_API_PORT": port})


@pytest.mark.parametrize("setting", ["PENSTOCK_DATABASE_URL", "PENSTOCK_REDIS_URL"])
def test_what_is_no_address_of_a_store_is_refused_by_name_and_nothing_is_made(home: Home, tmp_path: Path, setting: str) -> None:
    with pytest.raises(LocalStackRefused, match=f"{setting} is no address"):
        stack.up(Home(tmp_path / "another"), {setting: "127.0.0.1/penstock"})
    assert not (tmp_path / "another").exists()


def test_a_state_folder_is_the_same_by_a_link_to_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home.root)
    assert Home.from_environment({"PENSTOCK_HOME": str(tmp_path / "link")}).root == home.root


def test_who_ends_as_it_begins_is_told_with_its_last_words_and_who_did_once_is_not(home: Home) -> None:
    log = home.log_file("supervisord")
    log.write_text(
        "INFO supervisord started with pid 1\nWARN exited: api (exit status 3; not expected)\n"
        "INFO supervisord started with pid 2\nWARN exited: redis (terminated by SIGKILL; not expected)\n"
        "WARN exited: worker-1 (exit status 1; not expected)\nWARN exited: quality-1 (exit status 1; not expected)\n"
    )
    home.log_file("worker-1").write_text("Traceback:\n  at worker.py\nPENSTOCK_WORKER_SLOTS is 'two'\n[2026-11-23] [INFO] Worker exiting\n")
    assert stack.unsteady(home, 0.3) == {}

    def end() -> None:
        with log.open("a") as more:
            more.write("WARN exited: worker-1 (exit status 1; not expected)\n")

    again = threading.Timer(0.1, end)
    again.start()
    assert stack.unsteady(home, 1.0) == {"worker-1": "PENSTOCK_WORKER_SLOTS is 'two'"}
    again.join()
    # Hours later it runs, and nobody waits.
    for name in ("worker-1", "quality-1"):
        home.pid_file(name).touch()
        os.utime(home.pid_file(name), (1, 1))
    before = time.monotonic()
    assert stack.unsteady(home, 5.0) == {}
    assert time.monotonic() - before < 1.0


def test_services_are_numbered_where_there_can_be_several() -> None:
    assert services.names({"PENSTOCK_WORKERS": "2", "PENSTOCK_SCHEDULERS": "1"}) == (
        "api",
        "scheduler-1",
        "quality-1",
        "worker-1",
        "worker-2",
    )


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_number_of_workers_that_makes_no_sense_is_refused_by_name(count: str) -> None:
    with pytest.raises(BadSetting, match="PENSTOCK_WORKERS"):
        services.names({"PENSTOCK_WORKERS": count})


def test_services_get_what_the_caller_set_and_our_stores(home: Home) -> None:
    given = services.environment(
        home,
        database_url="postgresql://there",
        redis_url="redis://there",
        api_port=1234,
        caller={"SENTRY_DSN": "x", "PENSTOCK_STAGING_URL": "/staging", "PENSTOCK_DATABASE_URL": "another"},
    )
    assert given["SENTRY_DSN"] == "x"
    assert given["PENSTOCK_STAGING_URL"] == "/staging"
    assert given["PENSTOCK_DATABASE_URL"] == "postgresql://there"
    assert given["PENSTOCK_API_PORT"] == "1234"


def test_the_supervisor_writes_and_removes_files_of_its_own_folder_only(home: Home) -> None:
    supervisor.configure(home, ("postgres", "redis", "api"))
    settings = [line.partition("=")[::2] for line in home.supervisor_conf.read_text().splitlines()]
    # As root it would unlink whatever its pid file is called, /dev/null for one.
    files = [value for name, value in settings if name in {"pidfile", "logfile", "stdout_logfile"}]
    assert len(files) == 5
    assert not [file for file in files if "/" in file]


def test_the_supervisor_goes_on_where_its_log_cannot_be_written(home: Home) -> None:
    # What it starts ends at once, which is told again and again.
    supervisor.configure(home, ("nothing",))
    home.logs.joinpath("supervisord.log").symlink_to("/dev/full")
    environment = {**os.environ, "PYTHONPATH": str(services.PROJECT)}
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "infra.local.supervised", "-c", str(home.supervisor_conf)]
        running = subprocess.Popen(command, cwd=home.logs, env=environment, stdout=full, stderr=full)
        try:
            deadline = time.monotonic() + 20
            while running.poll() is None and time.monotonic() < deadline and not home.logs.joinpath("supervisord.lock").exists():
                time.sleep(0.05)
            time.sleep(1.0)
            assert running.poll() is None
        finally:
            running.terminate()
            running.wait()


def test_coverage_is_summed_by_folder_and_nothing_measured_is_nothing() -> None:
    files = {
        "shared/sql/parse.py": {"summary": {"covered_lines": 8, "num_statements": 10}},
        "shared/sql/deep/more.py": {"summary": {"covered_lines": 1, "num_statements": 10}},
        "shared/sqlite.py": {"summary": {"covered_lines": 7, "num_statements": 7}},
    }
    found = coverage_floors.coverage_by_folder({"files": files}, ["shared/sql", "shared/runs"])
    assert found == {"shared/sql": (9, 20), "shared/runs": (0, 0)}


def test_two_starts_at_once_do_not_take_the_same_port() -> None:
    claim = "import sys; from infra.local import ports; print(ports.claim(1), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", claim]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and first.stdout.readline() == "True\n"
        second = subprocess.run(command, input="", capture_output=True, text=True, check=True)
        assert second.stdout == "False\n"
    # Once the first has ended, whatever way, the port can be taken again.
    assert subprocess.run(command, input="", capture_output=True, text=True, check=True).stdout == "True\n"
