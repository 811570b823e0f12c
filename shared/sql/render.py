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


def unguarded(tree: exp.Expr, dialect: str, version: str | None = None) -> bool:
    """Whether a cast of a typed tree that is to give NULL would be written as one that raises."""
    if tree.find(exp.TryCast) is None:
        return False
    target = dialect_of(dialect, version)

    def raises(cast: exp.TryCast) -> bool:
        # Some have it for texts only; of others sqlglot writes a plain cast without a word.
        plain = exp.Cast(this=cast.this.copy(), to=cast.args["to"].copy())
        return cast.sql(target.writes) == plain.sql(target.writes)

    return any(raises(cast) for cast in rewritten(tree, target).find_all(exp.TryCast))


def rewritten(tree: exp.Expr, target: Dialect) -> exp.Expr:
    """A copy of the tree, said with what the dialect has."""
    tree = tree.copy()
    kinds = {type(node) for node in tree.walk()} if target.passes else set()
    for one in target.passes:
        # A pass may bring in kinds of nodes that a later one is for; those it must name itself.
        if not one.of or any(issubclass(kind, one.of) for kind in kinds):
            tree = one.apply(tree, target)
    return tree
