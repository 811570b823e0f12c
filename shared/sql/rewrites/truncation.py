"""date_trunc of a date gives a timestamp without a zone, whatever the session's zone is, and in databases that would give a date."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.typing import type_of


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in tree.find_all(exp.TimestampTrunc):
        if type_of(node.this) == "DATE":
            node.set("this", exp.cast(node.this.copy(), "TIMESTAMP"))
    return tree


TRUNCATION = Pass("truncation", (exp.TimestampTrunc,), _apply)
