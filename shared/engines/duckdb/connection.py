"""One DuckDB instance per child process, kept warm; one connection of it per job, whose temporary objects end with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path

import duckdb
from sqlglot import exp

from shared.datasets.buckets import Bucket
from shared.datasets.staging import in_bucket
from shared.engines.duckdb.memory import kept_within
from shared.engines.work import Limits
from shared.formats.extensions import load_extension as load_extension
from shared.formats.extensions import reaching

# Of the process' resident size; the rest is Python, buffers on their way and what the allocator keeps.
ENGINE_SHARE = 0.6
# That rest does not shrink with the limit, and grows a little with the rows. Measured beside what DuckDB may count, one thread, CSV:
# 215 MB at 21 million rows, 263 MB at 71 million.
REST_BYTES = 310_000_000
LEAST_SHARE = 0.4


@contextmanager
def connected(limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    instance = _instance(limits.memory_bytes, limits.scratch)
    # Cheap where it is so already; a change costs 0.5 ms.
    instance.execute(f"SET threads = {limits.threads}")
    connection = instance.cursor()
    try:
        with kept_within(instance, limits.memory_bytes, engine_bytes(limits.memory_bytes)):
            yield connection
    finally:
        connection.close()


@lru_cache(maxsize=1)
def _instance(memory_bytes: int, scratch: str) -> duckdb.DuckDBPyConnection:
    instance = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{engine_bytes(memory_bytes) // 1_000_000}MB",
            "temp_directory": str(Path(scratch) / "duckdb"),
            # A sorted relation that is used twice is a table in between, and must come out of it sorted. Measured: no slower, 5 MB more.
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allocator_background_threads": True,
            "allocator_flush_threshold": "64MB",
            # It would remember each file that was read, some 15 kB, for ever; those of this machine are no slower without (`reaching`).
            "enable_external_file_cache": False,
        },
    )
    instance.execute("SET GLOBAL TimeZone = 'UTC'")
    return instance


def engine_bytes(limit_bytes: int) -> int:
    """How much DuckDB may count as its own in a process of that resident size."""
    return int(max(limit_bytes * LEAST_SHARE, min(limit_bytes * ENGINE_SHARE, limit_bytes - REST_BYTES)))


def reaching_staging(connection: duckdb.DuckDBPyConnection, staging: str) -> AbstractContextManager[None]:
    """While inside, the connection's instance opens and writes staged files by their URIs."""
    return reaching(connection, Bucket(staging)) if in_bucket(staging) else nullcontext()


def text(value: str) -> str:
    """A string literal."""
    return exp.Literal.string(value).sql("duckdb")


@lru_cache(maxsize=10_000)
def name(value: str) -> str:
    """A quoted identifier."""
    return exp.to_identifier(value, quoted=True).sql("duckdb")
