"""A tree as text, in one dialect. NULL ordering is written out by those who build ORDER BY, never left to transpilation."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects import duckdb, frames

_ADAPT = {"duckdb": duckdb.adapt, "frames": frames.adapt}
# What sqlglot calls a dialect, where that is not the name we have for it.
_SPOKEN = {"frames": ""}


def sql(tree: exp.Expr, dialect: str) -> str:
    """Renders a copy; the tree stays as it is."""
    return _ADAPT[dialect](tree.copy()).sql(dialect=_SPOKEN.get(dialect, dialect), identify=False)
