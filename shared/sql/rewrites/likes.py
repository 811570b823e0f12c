"""LIKE with PostgreSQL's escape, the backslash; for SQLite, whose LIKE takes a for A, as GLOB."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap

_GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def _escape(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Like, exp.ILike)):
        pattern = node.expression
        plain = isinstance(pattern, exp.Literal) and "\\" not in pattern.name
        if not plain and not isinstance(node.parent, exp.Escape):
            tree = swap(tree, node, exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))
    return tree


def _glob(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Like)):
        pattern = node.expression
        if isinstance(pattern, exp.Literal) and not isinstance(node.parent, exp.Escape):
            made: exp.Expr = exp.Glob(this=node.this, expression=exp.Literal.string(as_glob(pattern.name)))
            # NOT LIKE is a LIKE with a sign; a GLOB has none.
            tree = swap(tree, node, exp.Paren(this=exp.Not(this=made)) if node.args.get("negate") else made)
    return tree


def as_glob(pattern: str) -> str:
    made, escaped = [], False
    for sign in pattern:
        if escaped:
            made.append(_GLOB[sign] if sign in "*?[" else sign)
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            made.append(_GLOB.get(sign, sign))
    return "".join(made)


ESCAPES = Pass("likes", (exp.Like, exp.ILike), _escape)
GLOBS = Pass("likes", (exp.Like,), _glob)
