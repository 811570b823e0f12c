"""Statements that say which trace they belong to, as sqlcommenter has it: whoever looks into pg_stat_activity or the log of slow statements
finds the attempt.

The comment stands behind the statement, on a line of its own, so that neither a comment at its end nor a pooler that looks at its first
word is in the way; it is the same for all of a session, so that statements are prepared as ever, and pg_stat_statements does not see it.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.abc import Query


def traced(traceparent: str | None) -> type[psycopg.Cursor[Any]]:
    """A cursor whose statements carry it; the usual one where there is none."""
    if traceparent is None:
        return psycopg.Cursor
    comment = f"\n/*traceparent='{traceparent}'*/"

    class Traced(psycopg.Cursor[Any]):
        def execute(self, query: Query, *values: Any, **how: Any) -> Any:
            return super().execute(_with(query, comment), *values, **how)

        def executemany(self, query: Query, *values: Any, **how: Any) -> Any:
            return super().executemany(_with(query, comment), *values, **how)

        def copy(self, statement: Query, *values: Any, **how: Any) -> Any:
            return super().copy(_with(statement, comment), *values, **how)

    return Traced


def _with(query: Query, comment: str) -> Query:
    if isinstance(query, str):
        return cast(Query, query + comment)
    if isinstance(query, bytes):
        return query + comment.encode()
    if isinstance(query, sql.Composable):
        return sql.Composed([query, sql.SQL(cast(Any, comment))])
    return query
