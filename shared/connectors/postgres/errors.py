"""PostgreSQL's failures in our words, by SQLSTATE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from shared.connectors.errors import (
    BadQuery,
    Deadlocked,
    Denied,
    NotFound,
    RejectedData,
    SerializationFailed,
    TimedOut,
    Unavailable,
)
from shared.connectors.postgres.spec import where_from
from shared.errors import PenstockError


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
        return TimedOut(f"{where}: {said}")
    if state[:2] in {"22", "23"}:
        table = error.diag.table_name
        return RejectedData(
            f"{where}{f', table {table}' if table else ''}: {said}{detail}; correct the rows, or reject them before the sink"
        )
    if not state and "resolve host" in said:
        return Unavailable(f"{where}: there is no such host ({said}); correct the host of this connector, or the name server")
    if not state or state[:2] in {"08", "53", "57", "58"}:
        return Unavailable(f"{where}: {said}")
    return BadQuery(f"{where}: {said}{detail}")
