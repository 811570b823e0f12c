"""text + anything: the anything as Java writes it, null as the word."""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.tree import Binary, Node
from shared.pipelines.spel.types import Kind
from shared.pipelines.spel.values import Scope, Value, all_of, errors, is_null, refuse, text
from shared.pipelines.spel.wording import concat, written


def joined(scope: Scope, node: Binary, left: Value, right: Value) -> Value:
    """One side is a text. Where that one is null in a row, and the other is no text there either, Spring has nothing to add and raises."""
    parts = (*_parts(scope, node.left, left), *_parts(scope, node.right, right))
    return Value(concat(parts), types.TEXT, error=errors(left.error, right.error, _nothing(scope, left, right)), parts=parts)


def _parts(scope: Scope, node: Node, value: Value) -> tuple[exp.Expr, ...]:
    if value.parts:
        return value.parts
    if value.kind is Kind.NULL:
        return (text("null"),)
    made = written(value)
    if made is None:
        raise refuse(node, f"{scope.source(node)} is {value.type}, which has no text of its own here")
    return (exp.Coalesce(this=made, expressions=[text("null")]) if value.nullable else made,)


def _nothing(scope: Scope, left: Value, right: Value) -> exp.Expr | None:
    maybe = [value for value in (left, right) if value.kind is Kind.TEXT]
    if any(not value.nullable for value in maybe):
        return None
    return scope.wrong(all_of(is_null(value.tree) for value in maybe), "there is no text to add to: it is null")
