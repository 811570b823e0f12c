"""The supervisor's configuration: one program per process, started at once and again for ever; the launcher sets the pace. And what its
log says of those that do not stay.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter

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


def endings(home: Home) -> Counter[str]:
    """How often each process has ended by itself, with an error, since the supervisor began; one that was killed does not count."""
    log = home.log_file("supervisord").read_text(errors="replace")
    return Counter(re.findall(r"exited: (\S+) \(exit status \d+; not expected\)", log.rpartition("supervisord started with pid")[2]))


def last_words(home: Home, name: str) -> str:
    """The last line of a process's log that is neither indented nor gunicorn's own: the error's, if it ended with one."""
    lines = home.log_file(name).read_text(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip() and line[0] not in " ["), "it said nothing")


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
