"""PostgreSQL's failures in our words, by SQLSTATE (PostgreSQL's manual, appendix A)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from shared.connectors.errors import (
    BadQuery,
    Busy,
    Deadlocked,
    Denied,
    NotFound,
    Overtaxed,
    RejectedData,
    SerializationFailed,
    TimedOut,
    Unavailable,
)
from shared.connectors.postgres.spec import where_from
from shared.errors import PenstockError

# Classes: of values, of constraints, of a key twice in one statement, of a view's check option.
_REJECTED = {"22", "23", "21", "44"}
# Classes: of the connection, of what ran out, of an operator's doing, of the machine.
_GONE = {"08", "53", "57", "58"}
# A server that became a standby; sessions that were ended for doing nothing; nobody knows whether the commit was done.
_GONE_STATES = {"25006", "25P03", "40003"}


@contextmanager
def translated(config: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error, where_from(config)) from error


def _ours(error: psycopg.Error, where: str) -> PenstockError:
    state = error.sqlstate or ""
    said = (error.diag.message_primary or str(error).strip().splitlines()[0]) if str(error).strip() else type(error).__name__
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
    if state in {"28P01", "28000"} or (not state and "password authentication failed" in said):
        return Denied(f"{where}: the login was refused; correct the user or the password of this connector")
    if state == "42501":
        return Denied(f"{where}: {said}; grant that right to the connector's user")
    if state in {"3D000", "42P01", "42703", "3F000"} or (not state and "does not exist" in said):
        return NotFound(f"{where}: {said}; correct the name, or make it")
    if state == "40P01":
        return Deadlocked(f"{where}: {said}")
    if state == "40001":
        return SerializationFailed(f"{where}: {said}")
    if state in {"57014", "55P03"}:
        return Busy(f"{where}: {said}")
    # P0001: a trigger or a function of the destination's own refuses a row.
    if state[:2] in _REJECTED or state in {"40002", "P0001"}:
        table = error.diag.table_name
        return RejectedData(
            f"{where}{f', table {table}' if table else ''}: {said}{detail}; correct the rows, or reject them before the sink"
        )
    if not state and "resolve host" in said:
        return Unavailable(f"{where}: there is no such host ({said}); correct the host of this connector, or the name server")
    if state == "53200":
        return Overtaxed(f"{where}: {said}{detail}")
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return TimedOut(f"{where}: it did not answer in time ({said})")
    if not state or state[:2] in _GONE or state in _GONE_STATES:
        return Unavailable(f"{where}: {said}")
    return BadQuery(f"{where}: {said}{detail}")
