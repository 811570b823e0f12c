"""The column of a sink that is filled with the time of the write."""

from __future__ import annotations

from datetime import datetime

from sqlglot import exp

from shared.engines.program import Sink
from shared.sql.literals import literal
from shared.sql.render import sql


def stamped(sink: Sink, query: str, dialect: str, at: datetime | None) -> str:
    """`query`, in `dialect`, with the time of the write in its last column where the sink asks for it; None: as a plan shows it, before
    there is a time. It is one for an attempt, and whoever adopts what an attempt committed writes nothing, so that rows keep theirs.
    """
    name = sink.options.get("updatedAtColumn")
    if not name:
        return query
    time = exp.alias_(exp.CurrentTimestamp() if at is None else literal(at), name, quoted=True)
    return f"SELECT r.*, {sql(time, dialect)} FROM ({query}) AS r"  # noqa: S608 (the planner's SQL, and a rendered tree)
