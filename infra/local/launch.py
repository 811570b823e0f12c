"""`python -m infra.local.launch SERVICE`: writes its own pid where the service's belongs, then becomes the service.

So pid files hold the real pids, without the service knowing of them. It also keeps a crashing service from spinning (at most one start a
second), holds services back until the store is migrated, and asks the kernel to end the service should the supervisor be killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from infra.local import postgres, redis, services
from infra.local.home import Home, write_private

_PR_SET_PDEATHSIG = 1
_LEAST_BETWEEN_STARTS_S = 1.0


def main() -> None:
    name = sys.argv[1]
    home = Home.from_environment()
    parent = os.getppid()
    pid_file = home.pid_file(name)
    _slow_down(pid_file)
    environment = dict(os.environ)
    stop = signal.SIGTERM
    if name == "postgres":
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for its clients.
        stop = signal.SIGINT
        command = postgres.command(home, int(environment["PENSTOCK_EMBEDDED_POSTGRES_PORT"]))
        environment = postgres.environment()
        if command[0].endswith("setpriv"):
            # A change of user clears the death signal, so setpriv sets it afterwards.
            command[1:1] = ["--pdeathsig", "INT"]
    elif name == "redis":
        command = redis.command(home)
    elif name == "supervisord":
        command = [sys.executable, "-m", "infra.local.supervised", "-c", str(home.supervisor_conf)]
    else:
        command = services.command(name)
        environment |= services.own_environment(name)
        while not home.migrated.exists():
            if os.getppid() != parent:
                # Nobody is left who would ever migrate it, or end us.
                sys.exit(1)
            time.sleep(0.02)
    if name != "supervisord":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, stop)
        if os.getppid() != parent:
            # The supervisor died before the request reached the kernel.
            sys.exit(1)
    write_private(pid_file, f"{os.getpid()}\n")
    os.chdir({"postgres": Path("/"), "redis": Path("/"), "supervisord": home.logs}.get(name, services.PROJECT))
    os.execve(command[0], command, environment)


def _slow_down(pid_file: Path) -> None:
    try:
        since_last_start = time.time() - pid_file.stat().st_mtime
    except FileNotFoundError:
        return
    if 0 <= since_last_start < _LEAST_BETWEEN_STARTS_S:
        time.sleep(_LEAST_BETWEEN_STARTS_S - since_last_start)


if __name__ == "__main__":
    main()
