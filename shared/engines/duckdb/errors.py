"""DuckDB's failures in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from shared.connectors.errors import BadQuery, Busy, Deadlocked, Denied, NotFound, SerializationFailed, Unavailable
from shared.errors import DataError, PenstockError, ScratchLimit, UnavailableError, disk_full
from shared.formats.errors import UnreadableFile

# As the system says it of ENOSPC, in every locale that a service runs in.
NO_ROOM = "No space left on device"


class OutOfMemory(DataError):
    code = "out_of_memory"


class RowsDoNotFit(DataError):
    """A value that an operation cannot take: an overflow, a conversion that no guard covers."""

    code = "rows"


class Interrupted(UnavailableError):
    code = "interrupted"


class MachineFailed(Unavailable):
    """This machine's own files: a full disk, a folder that went away. No connector's far side."""

    breaks = False


class FarSideFailed(Unavailable):
    """A database that the engine reads by itself."""


class StoreFailed(Unavailable):
    """A bucket that the engine reads by itself."""


@contextmanager
def translated(memory_bytes: int, node: str | None = None) -> Iterator[None]:
    """Raises our errors for DuckDB's; `memory_bytes` is the limit to name when it was too small, `node` whom an error is charged to."""
    try:
        yield
    except PenstockError as error:
        error.node = error.node or node
        raise
    except duckdb.OutOfMemoryException as error:
        if "max_temp_directory_size" in str(error):
            raise ScratchLimit(
                f"the rows that must be put aside do not fit on the scratch disk; give PENSTOCK_SCRATCH a larger one ({_first(error)})",
                node=node,
            ) from error
        limit = f"{memory_bytes / 1e6:.0f} MB"
        raise OutOfMemory(
            f"the work does not fit into the worker's {limit}; raise PENSTOCK_WORKER_MEMORY ({_first(error)})", node=node
        ) from error
    except duckdb.InterruptException as error:
        raise Interrupted("stopped on request", node=node) from error
    except duckdb.Error as error:
        if NO_ROOM in str(error) and not _from_a_database(error):
            raise disk_full(_first(error), node=node) from error
        if not _from_a_database(error):
            raise _local(error, node) from error
        raise _remote(error, node) from error


# What DuckDB's extension prints when it passes on what libpq or the server said.
_REMOTE = (
    "postgres",
    "libpq",
    "server closed the connection",
    "terminating connection",
    "connection to server",
    "could not receive data",
    "fatal:",
    "ssl syscall",
    # The server's own word for how grave it is, as libpq prints it.
    "error:  ",
)


def _from_a_database(error: duckdb.Error) -> bool:
    low = str(error).lower()
    return any(sign in low for sign in _REMOTE)


def _local(error: duckdb.Error, node: str | None) -> PenstockError:
    if "state machine reached an invalid state" in str(error):
        # Kinds that differ early are made alike before the read (shared/formats/line_ends.py).
        ends = "some lines end with \\n, others with \\r\\n or \\r"
        return UnreadableFile(f"{ends}; write the file with one of them", node=node)
    if isinstance(error, _DATA_ERRORS):
        return RowsDoNotFit(_first(error), node=node)
    if isinstance(error, duckdb.HTTPException):
        return _from_a_store(error, node)
    if isinstance(error, duckdb.IOException):
        return MachineFailed(_first(error), node=node)
    return PenstockError(_first(error), node=node)


def _from_a_store(error: duckdb.HTTPException, node: str | None) -> PenstockError:
    """What httpfs says of a bucket. Its lines may go on with the request, of which only the first says nothing that is secret."""
    said = _first(error)
    if "403" in said or "401" in said:
        return Denied(f"{said}; correct the credentials, or their rights", node=node)
    if "404" in said:
        return NotFound(f"{said}; it was there when the stage began, or its path is wrong", node=node)
    return StoreFailed(said, node=node)


_DATA_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.ConstraintException, duckdb.InvalidInputException)


def _remote(error: Exception, node: str | None) -> PenstockError:
    """DuckDB wraps what PostgreSQL said into text; what kind of failure it was has to be read from there."""
    text = str(error)
    low = text.lower()
    if "password authentication failed" in low or "permission denied" in low:
        return Denied(f"{_said(text)}; correct the connector's user, password or rights", node=node)
    if "does not exist" in low:
        return NotFound(f"{_said(text)}; correct the name, or make it", node=node)
    if any(word in low for word in ("syntax error", "column reference", "operator does not exist", "must appear in the group by")):
        return BadQuery(_said(text), node=node)
    if "deadlock detected" in low:
        return Deadlocked(_said(text), node=node)
    if "could not serialize access" in low or "conflict with recovery" in low:
        return SerializationFailed(_said(text), node=node)
    if "canceling statement due to" in low:
        return Busy(_said(text), node=node)
    if "error:  " in low and not any(word in low for word in _OF_THE_SERVER):
        # It is there and has answered: asked again, it would say the same.
        return BadQuery(_said(text), node=node)
    return FarSideFailed(_said(text), node=node)


# PostgreSQL's errors of classes 53, 57 and 58 (its manual, appendix A): what it lacks for now, not what it was asked.
_OF_THE_SERVER = (
    "out of memory",
    "out of shared memory",
    "no space left",
    "could not extend file",
    "could not open file",
    "could not read",
    "could not write",
    "could not access",
    "too many",
    "terminating",
    "server closed the connection",
)


def _said(text: str) -> str:
    """PostgreSQL's own sentence, without the connection string that DuckDB prints around it."""
    for mark in ("FATAL:", "ERROR:"):
        if mark in text:
            return text.split(mark, 1)[1].strip().splitlines()[0]
    first = text.strip().splitlines()[0]
    return first if "password" not in first.lower() and "dbname=" not in first else "the database did not answer"


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
