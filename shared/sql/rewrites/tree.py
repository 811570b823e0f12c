"""Changing a tree in place without losing its root or its types."""

from __future__ import annotations

from sqlglot import exp


def swap(root: exp.Expr, node: exp.Expr, new: exp.Expr) -> exp.Expr:
    """`new` stands where `node` stood; the root is returned, which is `new` where node was the root."""
    if new.type is None:
        new.type = node.type
    if node is root:
        return new
    node.replace(new)
    return root


def case(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    """CASE WHEN condition THEN value … ELSE default END."""
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=default)


def grouped(node: exp.Expr) -> exp.Expr:
    """In parentheses where it could be torn apart by an operator beside it."""
    atomic = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Subquery, exp.Null, exp.Boolean)
    return node if isinstance(node, atomic) and not isinstance(node, exp.Connector) else exp.Paren(this=node)


def is_null(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=grouped(node.copy()), expression=exp.null())


def number(value: int) -> exp.Expr:
    literal = exp.Literal.number(value)
    literal.type = exp.DataType.build("INT")
    return literal


def ordered_by(key: exp.Expr, query: exp.Expr | None) -> exp.Expr:
    """What a key of ORDER BY stands for, as an expression that may be built upon: 1 is the first column, a name may be a column's alias."""
    if not isinstance(query, exp.Select):
        return key
    if isinstance(key, exp.Literal) and key.is_int:
        at: exp.Expr = query.expressions[int(key.name) - 1]
        return at.unalias()
    if isinstance(key, exp.Column) and not key.table:
        return next((given.unalias() for given in query.expressions if given.alias_or_name == key.name), key)
    return key
