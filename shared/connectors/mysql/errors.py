"""MySQL's and MariaDB's failures in our words, by error number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql

from shared.connectors.errors import (
    BadQuery,
    Busy,
    Deadlocked,
    Denied,
    NotFound,
    OverRate,
    RejectedData,
    SerializationFailed,
    Unavailable,
)
from shared.errors import PenstockError, UnavailableError


class Stopped(UnavailableError):
    code = "interrupted"


_LOGIN, _RIGHTS = {1044, 1045, 1698}, {1142, 1143, 1227, 1370, 1419}
_THERE = {1049, 1146, 1054, 1051}
_REJECTED = {1048, 1062, 1169, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1451, 1452, 1526, 1690, 3140, 3819, 4025}
# A lock that took too long, and a statement that took longer than the server lets one take.
_BUSY = {1205, 3024, 1969}
# More of something in an hour than the user may have.
_TOO_OFTEN = 1226
# 1206: no room for more locks. 1020: a row of the snapshot was changed meanwhile (MariaDB); 1412: so was the table.
_DEADLOCK, _SERIALIZATION = {1213, 1206}, {1020, 1412}
# Disks that are full, and a server that only reads, as one does that has just been replaced.
_FULL, _READS = {1021, 1114}, {1290, 1836}
_GONE = {1040, 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1203, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2055}


@contextmanager
def translated(where: str) -> Iterator[None]:
    try:
        yield
    except pymysql.MySQLError as error:
        raise _ours(error, where) from error


def _ours(error: pymysql.MySQLError, where: str) -> PenstockError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    if number in _LOGIN:
        return Denied(f"{where}: the login was refused; correct the user or the password of this connector")
    if number in _RIGHTS:
        return Denied(f"{where}: {said}; grant that right to the connector's user")
    if number in _THERE:
        return NotFound(f"{where}: {said}; correct the name, or make it")
    if number in _DEADLOCK:
        return Deadlocked(f"{where}: {said}")
    if number in _SERIALIZATION:
        return SerializationFailed(f"{where}: {said}")
    if number == _TOO_OFTEN:
        return OverRate(f"{where}: {said}")
    if number in _BUSY:
        return Busy(f"{where}: {said}")
    if number == 1317:
        return Stopped("stopped on request")
    if number in _REJECTED:
        return RejectedData(f"{where}: {said}; correct the rows, or reject them before the sink")
    if number in _GONE | _FULL | _READS or isinstance(error, pymysql.InterfaceError):
        return Unavailable(f"{where}: {said if number else 'the connection broke'}")
    return BadQuery(f"{where}: {said}")
