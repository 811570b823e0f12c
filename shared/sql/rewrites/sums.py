"""SUM in a type that holds it, in databases where a sum has the type of what is summed and overflows there."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.typing import type_of

_WIDER = {"SMALLINT": "BIGINT", "INTEGER": "BIGINT", "BIGINT": "DECIMAL(38, 0)"}


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in tree.find_all(exp.Sum):
        holder = node.this if isinstance(node.this, exp.Distinct) else node
        argument = holder.expressions[0] if holder is not node else node.this
        if (wider := _WIDER.get(type_of(argument))) is not None:
            cast = exp.cast(argument.copy(), wider)
            argument.replace(cast)
    return tree


SUMS = Pass("sums", (exp.Sum, exp.Avg), _apply)
