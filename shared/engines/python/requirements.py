"""Packages that a function needs, installed once for each set of them, beside the platform's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from shared.engines.python.call import PASSED_ON
from shared.errors import DataError

# What the tables that go in and out are made of: never another version than ours.
_OURS = ("numpy", "pandas", "pyarrow", "dask", "distributed")
_INSTALL_S = 600
_OF_INSTALLERS = ("UV_", "PIP_", "XDG_CACHE_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


class NotInstalled(DataError):
    """A requirement that cannot be had."""

    code = "requirements"


def installed(requirements: tuple[str, ...], state: Path) -> Path | None:
    """The folder they are in, installed if need be; None where there are none. Raises NotInstalled."""
    if not requirements:
        return None
    ours = sorted(f"{one.name}=={one.version}" for one in distributions() if one.name.lower() in _OURS)
    key = hashlib.sha256("\n".join([sys.version, *ours, *sorted(requirements)]).encode()).hexdigest()[:24]
    folder = state / "python" / key
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f"{key}-", dir=folder.parent))
    try:
        (making / "constraints.txt").write_text("\n".join(ours))
        options = ["--target", str(making), "--constraint", str(making / "constraints.txt"), "--", *requirements]
        try:
            done = subprocess.run(
                [*_installer(), *options], env=_environment(), capture_output=True, text=True, timeout=_INSTALL_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NotInstalled(f"{', '.join(requirements)} could not be installed within {_INSTALL_S} s") from error
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["the installer said nothing"]
            raise NotInstalled(f"{', '.join(requirements)} cannot be installed: {last[0].strip()}")
        try:
            making.rename(folder)
        except OSError:
            # Another process was first, with the same.
            if not folder.exists():
                raise
        return folder
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _environment() -> dict[str, str]:
    """A package that is built runs code of its own: it gets what a function gets, and what says where packages are had."""
    return {key: value for key, value in os.environ.items() if key in PASSED_ON or key.upper().startswith(_OF_INSTALLERS)}


def _installer() -> list[str]:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv", path=os.environ.get("PATH"))
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    raise NotInstalled("this worker has neither uv nor pip; put uv beside its Python, or take requirements out")
