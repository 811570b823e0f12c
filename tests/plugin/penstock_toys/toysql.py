"""toysql: SQLite's SQL, but for upper(), which it calls LOUDER."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.dialects.sqlite import SQLITE
from shared.sql.rewrites.tree import swap


def _louder(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for upper in list(tree.find_all(exp.Upper)):
        tree = swap(tree, upper, exp.Anonymous(this="LOUDER", expressions=[upper.this]))
    return tree


TOYSQL = replace(SQLITE, name="toysql", title="ToySQL", passes=(*SQLITE.passes, Pass("louder", (exp.Upper,), _louder)))
