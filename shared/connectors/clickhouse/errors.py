"""ClickHouse's failures in our words, by the code that its messages begin with.

Source of the codes: src/Common/ErrorCodes.cpp of ClickHouse, which never gives a number a second meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError, InterfaceError, OperationalError
from urllib3.exceptions import HTTPError

from shared.connectors.errors import BadQuery, Busy, Denied, NotFound, Overloaded, OverRate, Overtaxed, RejectedData, TimedOut, Unavailable
from shared.errors import PenstockError, UnavailableError


class Stopped(UnavailableError):
    code = "interrupted"


UNKNOWN_TABLE = 60
_LOGIN, _RIGHTS = {192, 193, 194, 516}, {164, 291, 497}
_THERE = {16, 36, 47, UNKNOWN_TABLE, 81, 10}
_REJECTED = {6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 190, 321, 349, 376, 407, 469, 636, 691}
# 159: longer than the server lets a statement take. 209: its own network. 473: a lock that was not to be had in time.
_SLOW, _LATE, _STOPPED = {159, 473}, {209}, 394
_MEMORY = 241
_TOO_MANY = {201, 202, 252}
_GONE = {3, 23, 24, 32, 74, 75, 76, 95, 101, 198, 210, 236, 242, 243, 279, 285, 319, 415, 425, 722, 999}
# Of what stands before the server, or of the server while it starts or stops.
_STATUS = re.compile(r"HTTP status (\d{3})")
_CODE = re.compile(r"[Cc]ode:? (\d+)")
_SENTENCE = re.compile(r"DB::Exception: (.+?)(?: \([A-Z_]+\))?(?: \(version [^)]*\))?\.?\s*$", re.DOTALL)


def number(error: BaseException) -> int:
    """The server's code; 0 where it said none."""
    found = _CODE.search(str(error))
    return int(found[1]) if found else 0


@contextmanager
def translated(where: str, asked_s: Callable[[], float | None] = lambda: None) -> Iterator[None]:
    """`asked_s`: how long the server has just asked to be left alone."""
    try:
        yield
    except (ClickHouseError, HTTPError, ConnectionError, TimeoutError) as error:
        translated_ = ours(error, where)
        translated_.retry_after_s = asked_s() if translated_.retryable else None
        raise translated_ from error


def ours(error: BaseException, where: str) -> PenstockError:
    code, told = number(error), _SENTENCE.search(str(error))
    said = " ".join((told[1] if told else str(error).splitlines()[0] if str(error) else type(error).__name__).split()).rstrip(". ")
    said = said if len(said) <= 400 else f"{said[:400]}…"
    if code in _LOGIN:
        return Denied(f"{where}: the login was refused; correct the user or the password of this connector")
    if code in _RIGHTS:
        return Denied(f"{where}: {said}; grant that right to the connector's user")
    if code in _THERE:
        return NotFound(f"{where}: {said}; correct the name, or make it")
    if code in _REJECTED:
        return RejectedData(f"{where}: {said}; correct the rows, or reject them before the sink")
    if not code and (status := _STATUS.search(str(error))) is not None:
        answered = int(status[1])
        if answered in {401, 403}:
            return Denied(f"{where}: the login was refused; correct the user or the password of this connector")
        if answered == 429:
            return OverRate(f"{where}: {said}")
        if answered >= 500:
            return Overloaded(f"{where}: {said}") if answered == 503 else Unavailable(f"{where}: {said}")
    if code in _SLOW:
        return Busy(f"{where}: {said}")
    if code == _MEMORY:
        return Overtaxed(f"{where}: {said}")
    if code in _LATE:
        return TimedOut(f"{where}: {said}")
    if code == _STOPPED:
        return Stopped("stopped on request")
    if code in _TOO_MANY:
        return OverRate(f"{where}: {said}")
    if code in _GONE or (not code and isinstance(error, OperationalError | InterfaceError | HTTPError | ConnectionError | TimeoutError)):
        return Unavailable(f"{where}: {said if code else f'it does not answer ({said})'}")
    return BadQuery(f"{where}: {said}")
