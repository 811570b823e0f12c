"""UPPER letter by letter: ß has no capital of one letter in PostgreSQL's mapping, where DuckDB knows ẞ."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, swap

_SHARP = "ß"


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(exp.Upper))):
        sharp = exp.Literal.string(_SHARP)
        parts = exp.Anonymous(this="string_split", expressions=[node.this.copy(), sharp.copy()])
        # A ẞ that was there stays, so it cannot be replaced afterwards.
        capitals = exp.Anonymous(this="list_transform", expressions=[parts, exp.Var(this="lambda part: upper(part)")])
        joined = exp.Anonymous(this="array_to_string", expressions=[capitals, sharp.copy()])
        there = exp.Anonymous(this="contains", expressions=[node.this.copy(), sharp])
        tree = swap(tree, node, case((there, joined), default=node.copy()))
    return tree


CAPITALS = Pass("capitals", (exp.Upper,), _apply)
