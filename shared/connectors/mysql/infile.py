"""LOAD DATA LOCAL INFILE from memory: rows as lines, sent where a server asks for a file. No file is ever opened, whatever it asks for.

LOCAL turns the server's errors into warnings and leaves out rows whose key is taken, so whoever loads counts both (`load`).
"""

from __future__ import annotations

from typing import Any

from pymysql.connections import Connection, MySQLResult

# Of a packet; the least that a server takes is 1 MB.
_PACKET_BYTES = 256 * 1024


class LoadingConnection(Connection):  # type: ignore[misc]
    """`rows`: what the next statement is given when it asks for a file."""

    rows: bytes | None = None

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = _Result(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)


class _Result(MySQLResult):  # type: ignore[misc]
    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection = self.connection
        rows = memoryview(connection.rows or b"")
        for at in range(0, len(rows), _PACKET_BYTES):
            connection.write_packet(bytes(rows[at : at + _PACKET_BYTES]))
        # An empty packet is the end, and all that a server gets that asks for a file out of turn.
        connection.write_packet(b"")
        self._read_ok_packet(connection._read_packet())


def allowed(connection: Any) -> bool:
    """Whether this server lets a client send it rows so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.local_infile")
        return bool(cursor.fetchone()[0])


def load(connection: LoadingConnection, statement: str, rows: bytes) -> tuple[int, str | None]:
    """(rows that the server took, its first warning)."""
    connection.rows = rows
    with connection.cursor() as cursor:
        try:
            taken = cursor.execute(statement)
        finally:
            connection.rows = None
        cursor.execute("SHOW WARNINGS LIMIT 1")
        warned = cursor.fetchone()
    return int(taken), str(warned[2]) if warned else None
