"""Processes by their pid files: is it ours and alive, and ending it for certain.

Reads /proc; touches no process that does not carry our state folder.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from infra.local.home import Home

# Not PENSTOCK_HOME: a person's shell may have that, and must not be taken for a service.
MARK = "PENSTOCK_SUPERVISED_FROM"


def alive(home: Home, service: str) -> int | None:
    """The pid of a running service of this state folder; None when there is none, or when the number now belongs to somebody else."""
    try:
        pid = int(home.pid_file(service).read_text())
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        # Redis and PostgreSQL write their title over both command line and environment; they work in their data folders.
        folder = Path(f"/proc/{pid}/cwd").readlink()
        # "pid (name) S …": a zombie has ended, only its parent has not looked yet.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return None
    ours = f"PENSTOCK_HOME={home.root}".encode() in environment.split(b"\0") or any(folder.is_relative_to(mark) for mark in _folders(home))
    return pid if ours and state != "Z" else None


def _folders(home: Home) -> list[Path]:
    # PostgreSQL's data is the one thing that may lie outside the state folder.
    elsewhere = home.read("postgres.json").get("folder")
    return [home.root, *([Path(elsewhere)] if elsewhere else [])]


def running(home: Home) -> dict[str, int]:
    found = {path.stem: alive(home, path.stem) for path in sorted(home.pids.glob("*.pid"))}
    return {service: pid for service, pid in found.items() if pid is not None}


def age_s(home: Home, service: str) -> float:
    """How long ago the service was last started; 0 where it never was."""
    try:
        return max(0.0, time.time() - home.pid_file(service).stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def marked(home: Home) -> list[int]:
    """Every process that the supervisor of this state folder started, and their children: they inherit the mark, but have no pid file."""
    mark = f"{MARK}={home.root}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            # It ended while we looked, or it belongs to somebody else.
            continue
    return found


def end(pids: list[int], number: signal.Signals, seconds: float) -> list[int]:
    """Signals them and waits; returns those that are still there."""
    for pid in pids:
        _signal(pid, number)
    deadline = time.monotonic() + seconds
    left = [pid for pid in pids if _exists(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if _exists(pid)]
    return left


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
