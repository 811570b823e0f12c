"""What makes a relation, in the words of a database, for projects of statements that it runs by itself."""

from __future__ import annotations

from sqlglot import exp

from shared.planning.exports.project import CannotExport
from shared.sql import render
from shared.sql.dialects import dialect as dialect_of

# From which release on a database can look whether a cast would fail, where not all that are supported can.
SINCE = {"postgres": "16"}


def said(node: str, select: exp.Select, spoken: str) -> str:
    """`select` is typed. Raises CannotExport where a cast that is to give NULL would be one that ends the run, and SqlProblem."""
    version = SINCE.get(spoken) if needs_newer(select, spoken) else None
    if render.unguarded(select, spoken, version):
        raise CannotExport(
            [
                f"node {node} casts values that may not fit, for which {dialect_of(spoken).title} has no cast that gives NULL;"
                " filter them out before, or export as python"
            ]
        )
    return render.sql(select, spoken, version, pretty=True)


def needs_newer(select: exp.Select, spoken: str) -> bool:
    """What is said in it is understood by releases of `SINCE` only."""
    return spoken in SINCE and select.find(exp.TryCast) is not None
