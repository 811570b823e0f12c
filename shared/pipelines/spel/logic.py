"""and, or, !, the ternary and Elvis. A null where true or false is needed raises; what is not reached raises nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.constants import written_as_decimal
from shared.pipelines.spel.tree import Elvis, Logical, Node, Ternary, Unary
from shared.pipelines.spel.types import WHOLE, Kind, Type
from shared.pipelines.spel.values import (
    Scope,
    Value,
    all_of,
    any_of,
    call,
    cast,
    choose,
    errors,
    is_null,
    only_when,
    operand,
    refuse,
    text,
)


def logical(scope: Scope, node: Logical, operands: Sequence[Value]) -> Value:
    failed = [_truth_error(scope, part, value, node.operator) for part, value in zip(node.operands, operands, strict=True)]
    trees = [operand(value.tree) for value in operands]
    made = all_of(trees) if node.operator == "and" else any_of(trees)
    return Value(made, types.BOOLEAN, error=_in_order(node.operator, operands, failed))


def negation(scope: Scope, node: Unary, value: Value) -> Value:
    failed = _truth_error(scope, node.operand, value, "!")
    return Value(exp.Not(this=value.sql), types.BOOLEAN, error=failed)


def ternary(scope: Scope, node: Ternary, condition: Value, yes: Value, no: Value) -> Value:
    failed = _truth_error(scope, node.condition, condition, "?:")
    taken, other, kind = _unified(scope, node, yes, no)
    branch_error = None
    if yes.error is not None or no.error is not None:
        branch_error = choose((condition.sql, yes.error or exp.null()), default=no.error or exp.null())
    made = choose((condition.sql, taken), default=other)
    return Value(made, kind, nullable=yes.nullable or no.nullable, error=errors(failed, branch_error))


def elvis(scope: Scope, node: Elvis, value: Value, otherwise: Value) -> Value:
    """value ?: otherwise, where `value` is null or an empty text."""
    if value.kind is Kind.NULL:
        return Value(otherwise.tree, otherwise.type, otherwise.nullable, errors(value.error, otherwise.error))
    if not value.nullable and value.kind is not Kind.TEXT:
        return value
    taken, other, kind = _unified(scope, node, value, otherwise)
    missing = any_of([is_null(value.tree), exp.EQ(this=value.sql, expression=text(""))]) if value.kind is Kind.TEXT else is_null(value.tree)
    filled = call("NULLIF", taken, text("")) if value.kind is Kind.TEXT else taken
    made = exp.Coalesce(this=filled, expressions=[other])
    return Value(made, kind, otherwise.nullable, errors(value.error, only_when(missing, otherwise.error)))


def _truth_error(scope: Scope, node: Node, value: Value, user: str) -> exp.Expr | None:
    if value.kind not in (Kind.BOOLEAN, Kind.NULL):
        raise refuse(node, f"{user} needs true or false, and {scope.source(node)} is {value.type}")
    return errors(value.error, scope.when_null(value, node, user))


def _in_order(operator: str, operands: Sequence[Value], failed: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """The error of the first operand that has one, unless one before it already decided."""
    last = max((at for at, error in enumerate(failed) if error is not None), default=-1)
    if last < 0:
        return None
    branches: list[tuple[exp.Expr, exp.Expr]] = []
    for value, error in zip(operands[: last + 1], failed, strict=False):
        if error is not None:
            branches.append((exp.Not(this=exp.Paren(this=is_null(error))), error.copy()))
        decided = exp.Not(this=value.sql) if operator == "and" else value.sql
        branches.append((decided, exp.null()))
    # What the last one decides is of no interest.
    branches.pop()
    return choose(*branches)


def _unified(scope: Scope, node: Node, first: Value, second: Value) -> tuple[exp.Expr, exp.Expr, Type]:
    """Both as one type, since a column has one."""
    if first.type == second.type and first.items is None:
        return first.sql, second.sql, first.type
    if Kind.NULL in (first.kind, second.kind):
        known = second if first.kind is Kind.NULL else first
        if known.items is None:
            return first.sql, second.sql, known.type
    if first.kind in WHOLE and second.kind in WHOLE:
        kind = types.LONG if Kind.LONG in (first.kind, second.kind) else types.INTEGER
        return cast(first.sql, "BIGINT"), cast(second.sql, "BIGINT"), kind
    for one, other in ((first, second), (second, first)):
        if (made := _as(one, other.type)) is not None:
            return (made, other.sql, other.type) if one is first else (other.sql, made, other.type)
    if first.kind is Kind.DECIMAL and second.kind is Kind.DECIMAL:
        scale = max(first.type.scale, second.type.scale)
        kind = types.decimal(max(first.type.digits - first.type.scale, second.type.digits - second.type.scale) + scale, scale)
        return cast(first.sql, kind.sql), cast(second.sql, kind.sql), kind
    raise refuse(node, f"one side of {scope.source(node)} is {first.type}, the other {second.type}; make both the same type")


def _as(value: Value, wanted: Type) -> exp.Expr | None:
    """A number that loses nothing as `wanted`; None where it might."""
    if wanted.kind is Kind.DOUBLE and (value.kind in (Kind.INTEGER, Kind.FLOAT) or isinstance(value.constant, int)):
        return cast(value.sql, wanted.sql)
    if wanted.kind is Kind.DECIMAL:
        exact = written_as_decimal(value) or (value if value.kind in WHOLE else None)
        if exact is not None and (value.constant is None or exact.type.scale <= wanted.scale):
            return cast(exact.sql, wanted.sql)
    return None
