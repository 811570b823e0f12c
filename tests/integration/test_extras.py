"""Each service installs with its own extra alone, from a built package, and starts; what it must not load is not even there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.services import PROJECT

pytestmark = pytest.mark.slow

SETTINGS = {
    # Nothing listens there: a service must start while its stores are away.
    "PENSTOCK_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
    "PENSTOCK_REDIS_URL": "redis://127.0.0.1:9/0",
}
ABSENT = {"api": ["duckdb", "pyarrow"], "scheduler": ["duckdb", "pyarrow", "flask"], "worker": ["flask"], "quality": ["flask"]}
STARTS = {
    "api": ["-m", "gunicorn", "--check-config", "-c", "python:services.api.gunicorn_conf", "services.api.wsgi:app"],
    "worker": ["-m", "services.worker", "--check"],
    "quality": ["-m", "services.quality", "--check"],
}


@pytest.fixture(params=sorted(ABSENT))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def python(service: str, tmp_path: Path) -> Path:
    """The interpreter of a fresh environment with the one extra."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not beside this Python nor on PATH; `make test` brings it")
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }
    environment.pop("VIRTUAL_ENV", None)
    command = [uv, "sync", "--quiet", "--frozen", "--no-dev", "--no-editable", "--extra", service]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tmp_path / "venv" / "bin" / "python"


def test_a_service_starts_with_its_own_extra_alone(service: str, python: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "PENSTOCK_HOME": str(home), **SETTINGS}
    for module in ABSENT[service]:
        found = subprocess.run([python, "-c", f"import {module}"], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert b"ModuleNotFoundError" in found.stderr, f"{module} came along with the extra {service}"
    if service in STARTS:
        done = subprocess.run(
            [python, *STARTS[service]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        _starts_and_ends_when_told(python, environment, tmp_path)


def _starts_and_ends_when_told(python: Path, environment: dict[str, str], folder: Path) -> None:
    process = subprocess.Popen([python, "-m", "services.scheduler"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    # The second line is its first try to reach the store; from then on it listens for signals.
    first = process.stderr.readline() + process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert "starting" in first, first + rest
    assert process.returncode == 0, first + rest
