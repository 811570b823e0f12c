"""A session's own tables, in the words of its database: what they are called, and how one is made of a SELECT.

The vendors differ in the statement and in how the name begins; where making one commits (Snowflake, Teradata, SAP HANA and ASE), or may,
whoever makes it does so before the transaction that writes. The forms and the pages of the manuals are in `shared/sql/dialects`.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect
from shared.sql.errors import SqlProblem


def called(name: str, to: Dialect) -> str:
    """The name of a table of the session's own, as every statement says it."""
    return f"{to.features.temporary.prefix}{name}" if to.features.temporary is not None else name


def made(name: str, select: str, to: Dialect) -> str:
    """`name` as `called` gives it; `select` is text of the dialect. Raises SqlProblem where a session can keep no rows."""
    if to.features.temporary is None:
        raise SqlProblem(f"{to.title} has no tables of a session's own")
    return to.features.temporary.made.format(name=exp.to_identifier(name, quoted=True).sql(dialect=to.writes), select=select)
