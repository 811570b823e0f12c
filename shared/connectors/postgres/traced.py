"""Statements that say which trace they belong to: whoever looks into pg_stat_activity or the log of slow statements finds the attempt.

The comment is the same for all of a session, so that statements are prepared as ever, and pg_stat_statements does not see it.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.abc import Query

from shared.connectors.comments import comment


def traced(traceparent: str | None) -> type[psycopg.Cursor[Any]]:
    """A cursor whose statements carry it; the usual one where there is none."""
    if traceparent is None:
        return psycopg.Cursor
    behind = comment(traceparent)

    class Traced(psycopg.Cursor[Any]):
        def execute(self, query: Query, *values: Any, **how: Any) -> Any:
            return super().execute(_with(query, behind), *values, **how)

        def executemany(self, query: Query, *values: Any, **how: Any) -> Any:
            return super().executemany(_with(query, behind), *values, **how)

        def copy(self, statement: Query, *values: Any, **how: Any) -> Any:
            return super().copy(_with(statement, behind), *values, **how)

    return Traced


def _with(query: Query, behind: str) -> Query:
    if isinstance(query, str):
        return cast(Query, query + behind)
    if isinstance(query, bytes):
        return query + behind.encode()
    if isinstance(query, sql.Composable):
        return sql.Composed([query, sql.SQL(cast(Any, behind))])
    return query
