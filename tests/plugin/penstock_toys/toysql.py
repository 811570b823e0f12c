"""toysql: SQLite's SQL, but for capitals, of which it takes all from the first on."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.dialects.sqlite import SQLITE
from shared.sql.rewrites.tree import swap


def _from_the_first(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for upper in list(tree.find_all(exp.Upper)):
        tree = swap(tree, upper, exp.Anonymous(this="SUBSTR", expressions=[upper.copy(), exp.Literal.number(1)]))
    return tree


TOYSQL = replace(SQLITE, name="toysql", title="ToySQL", passes=(*SQLITE.passes, Pass("from_the_first", (exp.Upper,), _from_the_first)))
