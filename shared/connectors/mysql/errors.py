"""MySQL's and MariaDB's failures in our words, by error number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql

from shared.connectors.errors import BadQuery, Deadlocked, Denied, NotFound, RejectedData, TimedOut, Unavailable
from shared.errors import PenstockError, UnavailableError


class Stopped(UnavailableError):
    code = "interrupted"


_LOGIN, _RIGHTS = {1044, 1045, 1698}, {1142, 1143, 1227, 1370, 1419}
_THERE = {1049, 1146, 1054, 1051}
_REJECTED = {1048, 1062, 1169, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1451, 1452, 1526, 1690, 3140, 3819, 4025}
_GONE = {1040, 1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2055}


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
    if number == 1213:
        return Deadlocked(f"{where}: {said}")
    if number in {1205, 3024, 1969}:
        return TimedOut(f"{where}: {said}")
    if number == 1317:
        return Stopped("stopped on request")
    if number in _REJECTED:
        return RejectedData(f"{where}: {said}; correct the rows, or reject them before the sink")
    if number in _GONE or isinstance(error, pymysql.InterfaceError):
        return Unavailable(f"{where}: {said if number else 'the connection broke'}")
    return BadQuery(f"{where}: {said}")
