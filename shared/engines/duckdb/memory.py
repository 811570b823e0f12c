"""Keeps the process inside its limit where DuckDB cannot know: it counts its blocks, but not the texts and lists in the states of
aggregates (measured: max of a text over 8 million groups, 800 MB beside the 1.2 GB that it counted).

While work goes on, the resident size is looked at; where it nears the limit, DuckDB gets as much less and moves that to disk.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb

from shared.engines.resident import resident_bytes
from shared.engines.ticking import every

LOOK_EVERY_S = 0.1
# Of the limit: from here on DuckDB gets less.
NEAR = 0.85
# What it has at the least, of the limit: below, it would no longer get anywhere.
SHARE_UNDER_PRESSURE = 0.3

_MMAP_THRESHOLD = -3


@contextmanager
def kept_within(instance: duckdb.DuckDBPyConnection, limit_bytes: int, engine_bytes: int) -> Iterator[None]:
    """`limit_bytes`: of the process' resident size; `engine_bytes`: what DuckDB has to begin with, and again when the work is over."""
    _return_blocks()
    share = engine_bytes
    least = int(limit_bytes * SHARE_UNDER_PRESSURE)

    def look() -> None:
        nonlocal share
        excess = (resident_bytes(os.getpid()) or 0) - int(limit_bytes * NEAR)
        if excess > 0 and share > least:
            lower = max(least, share - excess)
            if _give(instance, lower):
                share = lower

    try:
        with every(LOOK_EVERY_S, look):
            yield
    finally:
        if share != engine_bytes:
            _give(instance, engine_bytes)


def _give(instance: duckdb.DuckDBPyConnection, share: int) -> bool:
    try:
        # Of its own, since the work's is busy.
        with instance.cursor() as connection:
            connection.execute(f"SET GLOBAL memory_limit = '{share // 1_000_000}MB'")
    except duckdb.OutOfMemoryException:
        # What it holds cannot be moved at this moment; the next look tries again.
        return False
    return True


@cache
def _return_blocks() -> None:
    """Once for a process: what is freed in blocks goes back to the system at once. glibc would begin to keep blocks of DuckDB's size
    (256 KB) for itself after the first were freed (mallopt(3), M_MMAP_THRESHOLD: "dynamic mmap threshold").
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 128 * 1024)
