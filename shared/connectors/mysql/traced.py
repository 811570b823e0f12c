"""Statements that say which trace they belong to. The server's digests leave comments out, and the driver prepares nothing."""

from __future__ import annotations

from typing import Any

from pymysql.cursors import Cursor

from shared.connectors.comments import comment


def traced(traceparent: str | None) -> Any:
    """A cursor whose statements carry it; the usual one where there is none."""
    if traceparent is None:
        return Cursor
    behind = comment(traceparent)

    class Traced(Cursor):  # type: ignore[misc]
        # Many rows are one statement, which comes here, too: as bytes.
        def execute(self, query: str | bytearray, args: Any = None) -> Any:
            return super().execute(query + behind if isinstance(query, str) else query + behind.encode(), args)

    return Traced
