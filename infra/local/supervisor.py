"""The supervisor's configuration: one program per process, started at once and again for ever; the launcher sets the pace."""

from __future__ import annotations

import shlex
import sys

from infra.local.home import Home, write_private

_STORES = ("postgres", "redis")


def configure(home: Home, names: tuple[str, ...]) -> None:
    """Stores and services are two groups, so that a shutdown ends the services first, all at once, and the stores after them.

    Files are named relative to the logs folder, in which the launcher starts supervisord: it reads percent signs in some paths twice
    over, so that no way of escaping them is right everywhere.
    """
    stores = [name for name in names if name in _STORES]
    services = [name for name in names if name not in _STORES]
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "logfile=supervisord.log",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        # Not /dev/null: supervisord unlinks its pid file when it ends, and as root that would take the device away.
        "pidfile=supervisord.lock",
        "silent=true",
    ]
    if stores:
        lines += ["[group:stores]", f"programs={','.join(stores)}", "priority=1"]
    lines += ["[group:services]", f"programs={','.join(services)}", "priority=2"]
    for name in names:
        lines += _program(home, name)
    write_private(home.supervisor_conf, "\n".join(lines) + "\n")


def _program(home: Home, name: str) -> list[str]:
    return [
        f"[program:{name}]",
        f"command={_escaped(shlex.join([sys.executable, '-m', 'infra.local.launch', name]))}",
        "autostart=true",
        "autorestart=true",
        # With 0 a process counts as started at once, so supervisord never gives up on it.
        "startsecs=0",
        f"stopsignal={'INT' if name == 'postgres' else 'TERM'}",
        f"stopwaitsecs={10 if name in _STORES else 5}",
        f"killasgroup={'false' if name == 'postgres' else 'true'}",
        "redirect_stderr=true",
        f"stdout_logfile={name}.log",
        "stdout_logfile_maxbytes=20MB",
        "stdout_logfile_backups=2",
    ]


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
