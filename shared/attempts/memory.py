"""Memory as the kernel counts it: of one process, and of the machine. Linux only; all sizes are bytes."""

from __future__ import annotations

import os
from pathlib import Path

from shared.engines.resident import PAGE_BYTES

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
DEFAULT_LIMIT = 2 * 2**30
_SHARE_OF_MACHINE = 0.6


def reset_peak(pid: int) -> None:
    """Begins the kernel's record of the highest resident size anew: a warm process reports each attempt's peak, not its life's."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        # Forbidden in some sandboxes: the peak is then of the process's life, which is still true of the process.
        return


def peak(pid: int) -> int | None:
    """The highest resident size since `reset_peak`; None when the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None


def machine() -> int:
    """What this process may have at all: the machine's memory, or its container's where that is less."""
    total = PAGE_BYTES * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUP_LIMITS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def default_limit(slots: int) -> int:
    """Per child, where no setting says otherwise."""
    return min(DEFAULT_LIMIT, int(machine() * _SHARE_OF_MACHINE / slots))


def threads(limit_bytes: int) -> int:
    """How many threads an engine may use within that limit: each wants about 512 MB of its own to sort and to join."""
    return max(1, min(len(os.sched_getaffinity(0)), limit_bytes // (512 * 10**6)))


def shown(size_bytes: int) -> str:
    """2147483648 -> '2 GiB', 512000000 -> '512 MB': the unit in which a person would have written it, else MB."""
    for unit, size in (("GiB", 2**30), ("GB", 10**9), ("MiB", 2**20)):
        if size_bytes >= size and size_bytes % size == 0:
            return f"{size_bytes // size} {unit}"
    return f"{size_bytes / 10**9:.1f} GB" if size_bytes >= 10**9 else f"{size_bytes / 10**6:.0f} MB"
