"""A tree as text, in one dialect: a copy of it goes through the dialect's passes, and sqlglot writes down what comes out.

What sqlglot would rewrite by itself (NULL ordering, QUALIFY, FILTER, booleans) is written out before it sees the tree.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects import dialect as dialect_of
from shared.sql.dialects.dialect import Dialect


def sql(tree: exp.Expr, dialect: str, version: str | None = None, *, pretty: bool = False) -> str:
    """`tree` is typed, and stays as it is. `version` as the server tells it; the oldest supported where none is given."""
    target = dialect_of(dialect, version)
    return rewritten(tree, target).sql(dialect=target.writes, identify=False, pretty=pretty, copy=False)


def rewritten(tree: exp.Expr, target: Dialect) -> exp.Expr:
    """A copy of the tree, said with what the dialect has."""
    tree = tree.copy()
    kinds = {type(node) for node in tree.walk()} if target.passes else set()
    for one in target.passes:
        # A pass may bring in kinds of nodes that a later one is for; those it must name itself.
        if not one.of or any(issubclass(kind, one.of) for kind in kinds):
            tree = one.apply(tree, target)
    return tree
