"""text + anything: the anything as Java writes it, null as the word."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.tree import Node
from shared.pipelines.spel.types import Kind
from shared.pipelines.spel.values import Scope, Value, all_of, errors, is_null, refuse, text
from shared.pipelines.spel.wording import concat, written


def joined(scope: Scope, operands: Sequence[tuple[Node, Value]]) -> Value:
    """One of the first two is a text. Where it is null in a row, and the other no text there either, Spring has nothing to add to."""
    (_, left), (_, right), *rest = operands
    failed = errors(left.error, right.error, _nothing(scope, left, right), *(value.error for _, value in rest))
    return Value(concat(tuple(_part(scope, node, value) for node, value in operands)), types.TEXT, error=failed)


def _part(scope: Scope, node: Node, value: Value) -> exp.Expr:
    if value.kind is Kind.NULL:
        return text("null")
    made = written(value)
    if made is None:
        raise refuse(node, f"{scope.source(node)} is {value.type}, which has no text of its own here")
    return exp.Coalesce(this=made, expressions=[text("null")]) if value.nullable else made


def _nothing(scope: Scope, left: Value, right: Value) -> exp.Expr | None:
    maybe = [value for value in (left, right) if value.kind is Kind.TEXT]
    if any(not value.nullable for value in maybe):
        return None
    return scope.wrong(all_of(is_null(value.tree) for value in maybe), "there is no text to add to: it is null")
