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
